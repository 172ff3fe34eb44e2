"""A tile above its budget is reduced as declared, and what that cost is counted."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.tiling import LayerOptions
from pipeline.tiling.metadata import causes_in

BUDGET = 4_000


@pytest.fixture(scope="module")
def crowd():
    """Two thousand points around a few centres, with a rank and a number of visitors."""
    rng = np.random.default_rng(4)
    xy = np.array([130, 33]) + rng.normal(size=(2000, 2)) * rng.choice([0.001, 0.05], (2000, 1))
    return gpd.GeoDataFrame(
        {"rank": np.arange(2000), "visitors": rng.integers(1, 9, 2000)},
        geometry=shapely.points(xy),
        crs=4326,
    )


def cut_to_budget(cut, data, strategy, **special):
    rules = LayerOptions(**special)
    options = {"tile_bytes": BUDGET, "strategies": (strategy,), "layers": {"layer": rules}}
    return cut(data, minzoom=8, maxzoom=9, **options)


def sizes(found, zoom):
    return [len(found.reader.get(*address)) for address in found.addresses(zoom)]


def test_without_a_strategy_nothing_is_dropped(cut, crowd):
    found = cut(crowd, minzoom=8, maxzoom=9, tile_bytes=BUDGET)
    assert {f["id"] for f in found.features(8)} == set(range(2000))
    assert found.report.zooms[0].over_budget > 0


def test_the_last_zoom_keeps_everything_and_says_it_is_too_large(cut, crowd):
    found = cut_to_budget(cut, crowd, "densest")
    assert {f["id"] for f in found.features(9)} == set(range(2000))
    assert [f.code for f in found.report.findings] == ["tile-over-budget"]


def test_dropping_by_rank_keeps_what_matters_most(cut, crowd):
    found = cut_to_budget(cut, crowd, "rank", rank="rank")
    assert max(sizes(found, 8)) <= BUDGET
    for tile in found.tiles(8):
        kept = [f["properties"]["rank"] for f in tile.features]
        assert 1999 in kept or len(kept) < 2000
    low = found.report.zooms[0]
    assert low.causes["dropped_by_rank"] > 0
    assert causes_in(found.reader.metadata)["8"]["dropped_by_rank"] == low.causes["dropped_by_rank"]


def test_dropping_the_densest_thins_crowds_first(cut, crowd):
    found = cut_to_budget(cut, crowd, "densest")
    assert max(sizes(found, 8)) <= BUDGET
    assert found.report.zooms[0].causes["dropped_densest"] > 0
    kept = {f["id"] for f in found.features(8)}
    spread = np.hypot(crowd.geometry.x - 130, crowd.geometry.y - 33).to_numpy()
    assert np.median(spread[sorted(kept)]) > np.median(spread)


def test_clusters_count_their_points_and_sum_what_is_declared(cut, crowd):
    found = cut_to_budget(cut, crowd, "cluster", sums=("visitors",))
    assert max(sizes(found, 8)) <= BUDGET
    whole = {(t.x, t.y): t.features for t in cut(crowd, minzoom=8, maxzoom=9).tiles(8)}
    for tile in found.tiles(8):
        everyone = whole[tile.x, tile.y]
        assert sum(f["properties"].get("point_count", 1) for f in tile.features) == len(everyone)
        assert sum(f["properties"]["visitors"] for f in tile.features) == sum(
            f["properties"]["visitors"] for f in everyone
        )


def test_coalescing_joins_equal_attributes_and_keeps_the_area(cut):
    x, y = (v.ravel() for v in np.meshgrid(np.arange(40) / 50, np.arange(40) / 50))
    cells = shapely.box(130 + x, 33 + y, 130 + x + 1 / 50, 33 + y + 1 / 50)
    data = gpd.GeoDataFrame({"zone": (np.arange(1600) // 400)}, geometry=cells, crs=4326)
    found = cut_to_budget(cut, data, "coalesce")
    tile = max(found.tiles(8), key=lambda t: shapely.area(t.geometry).sum())
    assert shapely.is_valid(tile.geometry).all()
    assert len(tile.features) <= 4
    ideal = shapely.union_all(tile.of_input(cells))
    assert shapely.area(tile.geometry).sum() == pytest.approx(ideal.area, rel=0.01)
    assert found.report.zooms[0].causes["coalesced"] > 0


def test_simplifying_more_draws_lines_coarser(cut):
    rng = np.random.default_rng(2)
    walk = np.array([130, 33]) + np.cumsum(rng.normal(size=(6000, 2)) * 0.002, axis=0)
    found = cut_to_budget(cut, [shapely.linestrings(walk)], "simplify")
    plain = cut([shapely.linestrings(walk)], minzoom=8, maxzoom=9)
    assert sum(sizes(found, 8)) < sum(sizes(plain, 8))
    assert found.report.zooms[0].causes["simplified_more"] > 0


def test_reduction_is_the_same_with_any_number_of_threads(cut, crowd):
    one, two = (
        cut(crowd, maxzoom=9, tile_bytes=BUDGET, strategies=("cluster", "densest"), threads=n)
        for n in (1, 3)
    )
    assert one.path.read_bytes() == two.path.read_bytes()


@pytest.mark.parametrize("then", ["cluster", "densest", "rank"])
def test_joining_first_and_something_else_then_keeps_lines_and_areas(cut, crowd, then):
    shapes = [*crowd.geometry, shapely.box(130, 33, 130.2, 33.2), shapely.box(130, 33, 130.1, 33.3)]
    data = gpd.GeoDataFrame({"rank": np.arange(2002) // 2}, geometry=shapes, crs=4326)
    rules = LayerOptions(rank="rank", sums=("rank",))
    found = cut(
        data, minzoom=8, maxzoom=9, tile_bytes=BUDGET, strategies=("coalesce", then),
        layers={"layer": rules},
    )  # fmt: skip
    assert found.report.zooms[0].causes["coalesced"] > 0
    assert "Polygon" in {f["geometry"]["type"] for f in found.features(8)}
