"""Tile ids agree with the independent ``pmtiles`` package, one by one and in bulk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.tile import tileid_to_zxy, zxy_to_tileid

from pipeline.tiling.archive import tile_id, tile_ids, zoom_ids, zoom_of, zxy, zxys

DEEPEST = 31
ANY_ZOOM = st.integers(0, DEEPEST)


@st.composite
def tiles(draw, z=ANY_ZOOM):
    zoom = draw(z)
    cell = st.integers(0, (1 << zoom) - 1)
    return zoom, draw(cell), draw(cell)


@settings(deadline=None)
@given(tiles())
def test_a_tile_id_is_what_the_independent_package_says(tile):
    assert tile_id(*tile) == zxy_to_tileid(*tile)


@settings(deadline=None)
@given(tiles())
def test_a_tile_id_names_its_tile_again(tile):
    assert zxy(tile_id(*tile)) == tile == tileid_to_zxy(tile_id(*tile))


@settings(deadline=None)
@given(tiles())
def test_the_zoom_of_an_id_is_that_of_its_tile(tile):
    number = tile_id(*tile)
    assert zoom_of(number) == tile[0]
    assert number in zoom_ids(tile[0])


@settings(deadline=None)
@given(ANY_ZOOM.flatmap(lambda z: st.lists(tiles(st.just(z)), min_size=1)))
def test_many_ids_at_once_equal_ids_one_by_one(some):
    z, x, y = some[0][0], [t[1] for t in some], [t[2] for t in some]
    ids = tile_ids(z, x, y)
    assert ids.tolist() == [tile_id(*t) for t in some]


@settings(deadline=None)
@given(st.lists(tiles()))
def test_many_tiles_at_once_equal_tiles_one_by_one(some):
    ids = np.array([tile_id(*t) for t in some], np.int64)
    z, x, y = zxys(ids)
    assert list(zip(z.tolist(), x.tolist(), y.tolist(), strict=True)) == some


def test_every_tile_of_the_first_eight_zooms_is_numbered_without_a_gap():
    ids = [tile_id(z, x, y) for z in range(8) for x in range(1 << z) for y in range(1 << z)]
    assert sorted(ids) == list(range((4**8 - 1) // 3))


@pytest.mark.parametrize("tile", [(-1, 0, 0), (32, 0, 0), (3, 8, 0), (3, 0, -1)])
def test_a_tile_outside_its_zoom_is_refused(tile):
    with pytest.raises(ValueError, match="outside"):
        tile_id(*tile)
    with pytest.raises(ValueError, match="outside"):
        tile_ids(tile[0], [tile[1]], [tile[2]])


@pytest.mark.parametrize("number", [-1, (4**32 - 1) // 3])
def test_an_id_beyond_the_deepest_zoom_is_refused(number):
    with pytest.raises(ValueError, match="outside"):
        zxy(number)
    with pytest.raises(ValueError, match="no zoom"):
        zxys([number])
