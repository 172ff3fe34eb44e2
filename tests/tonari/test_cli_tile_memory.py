"""``tonari tile --memory`` and ``tonari build --memory``: bounded, to the same bytes."""

import json
import resource
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely

BOUND = "256M"
FEATURES = 250_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A quarter of a million blocks, more than 256 MB hold."""
    rng = np.random.default_rng(7)
    x, y = rng.random((2, FEATURES)) * [[0.8], [0.4]] + [[130.4], [33.6]]
    size = rng.uniform(5e-5, 2e-4, FEATURES)
    blocks = gpd.GeoDataFrame(
        {"use": rng.choice(["住宅", "商業", "工業"], FEATURES), "area": np.round(size * 1e6, 1)},
        geometry=shapely.box(x, y, x + size, y + size),
        crs=4326,
    )
    path = tmp_path_factory.mktemp("crowd") / "blocks.parquet"
    blocks.to_parquet(path)
    return path


def command(path, out, *more):
    words = [sys.executable, "-m", "tonari", "tile", str(path), "-o", str(out), "--name", "a"]
    return [*words, "--maxzoom", "13", *more]


@pytest.mark.slow
def test_the_process_stays_within_what_it_may_hold(crowd, tmp_path):
    one, two = tmp_path / "one.pmtiles", tmp_path / "two.pmtiles"
    subprocess.run(command(crowd, one), check=True, capture_output=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)"
    )
    words = command(crowd, two, "--memory", BOUND, "--json")
    told = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=True)
    peak, status = (int(word) for word in told.stdout.split())
    assert status == 0
    assert peak < 256 * 1024 < before
    assert one.read_bytes() == two.read_bytes()


PAUSED = """\
import os, signal, sys
from pipeline.tiling.partition import run

finish = run.run_task

def finish_and_be_stopped(store, task, path, *more):
    finish(store, task, path, *more)
    os.kill(os.getpid(), signal.SIGINT)

run.run_task = finish_and_be_stopped
from tonari.cli import main
sys.argv[0] = "tonari"
main()
"""
"""The command, which is sent Ctrl-C when the first part of the tiles lies in the work folder."""


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(crowd, tmp_path):
    out = tmp_path / "blocks.pmtiles"
    words = command(crowd, out, "--memory", BOUND, "--work", str(tmp_path / "work"))
    folder = tmp_path / "work" / "blocks.pmtiles.work"
    stopped = subprocess.run(
        [sys.executable, "-c", PAUSED, *words[3:]], capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 130, stopped.stderr
    assert not out.exists()
    assert "the same command goes on from here" in stopped.stderr
    assert list(folder.glob("shards/shard-?????"))
    again = subprocess.run([*words, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["layers"][0]["features"] == FEATURES
    assert out.exists()
    assert not folder.exists()


@pytest.mark.parametrize(("size", "says"), [("much", "no size"), ("20M", "too small")])
def test_a_bound_that_is_none_is_wrong_use(run_tonari, tmp_path, size, says):
    done = run_tonari("tile", "a.parquet", "-o", "a.pmtiles", "--memory", size)
    assert done.returncode == 2
    assert says in done.stderr


DECLARATION = """\
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities: {kitakyushu: {code: "401005", name: {ja: 北九州市}, crs: EPSG:6668}}
layers:
  crowd:
    title: {ja: 人波}
    sources:
      - {municipality: kitakyushu, path: crowd.csv, encoding: utf-8,
         geometry: {x: x, y: y, crs: EPSG:6668}, fields: {name: name}}
    privacy: {publish: [name]}
    outputs: [pmtiles]
    tiles: {minzoom: 10, maxzoom: 12}
"""


@pytest.mark.slow
def test_a_build_passes_the_bound_on_to_its_tilesets(run_tonari, tmp_path):
    rng = np.random.default_rng(3)
    places = rng.random((150_000, 2)) * [0.2, 0.2] + [130.7, 33.8]
    rows = [f"場所{n % 900},{x:.6f},{y:.6f}" for n, (x, y) in enumerate(places)]
    (tmp_path / "crowd.csv").write_text("\n".join(["name,x,y", *rows]), encoding="utf-8")
    (tmp_path / "layers.yaml").write_text(DECLARATION, encoding="utf-8")
    archives = []
    for data, more in (("one", []), ("two", ["--memory", BOUND])):
        done = run_tonari("build", "--data", data, *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        folder = tmp_path / data / "releases" / "current" / "layers" / "crowd"
        archives.append((folder / "crowd.pmtiles").read_bytes())
        assert ("crowd: arrange" in done.stderr) == bool(more)
        assert list((tmp_path / data).glob("cache/tiling/*")) == []
    assert archives[0] == archives[1]
