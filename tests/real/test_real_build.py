"""The main job on real data: what is published is what the sources hold, read independently."""

from __future__ import annotations

import json
import struct
from collections import Counter
from pathlib import Path

import geopandas as gpd
import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, all_tiles
from pyproj import Transformer
from ruamel.yaml import YAML

pytestmark = [pytest.mark.real, pytest.mark.slow]

DECLARATION = Path(__file__).with_name("layers.yaml")
WARDS = ["40101", "40103", "40105", "40106", "40107", "40108", "40109"]
SHELTERS = ["401005", "352012", "406210", "402133"]


@pytest.fixture(scope="module")
def release(run_tonari, tmp_path_factory) -> Path:
    data = tmp_path_factory.mktemp("real")
    done = run_tonari("build", "-c", DECLARATION, "--data", data)
    assert done.returncode == 0, done.stderr
    return data / "releases" / "current"


@pytest.fixture(scope="module")
def manifest(release) -> dict:
    return json.loads((release / "manifest.json").read_text(encoding="utf-8"))


def published(release: Path, layer: str) -> dict:
    path = release / "layers" / layer / f"{layer}.geojson"
    return json.loads(path.read_text(encoding="utf-8"))


def positions(geometry: dict) -> list[tuple[float, float]]:
    found, stack = [], [geometry["coordinates"]]
    while stack:
        part = stack.pop()
        if isinstance(part[0], int | float):
            found.append((part[0], part[1]))
        else:
            stack.extend(part)
    return found


def extent(features: list[dict]) -> list[float]:
    xs, ys = zip(*(p for f in features for p in positions(f["geometry"])), strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def read_json(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def shapefile_header(path: Path) -> tuple[int, tuple[float, ...]]:
    """Read the number of records (.dbf) and bounding box (.shp) by the formats' own headers."""
    records = struct.unpack("<I", path.with_suffix(".dbf").read_bytes()[4:8])[0]
    return records, struct.unpack("<4d", path.read_bytes()[36:68])


def test_every_island_of_the_eight_areas_is_published(release, real_data):
    sources = [read_json(real_data / "n03" / f"{code}.json") for code in [*WARDS, "35201"]]
    features = published(release, "admin_areas")["features"]
    assert len(features) == sum(map(len, sources))
    by_area = Counter(f["properties"]["area_code"] for f in features)
    assert [by_area[code] for code in [*WARDS, "35201"]] == [len(s) for s in sources]


def test_the_administrative_areas_keep_their_extent(release, manifest, real_data):
    source = [f for code in [*WARDS, "35201"] for f in read_json(real_data / f"n03/{code}.json")]
    expected = pytest.approx(extent(source), abs=2e-7)
    assert extent(published(release, "admin_areas")["features"]) == expected
    assert manifest["layers"]["admin_areas"]["extent"] == expected


def test_shelters_of_four_municipalities_stand_in_one_layer(release, real_data):
    expected = {
        code: len(read_json(real_data / f"shelters/emergency_{code}.json")) for code in SHELTERS
    }
    features = published(release, "evacuation_sites")["features"]
    assert Counter(f["properties"]["municipality_code"] for f in features) == expected


def test_a_shelter_has_the_name_address_and_place_of_the_source(release, real_data):
    source = {
        f["properties"]["共通ID"]: f
        for code in SHELTERS
        for f in read_json(real_data / f"shelters/emergency_{code}.json")
    }
    for feature in published(release, "evacuation_sites")["features"]:
        original = source[feature["properties"]["no"]]
        assert feature["properties"]["name"] == original["properties"]["施設・場所名"].strip()
        assert feature["properties"]["address"] == original["properties"]["住所"].strip()
        assert feature["geometry"]["coordinates"] == pytest.approx(
            original["geometry"]["coordinates"], abs=2e-7
        )


def test_zoning_in_cp932_keeps_every_record_and_its_place(release, real_data):
    declared = YAML(typ="safe").load(DECLARATION.read_text(encoding="utf-8"))
    paths = [
        real_data / source["path"].split("shared/data/")[1]
        for source in declared["layers"]["yaizu_zoning"]["sources"]
    ]
    headers = [shapefile_header(path) for path in paths]
    features = published(release, "yaizu_zoning")["features"]
    assert len(features) == sum(records for records, _ in headers)
    to_degrees = Transformer.from_crs("EPSG:2450", "EPSG:6668", always_xy=True)
    boxes = [to_degrees.transform_bounds(*box) for _, box in headers]
    expected = [f(b[i] for b in boxes) for i, f in enumerate((min, min, max, max))]
    assert extent(features) == pytest.approx(expected, abs=5e-4)


def test_the_manifest_says_how_each_source_was_understood(manifest):
    sources = manifest["layers"]["yaizu_zoning"]["sources"]
    assert {s["encoding"] for s in sources} == {"cp932"}
    assert {s["crs"] for s in sources} == {"EPSG:2450"}
    assert all("JGD2000 to JGD2011" in s["operation"] for s in sources)


@pytest.mark.parametrize("layer", ["evacuation_sites", "yaizu_zoning"])
def test_every_feature_is_in_the_tiles_of_the_last_zoom(release, manifest, layer):
    last = manifest["layers"][layer]["tiles"]["maxzoom"]
    seen = set()
    with (release / "layers" / layer / f"{layer}.pmtiles").open("rb") as stream:
        for (z, _, _), raw in all_tiles(MmapSource(stream)):
            if z == last:
                seen |= tile_ids(raw, layer)
    assert seen == {f["id"] for f in published(release, layer)["features"]}


def tile_ids(raw: bytes, layer: str) -> set[int]:
    import gzip

    decoded = mapbox_vector_tile.decode(gzip.decompress(raw))
    return {feature["id"] for feature in decoded[layer]["features"]}


def test_geoparquet_is_in_jgd2011_and_holds_the_same_features(release):
    frame = gpd.read_parquet(release / "layers/evacuation_sites/evacuation_sites.parquet")
    assert frame.crs.to_epsg() == 6668
    assert list(frame["id"]) == [
        f["id"] for f in published(release, "evacuation_sites")["features"]
    ]


def test_the_ferry_is_built_and_reconciled(manifest):
    feed = manifest["feeds"]["wakato_ferry"]
    counts = feed["reconciliation"]
    assert feed["status"] == "built"
    assert counts["time_cells"] == counts["time_cells_matched"] == counts["stop_times"] > 0
