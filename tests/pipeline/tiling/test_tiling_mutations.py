"""Damaged files of every format end in an error that names the file, never in a traceback.

Each format is tried in a process of its own, for a library that is torn down by what it reads would
take the tests with it.
"""

import subprocess
import sys

import geopandas as gpd
import pytest
import shapely

PROGRAM = """
import random, shutil, sys, traceback
from pathlib import Path

from pipeline.errors import TonariError
from pipeline.tiling import TileOptions, tile

source, scratch, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
rng = random.Random(20261126)


def flipped(raw):
    raw = bytearray(raw)
    for _ in range(rng.randint(1, 12)):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def cut(raw):
    return raw[: rng.randrange(len(raw))]


def doubled(raw):
    a, b = sorted(rng.randrange(len(raw)) for _ in "ab")
    return raw[:b] + raw[a:]


def recoded(raw):
    try:
        return raw.decode().encode(rng.choice(["cp932", "utf-16", "euc-jp"]), "replace")
    except UnicodeDecodeError:
        return raw[::-1]


failed = 0
for turn in range(rounds):
    for part in source.parent.glob(source.stem + ".*"):
        shutil.copy(part, scratch / part.name)
    victims = sorted(scratch.glob(source.stem + ".*"))
    victim = rng.choice(victims)
    change = rng.choice([flipped, flipped, cut, doubled, recoded])
    victim.write_bytes(change(victim.read_bytes() or b"x"))
    try:
        tile(scratch / source.name, scratch / "out.pmtiles", TileOptions(maxzoom=3, threads=1))
    except TonariError as error:
        if source.stem not in str(error) and "nothing to draw" not in str(error):
            failed += 1
            print("names no file:", error)
    except Exception:
        failed += 1
        print(victim.name, change.__name__)
        traceback.print_exc(file=sys.stdout)
    for part in scratch.glob(source.stem + ".*"):
        part.unlink()
sys.exit(failed > 0)
"""

DRIVERS = {
    "geojson": "GeoJSON", "geojsonl": "GeoJSONSeq", "shp": "ESRI Shapefile", "gpkg": "GPKG",
    "fgb": "FlatGeobuf", "kml": "KML", "parquet": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def parks():
    return gpd.GeoDataFrame(
        {"名称": ["港公園", "山の公園"] * 20, "面積": [1.5, None] * 20, "n": range(40)},
        geometry=[shapely.box(130 + n / 100, 33, 130.005 + n / 100, 33.01) for n in range(40)],
        crs=4326,
    )


@pytest.mark.slow
@pytest.mark.parametrize("suffix", DRIVERS)
def test_damage_is_named_and_ends_in_no_traceback(parks, tmp_path, suffix):
    source = tmp_path / "whole" / f"parks.{suffix}"
    source.parent.mkdir()
    (tmp_path / "scratch").mkdir()
    if suffix == "parquet":
        parks.to_parquet(source)
    else:
        parks.to_file(source, driver=DRIVERS[suffix], engine="pyogrio")
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM, source, tmp_path / "scratch", "30"]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
