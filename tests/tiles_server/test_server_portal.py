"""The portal finds what a release holds, and says what changed between those that are kept."""

from __future__ import annotations

import json

import httpx
import pytest
from release_maker import make_release, switch
from serving import serving

from tiles_server.portal import MOST_ROWS, Asked, find, lately
from tiles_server.releases import Release, Releases

FIRST, SECOND, THIRD = (f"20261123T16000{n}Z-0000000{n}" for n in range(3))


def describe(folder, **layers):
    """Add to what the manifest of a release says of its layers."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    for name, said in layers.items():
        manifest["layers"][name] |= said
    path.write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Keep three releases: the second is the first made again, the third moved one layer."""
    data = tmp_path_factory.mktemp("data")
    releases = data / "releases"
    make_release(releases, FIRST)
    make_release(releases, SECOND)
    make_release(releases, THIRD, shift=0.01)
    town = {"municipality": "kitakyushu", "codes": ["401005"]}
    describe(
        releases / THIRD,
        evacuation_sites={
            "theme": "safety",
            "keywords": ["ひなんばしょ"],
            "dated": "2026-10",
            "sources": [town],
        },
    )
    switch(releases, THIRD)
    return data


@pytest.fixture(scope="module")
def release(folder):
    return Release.open(folder / "releases" / THIRD)


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("避難場所", ["evacuation_sites"]),
        ("ヒナンバショ", ["evacuation_sites"]),  # its reading, in the other kana
        ("ＥＶＡＣＵＡＴＩＯＮ sites", ["evacuation_sites"]),
        ("収容人数", ["evacuation_sites"]),  # a field
        ("0.5〜3m", ["flood"]),  # a class of the legend
        ("nothing of the kind", []),
    ],
)
def test_layers_are_found_by_title_reading_field_and_class(release, text, layers):
    assert list(find(release, Asked(text)).layers) == layers


def test_a_field_that_was_found_is_named_and_maps_and_feeds_are_found_too(release):
    found = find(release, Asked("収容"))
    assert [column.name for column in found.fields["evacuation_sites"]] == ["capacity"]
    assert list(find(release, Asked("関門")).maps) == ["kanmon_safety"]
    assert list(find(release, Asked("若戸渡船")).feeds) == ["wakato_ferry"]


def test_words_are_found_in_rows_and_a_layer_too_large_is_named(release, monkeypatch):
    name = json.loads(release.indexes["evacuation_sites"].texts([0])[0])["properties"]["name"]
    assert find(release, Asked(name)).rows["evacuation_sites"] >= 1
    assert release.indexes["evacuation_sites"].rows < MOST_ROWS
    monkeypatch.setattr("tiles_server.portal.MOST_ROWS", 10)
    found = find(release, Asked(name))
    assert "evacuation_sites" not in found.rows
    assert "evacuation_sites" in found.unread


def test_theme_and_municipality_narrow_what_is_shown(release):
    assert list(find(release, Asked(theme="safety")).layers) == ["evacuation_sites"]
    assert find(release, Asked(theme="safety")).maps == {}
    # What names no municipality, as what is made from others, is there for each of them.
    assert "evacuation_sites" not in find(release, Asked(town="shimonoseki")).layers
    assert "flood" in find(release, Asked(town="shimonoseki")).layers
    assert find(release, Asked()).total == 3 + 1 + 1


def test_what_changed_is_told_by_files_not_by_builds(folder):
    releases = Releases(folder / "releases")
    told = lately(releases, releases.current())
    changes = {(one.what, one.name) for _, all_ in told for one in all_ if one.section == "layers"}
    assert changes == {
        ("changed", "evacuation_sites")
    }  # the second release was made again and is the same


def test_the_page_tells_the_date_of_the_data_apart_from_its_publication(folder):
    with serving(folder) as server:
        page = httpx.get(f"{server.address}/?f=html&lang=ja&q=ひなん", timeout=60).text
        assert "2026年10月</time>" in page
        assert "2026年11月20日</time>" in page
        assert "洪水浸水想定区域</a></h3>" not in page
        whole = httpx.get(f"{server.address}/?f=html&lang=en", timeout=60).text
        assert "What changed lately" in whole
        assert "not stated" in whole
        catalogue = httpx.get(f"{server.address}/catalog", timeout=60).json()["layers"]
        assert catalogue["evacuation_sites"]["data_date"] == "2026-10"
        assert catalogue["evacuation_sites"]["theme"] == "safety"
        assert httpx.get(f"{server.address}/?f=html&nothing=1", timeout=60).status_code == 400
