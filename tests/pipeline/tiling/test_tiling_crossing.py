"""The cheap test for broken polygons: what it passes is valid, and it passes what is ordinary."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.tiling.geometry.checking import find_suspects
from pipeline.tiling.geometry.shapes import POLYGON, allocate


def is_suspect(*rings):
    """Ask the compiled test about one polygon of open rings, the first of them its shell."""
    shapes = allocate(sum(map(len, rings)), len(rings), 1)
    for values, axis in ((shapes.x, 0), (shapes.y, 1)):
        values[:] = np.concatenate([ring[:, axis] for ring in rings])
    shapes.rings[:-1] = np.cumsum([0, *map(len, rings[:-1])])
    shapes.hole[1:] = 1
    shapes.parts[0], shapes.kind[0] = 0, POLYGON
    found = np.zeros(1, np.uint8)
    find_suspects(shapes, 0, 1, found)
    return bool(found[0])


def star(radii, scale=1000, middle=(0, 0)):
    """Return a ring around `middle` whose corners lie at equal angles and the given distances."""
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    xy = np.column_stack([np.cos(angle), np.sin(angle)]) * np.asarray(radii)[:, None]
    return np.rint(xy * scale).astype(np.int32) + np.asarray(middle, np.int32)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=90))
@settings(max_examples=300, deadline=None)
def test_a_ring_that_passes_is_valid(corners):
    ring = np.array(corners, np.int32)
    turned = shapely.LinearRing(ring).is_ccw
    assume(shapely.Polygon(ring).area > 0)  # what has no area is dealt with elsewhere
    if not is_suspect(ring if turned else ring[::-1]):
        assert shapely.is_valid(shapely.Polygon(ring))


@given(
    st.lists(st.floats(0.2, 1.0), min_size=25, max_size=120),
    st.lists(st.floats(0.05, 0.4), min_size=3, max_size=40),
    st.tuples(st.integers(-900, 900), st.integers(-900, 900)),
)
@settings(max_examples=200, deadline=None)
def test_a_polygon_with_a_hole_that_passes_is_valid(shell, hole, middle):
    outer, inner = star(shell), star(hole, middle=middle)
    if not is_suspect(outer, inner):
        assert shapely.is_valid(shapely.Polygon(outer, [inner]))


def test_ordinary_shores_pass_however_long():
    bays = 1 + 0.1 * np.sin(np.linspace(0, 400 * np.pi, 200_000, endpoint=False))
    islands = [star([1] * 24, 20_000, (400_000 * k, 0)) for k in range(-5, 6)]
    assert not is_suspect(star(bays, 10_000_000), *islands)


@pytest.mark.parametrize("corners", [30, 60, 120, 250, 1000, 4000])
def test_shores_of_uneven_steps_pass(corners):
    chance = np.random.default_rng(corners)
    angle = np.sort(chance.random(corners)) * 2 * np.pi
    radius = 0.8 + 0.1 * np.sin(5 * angle) + chance.uniform(-1, 1, corners) / corners
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    ring = np.rint(ring * 100_000_000).astype(np.int32)
    assert shapely.is_valid(shapely.Polygon(ring))
    assert not is_suspect(ring)


def test_one_crossing_among_many_segments_is_found():
    ring = star([1] * 50_000, 1_000_000_000)
    ring[[20_000, 20_001]] = ring[[20_001, 20_000]]
    assert is_suspect(ring)


def test_one_long_segment_across_many_short_ones_is_found():
    teeth = np.array([(k, 1000 + 5 * (k % 2)) for k in range(5000)], np.int32)
    back = np.array([(5001, 1002), (-1, 1003)], np.int32)
    assert is_suspect(np.concatenate([teeth, back]))
