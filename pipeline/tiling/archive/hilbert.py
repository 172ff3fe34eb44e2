"""Tile ids of PMTiles v3: all zooms in one sequence, each zoom along a Hilbert curve.

A tile id is the number of tiles of all lower zooms plus the position of the tile on the Hilbert
curve of its own zoom (PMTiles version 3 specification, section 4.1). Zoom 31 is the deepest whose
ids fit 64 bits; they also fit a *signed* 64-bit integer, which is what numpy sorts fastest.

The curve is walked five levels at a time through a table over four orientations, which makes one
scalar conversion a handful of list look-ups: a server does it for every request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MAX_ZOOM = 31

_STEP = 5  # levels per table look-up: 4 orientations x 1,024 cells stay in the first-level cache
_SIDE = 1 << _STEP
_MASK = _SIDE - 1
_CELLS = _SIDE * _SIDE
_SWAPPED = 1  # orientation is a pair of bits: 1 = axes swapped, 2 = both axes mirrored

_ZOOM_START: list[int] = [((1 << 2 * z) - 1) // 3 for z in range(MAX_ZOOM + 2)]


def _build_tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tabulate five levels: (orientation, x, y) -> position | next, and position -> x, y | next."""
    start, x, y = np.indices((4, _SIDE, _SIDE))
    orientation, position = start.copy(), np.zeros_like(start)
    for level in range(_STEP - 1, -1, -1):
        mirror = orientation >> 1
        right, down = x >> level & 1 ^ mirror, y >> level & 1 ^ mirror
        swapped = orientation & _SWAPPED == 1
        right, down = np.where(swapped, down, right), np.where(swapped, right, down)
        quadrant = 3 * right ^ down
        orientation ^= np.array([1, 0, 0, 3])[quadrant]
        position = position << 2 | quadrant
    forward = (position << 2 | orientation).ravel()
    backward = np.empty_like(forward)
    backward[(start * _CELLS + position).ravel()] = ((x << _STEP | y) << 2 | orientation).ravel()
    return forward, backward


_FORWARD_ARRAY, _BACKWARD_ARRAY = _build_tables()
_FORWARD: list[int] = _FORWARD_ARRAY.tolist()
_BACKWARD: list[int] = _BACKWARD_ARRAY.tolist()


def _plan(z: int) -> tuple[int, int]:
    """Return the shift of the first table step and the orientation it starts with.

    A zoom that is no multiple of five is padded with leading zero bits; every padded level swaps
    the axes once, so an odd number of them is undone by starting swapped.
    """
    steps = -(-z // _STEP)
    return (steps - 1) * _STEP, (steps * _STEP - z) & 1


_PLANS = [_plan(z) for z in range(MAX_ZOOM + 1)]


def tile_id(z: int, x: int, y: int) -> int:
    """Return the id of a tile.

    Parameters
    ----------
    z, x, y
        Zoom 0-31, column counted from 180° west, row counted from the north (XYZ scheme).

    Raises
    ------
    ValueError
        If the zoom is outside 0-31 or the tile outside its zoom.
    """
    if not 0 <= z <= MAX_ZOOM:
        raise ValueError(f"zoom {z} is outside 0-{MAX_ZOOM}")
    if not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ValueError(f"tile {z}/{x}/{y} is outside its zoom")
    shift, orientation = _PLANS[z]
    position = 0
    while shift >= 0:
        found = _FORWARD[orientation << 10 | (x >> shift & _MASK) << _STEP | (y >> shift & _MASK)]
        position = position << 10 | found >> 2
        orientation = found & 3
        shift -= _STEP
    return _ZOOM_START[z] + position


def zoom_of(tile: int) -> int:
    """Return the zoom a tile id belongs to."""
    if not 0 <= tile < _ZOOM_START[MAX_ZOOM + 1]:
        raise ValueError(f"tile id {tile} is outside 0-{_ZOOM_START[MAX_ZOOM + 1] - 1}")
    return ((3 * tile + 1).bit_length() - 1) // 2


def zxy(tile: int) -> tuple[int, int, int]:
    """Return zoom, column and row of a tile id.

    Raises
    ------
    ValueError
        If no tile of zoom 0-31 has this id.
    """
    z = zoom_of(tile)
    position = tile - _ZOOM_START[z]
    shift, orientation = _PLANS[z]
    x = y = 0
    while shift >= 0:
        found = _BACKWARD[orientation << 10 | position >> 2 * shift & (_CELLS - 1)]
        x = x << _STEP | found >> 2 + _STEP
        y = y << _STEP | found >> 2 & _MASK
        orientation = found & 3
        shift -= _STEP
    return z, x, y


def zoom_ids(z: int) -> range:
    """Return all tile ids of one zoom."""
    return range(_ZOOM_START[z], _ZOOM_START[z + 1])


def tile_ids(z: int, x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
    """Return the ids of many tiles of one zoom.

    Parameters
    ----------
    z
        Zoom 0-31.
    x, y
        Columns and rows, integers of equal shape.

    Raises
    ------
    ValueError
        If the zoom is outside 0-31 or any tile outside the zoom.
    """
    if not 0 <= z <= MAX_ZOOM:
        raise ValueError(f"zoom {z} is outside 0-{MAX_ZOOM}")
    columns, rows = np.asarray(x, np.int64), np.asarray(y, np.int64)
    for name, values in (("x", columns), ("y", rows)):
        if values.size and (values.min() < 0 or values.max() >= 1 << z):
            raise ValueError(f"{name} of some tile is outside zoom {z}")
    shift, start = _PLANS[z]
    orientation = np.full(columns.shape, start, np.int64)
    position: NDArray[np.int64] = np.zeros(columns.shape, np.int64)
    while shift >= 0:
        cell = (columns >> shift & _MASK) << _STEP | rows >> shift & _MASK
        found = _FORWARD_ARRAY[orientation << 10 | cell]
        position = position << 10 | found >> 2
        orientation = found & 3
        shift -= _STEP
    return position + _ZOOM_START[z]


def zxys(tiles: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return zooms, columns and rows of many tile ids, each of the shape of `tiles`.

    Raises
    ------
    ValueError
        If no tile of zoom 0-31 has one of these ids.
    """
    ids = np.asarray(tiles, np.int64)
    if ids.size and (ids.min() < 0 or ids.max() >= _ZOOM_START[MAX_ZOOM + 1]):
        raise ValueError("some tile id belongs to no zoom of 0-31")
    starts = np.array(_ZOOM_START[:-1], np.int64)
    z = np.searchsorted(starts, ids, side="right") - 1
    x, y = np.empty_like(ids), np.empty_like(ids)
    for zoom in np.unique(z).tolist():
        here = z == zoom
        x[here], y[here] = _cells(zoom, ids[here] - _ZOOM_START[zoom])
    return z, x, y


def _cells(z: int, position: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    shift, start = _PLANS[z]
    orientation = np.full(position.shape, start, np.int64)
    x, y = np.zeros_like(position), np.zeros_like(position)
    while shift >= 0:
        found = _BACKWARD_ARRAY[orientation << 10 | position >> 2 * shift & (_CELLS - 1)]
        x = x << _STEP | found >> 2 + _STEP
        y = y << _STEP | found >> 2 & _MASK
        orientation = found & 3
        shift -= _STEP
    return x, y
