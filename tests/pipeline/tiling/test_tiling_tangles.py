"""Polygons that cross themselves without end take bounded work and are named."""

import time

import numpy as np
import pytest
import shapely

from pipeline.tiling.geometry import tangles
from pipeline.tiling.geometry.tangles import cells_inside, is_tangled


def tangle(count, seed=1, side=1.0):
    return np.random.default_rng(seed).random((count, 2)) * side


def grid(xy):
    x, y = np.ascontiguousarray(np.rint(xy * 2**20).astype(np.int32).T)
    return x, y, np.array([0, len(xy)], np.int64)


@pytest.mark.parametrize("count", [20, 120, 600])
def test_crossings_are_counted_up_to_the_bound(count, monkeypatch):
    xy = tangle(count)
    lines = shapely.linestrings(np.stack([xy, np.roll(xy, -1, axis=0)], axis=1))
    tree = shapely.STRtree(lines)
    one, two = tree.query(lines, predicate="crosses")
    crossings = int((one < two).sum())
    for bound, expected in ((crossings - 1, True), (crossings, False)):
        monkeypatch.setattr(tangles, "CROSSINGS", bound)
        assert is_tangled(*grid(xy)) is expected


def test_cells_are_those_a_polygon_winds_round_and_valid():
    x, y, rings = grid(tangle(300))
    found = cells_inside(x, y, rings)
    exact = shapely.make_valid(
        shapely.Polygon(np.column_stack([x, y])), method="structure", keep_collapsed=False
    )
    assert shapely.is_valid(found)
    cell = 2**20 / tangles.CELLS
    assert found.symmetric_difference(exact).area < 2 * cell * exact.length


def test_holes_stay_open():
    outer, inner = shapely.box(0, 0, 1, 1), shapely.box(0.4, 0.4, 0.6, 0.6)
    parts = [shapely.get_coordinates(r)[:-1] for r in (outer.exterior, inner.reverse().exterior)]
    x, y, _ = grid(np.concatenate(parts))
    found = cells_inside(x, y, np.array([0, 4, 8], np.int64))
    assert found.area == pytest.approx(0.96 * 2**40, rel=0.01)


@pytest.mark.slow
def test_a_monster_is_drawn_in_time_that_grows_with_its_vertices(cut):
    def seconds(count):
        ring = shapely.Polygon(np.array([130, 33]) + tangle(count, side=0.2))
        started = time.process_time()
        found = cut([ring], minzoom=6, maxzoom=9)
        assert all(shapely.is_valid(t.geometry).all() for t in found.tiles())
        codes = {f.code: f.feature for f in found.report.findings}
        assert codes["geometry-tangled"] == "0"
        return time.process_time() - started

    small = min(seconds(2_000), seconds(2_000))
    assert seconds(100_000) < 50 * small + 5
