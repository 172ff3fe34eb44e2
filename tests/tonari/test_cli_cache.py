"""`tonari cache`: what steps left is listed and pruned, and nothing published is touched."""

import json

import pytest


@pytest.fixture
def town(tmp_path, run_tonari):
    """Build one small table."""
    (tmp_path / "p.csv").write_text("名称,料金\n大人,200\n小児,100\n", encoding="utf-8")
    (tmp_path / "layers.yaml").write_text(
        """
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities: {k: {code: "401005", name: {ja: 北九州市}}}
layers:
  prices:
    title: {ja: 料金表}
    geometry: none
    sources: [{municipality: k, path: p.csv, encoding: utf-8, fields: {名称: name, 料金: price}}]
    privacy: {publish: [name, price]}
""",
        encoding="utf-8",
    )
    done = run_tonari("build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def listed(town, run_tonari):
    done = run_tonari("cache", "list", "--json", cwd=town)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["entries"]


def test_what_steps_left_is_listed_with_its_size(town, run_tonari):
    names = {entry["name"] for entry in listed(town, run_tonari)}
    assert {"layers.prices: read", "layers.prices: protect", "layers.prices: write csv"} <= names
    assert all(entry["bytes"] > 0 for entry in listed(town, run_tonari))


def test_pruning_keeps_what_fits_and_everything_published(town, run_tonari):
    before = sum(entry["bytes"] for entry in listed(town, run_tonari))
    csv = town / "data/releases/current/layers/prices/prices.csv"
    published = csv.read_bytes()
    done = run_tonari("cache", "prune", "--keep", str(before // 2), "--json", cwd=town)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deleted"]
    assert 0 < sum(entry["bytes"] for entry in listed(town, run_tonari)) <= before // 2
    assert csv.read_bytes() == published
    again = run_tonari("build", "--json", cwd=town)
    assert json.loads(again.stdout)["published"] is False


def test_a_size_that_is_none_is_wrong_use(town, run_tonari):
    done = run_tonari("cache", "prune", "--keep", "much", cwd=town)
    assert done.returncode == 2
    assert "write it like" in done.stderr
