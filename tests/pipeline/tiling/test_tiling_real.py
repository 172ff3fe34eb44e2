"""Coverages as municipalities publish them: neighbours stay together at every zoom."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.tiling import TileOptions
from pipeline.tiling.partition.limits import Limits
from tests.pipeline.tiling.test_tiling_partition import assert_same, both

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def wards(real_data):
    """All wards and municipalities of N03 around the Kanmon strait, one feature per island."""
    parts = [
        gpd.read_file(path).assign(code=path.stem) for path in sorted(real_data.glob("n03/*.json"))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def zoning(real_data):
    """用途地域 of 焼津市: nine layers that together cover the urban area."""
    parts = [
        gpd.read_file(path, encoding="cp932").assign(zone=path.stem)[["zone", "geometry"]]
        for path in sorted(real_data.glob("yaizu/都市計画図_*/*.shp"))
    ]
    return pd.concat(parts, ignore_index=True).to_crs(6668)


def overlap_and_union(geometry):
    inner = shapely.clip_by_rect(geometry, 0, 0, 4096, 4096)
    union = shapely.area(shapely.union_all(inner))
    return shapely.area(inner).sum() - union, union


def check_coverage(found, geometry, first):
    """Compare what overlaps and what is covered in the tiles with the input itself."""
    for zoom in range(first, found.report.zooms[-1].zoom + 1):
        extra = gap = border = covered = 0.0
        for tile in found.tiles(zoom):
            assert shapely.is_valid(tile.geometry).all()
            ideal = shapely.make_valid(tile.of_input(geometry, 0))
            had, area = overlap_and_union(ideal)
            has, drawn = overlap_and_union(tile.geometry)
            extra += has - had
            gap += area - drawn
            covered += area
            border += shapely.length(ideal).sum()
        squares = found.report.zooms[zoom].causes.get("polygons_tiny", 0)
        allowed = 0.03 * border + 4 * squares
        assert extra <= allowed, f"zoom {zoom}: {extra:.0f} square units overlap"
        assert abs(gap) <= 0.05 * border + 4 * squares, f"zoom {zoom}: {gap:.0f} square units"
        assert covered > 0


def test_wards_and_municipalities_keep_their_borders(cut, wards):
    found = cut(wards, maxzoom=12)
    check_coverage(found, wards.geometry.to_numpy(), 6)
    assert {f["properties"]["code"] for f in found.features(12)} == set(wards["code"])


def test_use_zones_keep_their_borders(cut, zoning):
    found = cut(zoning, maxzoom=14)
    check_coverage(found, zoning.geometry.to_numpy(), 8)
    assert {f["properties"]["zone"] for f in found.features(14)} == set(zoning["zone"])


def test_every_shelter_is_there_at_the_last_zoom(cut, real_data):
    shelters = gpd.read_file(next(real_data.glob("shelters/emergency_401005*")))
    found = cut(shelters, minzoom=6, maxzoom=14)
    assert {f["id"] for f in found.features(14)} == set(np.arange(len(shelters)))


def test_coverages_cut_part_by_part_keep_the_same_borders(tmp_path, wards, zoning):
    layers = {"wards": wards, "zoning": zoning}
    limits = Limits(batch=1_500_000, chunk=600_000, task=1_500_000)
    assert_same(*both(tmp_path, layers, TileOptions(maxzoom=13), limits))
