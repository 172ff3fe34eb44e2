"""Rasters in a build: heights, what is made of them, and files that go bad."""

import json
import math

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from raster_files import checkerboard, write_picture
from rio_cogeo.cogeo import cog_validate
from ruamel.yaml import YAML

from pipeline.config.load import load
from pipeline.progress import silent
from pipeline.run import build
from pipeline.tiling.archive import PMTilesReader, verify
from tonari.jobs import jobs_of

WEST, NORTH, PIXEL, SIDE = -12000.0, 99000.0, 10.0, 160
RISE = 0.2
"""Metres of height by metre toward the east."""

DECLARED = {
    "publisher": {"name": {"ja": "北九州市"}, "code": "401005", "licence": "CC-BY-4.0"},
    "municipalities": {
        "kitakyushu": {"code": "401005", "name": {"ja": "北九州市"}, "crs": "EPSG:6670"}
    },
    "layers": {
        "districts": {
            "title": {"ja": "地区"},
            "fields": {"district": {"title": {"ja": "地区"}}},
            "sources": [{"municipality": "kitakyushu", "path": "districts.geojson"}],
            "privacy": {"publish": ["district"]},
            "outputs": ["geojson"],
        },
        "contours": {
            "title": {"ja": "等高線"},
            "from": {"operation": "contours", "raster": "terrain", "interval": 25},
            "privacy": {"publish": ["elevation", "index"]},
            "outputs": ["geojson", "pmtiles"],
            "tiles": {"minzoom": 10, "maxzoom": 12},
        },
        "steepness": {
            "title": {"ja": "傾斜"},
            "from": {
                "operation": "zonal", "layer": "districts", "raster": "slope",
                "numbers": {"mean": {"statistic": "mean"}, "part": {"statistic": "covered"}},
            },
            "privacy": {"publish": ["district", "mean", "part"]},
            "outputs": ["geojson"],
        },
        "shares": {
            "title": {"ja": "割合"},
            "from": {
                "operation": "zonal", "layer": "districts", "raster": "cover",
                "numbers": {"wet": {"statistic": "share", "value": 2}},
            },
            "privacy": {"publish": ["district", "wet"]},
            "outputs": ["geojson"],
        },
    },
    "rasters": {
        "terrain": {
            "title": {"ja": "標高"}, "kind": "elevation",
            "sources": [{"municipality": "kitakyushu", "path": "heights.tif"}],
            "tiles": {"minzoom": 10, "size": 256},
        },
        "slope": {
            "title": {"ja": "傾斜"}, "kind": "elevation",
            "from": {"operation": "slope", "raster": "terrain"}, "tiles": {"minzoom": 10},
        },
        "shade": {
            "title": {"ja": "陰影"}, "kind": "photo",
            "from": {"operation": "hillshade", "raster": "terrain"},
        },
        "cover": {
            "title": {"ja": "土地被覆"}, "kind": "classes",
            "sources": [{"municipality": "kitakyushu", "path": "cover.tif"}],
            "classes": [
                {"value": 1, "color": "#AABBCC", "label": {"ja": "一"}},
                {"value": 2, "color": "#0000FF", "label": {"ja": "水"}},
            ],
            "tiles": {"minzoom": 12, "size": 256, "format": "png"},
        },
    },
}  # fmt: skip


class Town:
    """A declaration in a folder, built as often as wanted."""

    def __init__(self, folder):
        self.folder, self.declared = folder, json.loads(json.dumps(DECLARED))
        placed = {
            "crs": "EPSG:6670",
            "transform": rasterio.Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH),
        }
        x = PIXEL * (np.arange(SIDE) + 0.5)
        heights = np.broadcast_to(10 + RISE * x, (SIDE, SIDE)).astype(np.float32)
        write_picture(folder / "heights.tif", heights[None], **placed)
        cover = np.where(np.arange(SIDE) < SIDE // 4, 2, 1).astype(np.uint8)
        write_picture(folder / "cover.tif", np.broadcast_to(cover, (1, SIDE, SIDE)), **placed)
        inside = shapely.box(WEST + 200, NORTH - 1400, WEST + 600, NORTH - 200)
        across = shapely.box(WEST + 1400, NORTH - 600, WEST + 1800, NORTH - 400)
        gpd.GeoDataFrame({"district": ["内", "半"]}, geometry=[inside, across], crs=6670).to_crs(
            6668
        ).to_file(folder / "districts.geojson")

    def build(self):
        path = self.folder / "layers.yaml"
        with path.open("w", encoding="utf-8") as out:
            YAML().dump(self.declared, out)
        loaded = load(path)
        result = build(loaded.declaration, jobs_of(loaded, self.folder / "data"),
                       self.folder / "data", silent)  # fmt: skip
        return {outcome.name: outcome for outcome in result.outcomes}

    def file(self, name):
        return self.folder / "data/releases/current/layers" / name.partition(".")[0] / name

    def features(self, name):
        text = self.file(f"{name}.geojson").read_text("utf-8")
        return json.loads(text)["features"]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    found = Town(tmp_path_factory.mktemp("town"))
    found.outcomes = found.build()
    return found


def test_everything_is_built(town):
    failed = {n: o.findings for n, o in town.outcomes.items() if o.status != "built"}
    assert failed == {}


def test_contours_lie_where_the_heights_say(town):
    lines = gpd.read_file(town.file("contours.geojson")).to_crs(6670)
    assert sorted(set(lines["elevation"])) == [25.0 * n for n in range(1, 14)]
    for height, line in zip(lines["elevation"], lines.geometry, strict=True):
        x = shapely.get_coordinates(line)[:, 0]
        assert np.abs(x - (WEST + (height - 10) / RISE)).max() < PIXEL / 2
    assert len(lines) == 13  # one line each: pieces of blocks are joined
    assert lines[lines["elevation"] == 125]["index"].all()


def test_slopes_by_area_are_the_slope_of_the_plane(town):
    found = {f["properties"]["district"]: f["properties"] for f in town.features("steepness")}
    assert found["内"]["mean"] == pytest.approx(math.degrees(math.atan(RISE)), abs=0.1)
    assert found["内"]["part"] == pytest.approx(1, abs=1e-6)
    assert found["半"]["part"] == pytest.approx(0.5, abs=0.03)
    codes = [f.code for f in town.outcomes["steepness"].findings]
    assert "zonal-partly" in codes


def test_shares_of_a_class_are_its_part_of_the_area(town):
    found = {f["properties"]["district"]: f["properties"] for f in town.features("shares")}
    assert found["内"]["wet"] == pytest.approx(0.5, abs=0.03)  # 200–400 of 200–600
    assert found["半"]["wet"] == 0


def test_relief_is_lit_from_the_north_west(town):
    """Ground that rises to the east looks away from light in the north-west."""
    with rasterio.open(town.file("shade.tif")) as opened:
        grey = opened.read(1)[opened.dataset_mask() > 0]
    east, light = math.atan(RISE), math.radians(45)
    toward = math.cos(math.radians(315 - 270))
    lit = math.sin(light) * math.cos(east) + math.cos(light) * math.sin(east) * toward
    expected = 255 * lit
    assert np.median(grey) == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("name", ["terrain", "slope", "shade", "cover"])
def test_files_are_valid_to_other_readers(town, name):
    assert cog_validate(town.file(f"{name}.tif"), strict=True, quiet=True)[0]
    with PMTilesReader(town.file(f"{name}.pmtiles")) as archive:
        verify(archive)
        assert archive.metadata["name"]
        assert archive.metadata["attribution"] == "北九州市"


def test_a_raster_says_in_the_manifest_what_it_is(town):
    entry = town.outcomes["slope"].entry
    assert entry["geometry"] == "Raster"
    assert entry["raster"]["kind"] == "slope"
    assert [c["value"] for c in entry["raster"]["classes"]] == [0, 3, 8, 15, 30]
    assert town.outcomes["terrain"].entry["raster"]["encoding"] == "mapbox"


@pytest.fixture
def small(tmp_path):
    """Build one photograph from two sheets."""
    found = Town(tmp_path)
    found.declared["layers"] = {}
    sheets = [{"municipality": "kitakyushu", "path": f"{n}.tif"} for n in "ab"]
    found.declared["rasters"] = {
        "photo": {"title": {"ja": "写真"}, "kind": "photo", "sources": sheets,
                  "tiles": {"minzoom": 14, "size": 256}},
    }  # fmt: skip
    for at, name in enumerate("ab"):
        place = rasterio.Affine(1, 0, WEST + 200 * at, 0, -1, NORTH)
        write_picture(
            tmp_path / f"{name}.tif", checkerboard(200, 20), crs="EPSG:6670", transform=place
        )
    return found


def test_a_damaged_sheet_keeps_the_last_good_version_and_is_named(small):
    small.build()
    before = small.file("photo.pmtiles").read_bytes()
    assert small.build()["photo"].status == "linked"
    path = small.folder / "b.tif"
    path.write_bytes(path.read_bytes()[:2000])
    outcome = small.build()["photo"]
    assert outcome.status == "kept"
    assert {f.file for f in outcome.findings} == {"b.tif"}
    assert small.file("photo.pmtiles").read_bytes() == before


def test_blocks_that_decode_to_nothing_are_found_when_they_are_drawn(small):
    path = small.folder / "b.tif"
    noise = np.random.default_rng(0).integers(0, 255, (3, 200, 200), np.uint8)
    place = rasterio.Affine(1, 0, WEST + 200, 0, -1, NORTH)
    write_picture(path, noise, crs="EPSG:6670", transform=place, compress="deflate")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 3000] = bytes(3000)
    path.write_bytes(raw)
    outcome = small.build()["photo"]
    assert outcome.status == "failed"
    assert [f.code for f in outcome.findings] == ["raster-unreadable"]


def test_a_changed_sheet_gives_what_a_build_from_nothing_gives(small, tmp_path):
    import shutil

    small.build()
    write_picture(
        tmp_path / "b.tif", 255 - checkerboard(200, 20), crs="EPSG:6670",
        transform=rasterio.Affine(1, 0, WEST + 200, 0, -1, NORTH),
    )  # fmt: skip
    small.build()
    changed = [small.file(f"photo.{e}").read_bytes() for e in ("pmtiles", "tif")]
    shutil.rmtree(tmp_path / "data")
    small.build()
    assert [small.file(f"photo.{e}").read_bytes() for e in ("pmtiles", "tif")] == changed


def test_a_mosaic_with_a_hole_and_uneven_sheets_is_told(small, tmp_path):
    sheets = []
    for row in range(3):
        for column in range(3):
            if (row, column) == (1, 1):
                continue
            name = f"{row}{column}.tif"
            pixel = 2 if (row, column) == (0, 0) else 1
            place = rasterio.Affine(pixel, 0, WEST + 64 * column, 0, -pixel, NORTH - 64 * row)
            write_picture(
                tmp_path / name, checkerboard(64 // pixel, 8), crs="EPSG:6670", transform=place
            )
            sheets.append({"municipality": "kitakyushu", "path": name})
    small.declared["rasters"]["photo"]["sources"] = sheets
    codes = {f.code: f for f in small.build()["photo"].findings}
    assert set(codes) == {"mosaic-hole", "mosaic-sizes"}
    assert "64" in codes["mosaic-hole"].message_en or "62" in codes["mosaic-hole"].message_en


def test_a_value_without_a_class_is_told(small, tmp_path):
    small.declared["rasters"] = {"cover": DECLARED["rasters"]["cover"] | {"classes": [
        {"value": 1, "color": "#AABBCC", "label": {"ja": "一"}}]}}  # fmt: skip
    (told,) = small.build()["cover"].findings
    assert told.code == "raster-class-undeclared"
    assert told.value == "2"
