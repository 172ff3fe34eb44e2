"""Cutting shapes into the tiles of one zoom: simplify, snap, clip, keep polygons in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.geometry.clipping import Arena, new_arena
from pipeline.tiling.geometry.pieces import DUST, SUSPECT, Pieces, enlarged, new_pieces, trimmed
from pipeline.tiling.geometry.rings import is_suspect
from pipeline.tiling.geometry.snapping import (
    ENLARGED,
    PIECES,
    POLYGON,
    RINGS,
    WIDE,
    snap_dust,
    snap_others,
    snap_polygon,
)
from pipeline.tiling.geometry.spreading import spread_shape
from pipeline.tiling.native import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.geometry.shapes import Shapes

_BITS = 12
_WORLD_BITS = 30
_DUST_AREA = 4.0
"""Polygons of no more square units than this have no shape of their own below the last zoom."""


@inlined
def touched(
    ox: Any, oy: Any, first: int, last: int, buffer: int, edge: int, box: Any, tiles: Any
) -> bool:
    """Find the tiles some vertices reach, buffers included; tell whether one holds them all."""
    west = east = ox[first]
    north = south = oy[first]
    for k in range(first + 1, last):
        west = min(west, ox[k])
        east = max(east, ox[k])
        north = min(north, oy[k])
        south = max(south, oy[k])
    box[0], box[1], box[2], box[3] = west, north, east, south
    single = True
    for axis in range(2):
        least = max((box[axis] - buffer) >> _BITS, 0)
        most = min((box[axis + 2] + buffer) >> _BITS, edge)
        tiles[axis] = least
        tiles[axis + 2] = most
        single &= least == most
        single &= box[axis] >= (least << _BITS) - buffer
        single &= box[axis + 2] <= ((most + 1) << _BITS) + buffer
    return single


@inlined
def _in_window(tx: int, ty: int, window: Any) -> bool:
    return window[0] <= tx <= window[2] and window[1] <= ty <= window[3]


# Longer than other functions: it unpacks its tuples once, and its loop must not call out.
@kernel(
    "Shapes, int64[::1], int64, float64, boolean, int64, int64[::1], Pieces, int64[::1], int64[::1]"
)
def _cut_narrow(
    shapes: Shapes, chosen: NDArray[np.int64], zoom: int, tolerance: float, final: bool,
    buffer: int, window: NDArray[np.int64], out: Pieces, wide: NDArray[np.int64],
    counters: NDArray[np.int64],
) -> None:  # fmt: skip
    """Write shapes that lie in one tile, and single points; note the others in `wide`."""
    shift = _WORLD_BITS - _BITS - zoom
    unit = np.float64(np.int64(1) << shift)
    edge = (np.int64(1) << zoom) - 1
    xs, ys, importance, rings, hole = (
        shapes.x, shapes.y, shapes.importance, shapes.rings, shapes.hole
    )  # fmt: skip
    parts, kinds, bounds, areas = shapes.parts, shapes.kind, shapes.bounds, shapes.area
    ox, oy, starts, holes = out.x, out.y, out.rings, out.hole
    tile_x, tile_y, owner, firsts, lasts, flags = out[4:]
    box = np.empty(4, np.int64)
    tiles = np.empty(4, np.int64)
    for shape in chosen:
        start = counters[RINGS]
        kind = kinds[shape]
        low, high = parts[shape], parts[shape + 1]
        if kind != POLYGON:
            snap_others(
                xs, ys, importance, rings, low, high, kind, shift, tolerance, final,
                ox, oy, starts, holes, counters,
            )  # fmt: skip
        elif final or areas[shape] > _DUST_AREA * unit * unit:
            snap_polygon(
                xs, ys, importance, rings, hole, low, high, shift, tolerance, final,
                ox, oy, starts, holes, counters,
            )  # fmt: skip
        flag = 0
        reach = buffer
        if kind == POLYGON and counters[RINGS] == start:
            snap_dust(bounds[shape], shift, ox, oy, starts, holes, counters)
            flag = DUST
            reach = 0
        end = counters[RINGS]
        if end == start:
            continue
        single = touched(ox, oy, starts[start], starts[end], reach, edge, box, tiles)
        if not single and starts[end] - starts[start] > 1:
            wide[counters[WIDE]] = shape
            counters[WIDE] += 1
            counters[RINGS] = start
            continue
        if kind == POLYGON and flag == 0 and is_suspect(ox, oy, starts, holes, start, end):
            flag = SUSPECT
        used = False
        for tx in range(tiles[0], tiles[2] + 1):
            for ty in range(tiles[1], tiles[3] + 1):
                if _in_window(tx, ty, window):
                    piece = counters[PIECES]
                    tile_x[piece], tile_y[piece] = tx, ty
                    owner[piece], flags[piece] = shape, flag
                    firsts[piece], lasts[piece] = start, end
                    counters[PIECES] = piece + 1
                    used = True
        if not used:
            counters[RINGS] = start


@kernel(
    "Shapes, int64[::1], int64, float64, boolean, int64, int64[::1], Arena, Pieces, int64[::1]"
    " -> int64"
)
def _cut_wide(
    shapes: Shapes, wide: NDArray[np.int64], zoom: int, tolerance: float, final: bool, buffer: int,
    window: NDArray[np.int64], arena: Arena, out: Pieces, counters: NDArray[np.int64],
) -> int:  # fmt: skip
    """Write shapes that reach into several tiles; return how many were done before room ran out."""
    shift = _WORLD_BITS - _BITS - zoom
    edge = (np.int64(1) << zoom) - 1
    stack = np.empty((128, 6), np.int64)
    box = np.empty(4, np.int64)
    tiles = np.empty(4, np.int64)
    ignored = counters.copy()
    for i in range(wide.shape[0]):
        shape = wide[i]
        start, pieces, flat = counters[RINGS], counters[PIECES], counters[ENLARGED]
        ignored[RINGS] = start
        kind = np.int64(shapes.kind[shape])
        low, high = shapes.parts[shape], shapes.parts[shape + 1]
        size = shapes.rings[high] - shapes.rings[low] + 4 * (high - low)
        if out.rings[start] + size > out.x.shape[0] or start + high - low > out.hole.shape[0]:
            return i
        if kind == POLYGON:
            snap_polygon(
                shapes.x, shapes.y, shapes.importance, shapes.rings, shapes.hole, low, high,
                shift, tolerance, final, out.x, out.y, out.rings, out.hole, ignored,
            )  # fmt: skip
        else:
            snap_others(
                shapes.x, shapes.y, shapes.importance, shapes.rings, low, high, kind,
                shift, tolerance, final, out.x, out.y, out.rings, out.hole, ignored,
            )  # fmt: skip
        end = ignored[RINGS]
        touched(out.x, out.y, out.rings[start], out.rings[end], buffer, edge, box, tiles)
        if tiles[0] > tiles[2] or tiles[1] > tiles[3]:
            continue
        if not spread_shape(
            arena,
            box,
            tiles,
            window,
            buffer,
            start,
            end,
            shape,
            kind,
            final,
            stack,
            out,
            counters,
        ):
            counters[RINGS], counters[PIECES], counters[ENLARGED] = start, pieces, flat
            return i
    return wide.shape[0]


def cut(
    shapes: Shapes,
    chosen: NDArray[np.int64],
    zoom: int,
    tolerance: float,
    final: bool,
    buffer: int,
    window: tuple[int, int, int, int],
) -> tuple[Pieces, NDArray[np.int64]]:
    """Cut shapes into the tiles of one zoom.

    Parameters
    ----------
    shapes
        One layer.
    chosen
        Shape (n,): the shapes to cut, in drawing order.
    zoom
        0-18.
    tolerance
        Vertices whose importance (squared world units) is no greater are left out.
    final
        Whether this is the last zoom, where nothing may vanish.
    buffer
        How far tiles reach beyond their border, in units of 4,096 a tile.
    window
        Least column and row, greatest column and row of the tiles wanted.

    Returns
    -------
    Pieces
        In the order of their shapes; polygons that may be invalid are flagged.
    NDArray
        Shape (7,): the counters named in :mod:`pipeline.tiling.geometry.snapping`.
    """
    counters = np.zeros(7, np.int64)
    tiles = np.array(window, np.int64)
    low, high = shapes.parts[chosen], shapes.parts[chosen + 1]
    sizes = shapes.rings[high] - shapes.rings[low] + 4 * (high - low)
    out = new_pieces(
        int(sizes.sum()), int((high - low).sum()), int(chosen.size + 3 * (sizes == 5).sum())
    )
    wide = np.empty(chosen.size, np.int64)
    _cut_narrow(shapes, chosen, zoom, tolerance, final, buffer, tiles, out, wide, counters)
    wide = wide[: counters[WIDE]]
    room = 4096
    while wide.size:
        done = _cut_wide(
            shapes, wide, zoom, tolerance, final, buffer, tiles, new_arena(room), out, counters
        )
        wide = wide[done:]
        if wide.size:
            room *= 4
            need = shapes.rings[shapes.parts[wide[0] + 1]] - shapes.rings[shapes.parts[wide[0]]]
            out = enlarged(out, int(counters[RINGS]), int(counters[PIECES]), int(4 * need + room))
    return trimmed(out, int(counters[RINGS]), int(counters[PIECES])), counters
