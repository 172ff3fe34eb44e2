"""Cutting shapes into the tiles of one zoom: simplify, snap, clip, keep polygons in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling._jit import helper, kernel
from pipeline.tiling.clipping import (
    FRACTION,
    Arena,
    reserve,
    split_lines,
    split_points,
    split_polygon,
)
from pipeline.tiling.pieces import (
    DUST,
    SUSPECT,
    Pieces,
    new_pieces,
    reserve_pieces,
    reserve_rings,
)
from pipeline.tiling.rings import contains, is_suspect, signed_area, tidy
from pipeline.tiling.snapping import (
    LINE,
    PIECES,
    POINT,
    POLYGON,
    RINGS,
    SUSPECTS,
    accept,
    dust,
    snap_others,
    snap_polygon,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.shapes import Shapes

_BITS = 12
_WORLD_BITS = 30
_DUST_AREA = 4.0
"""Polygons of no more square units than this have no shape of their own below the last zoom."""


@helper
def _add_piece(out: Pieces, tx: int, ty: int, shape: int, first: int, flag: int, counters: Any) -> None:
    piece = counters[PIECES]
    out.tile_x[piece] = tx
    out.tile_y[piece] = ty
    out.shape[piece] = shape
    out.first[piece] = first
    out.last[piece] = counters[RINGS]
    out.flag[piece] = flag
    counters[PIECES] = piece + 1
    if flag == SUSPECT:
        counters[SUSPECTS] += 1


@helper
def _flag(out: Pieces, first: int, last: int, kind: int) -> int:
    if kind == POLYGON and is_suspect(out.x, out.y, out.rings, out.hole, first, last):
        return SUSPECT
    return 0


@helper
def _put(out: Pieces, ring: int, x: Any, y: Any, first: int, last: int, hole: int) -> int:
    at = out.rings[ring]
    out.x[at : at + last - first] = x[first:last]
    out.y[at : at + last - first] = y[first:last]
    out.hole[ring] = hole
    out.rings[ring + 1] = at + last - first
    return ring + 1


@helper
def _order_rings(out: Pieces, first: int, last: int) -> int:
    """Put every hole behind the exterior ring around it, as the tile format wants.

    Holes that have lost their exterior ring go; returns the end of the rings that stay.
    """
    shells = 0
    for ring in range(first, last):
        shells += 1 - out.hole[ring]
    if shells == 0 or shells == last - first or (shells == 1 and not out.hole[first]):
        return last if shells else first
    owner = np.full(last - first, -1, np.int64)
    for ring in range(first, last):
        at = out.rings[ring]
        for shell in range(first, last):
            if out.hole[ring] and not out.hole[shell]:
                if shells == 1 or contains(
                    out.x, out.y, out.rings[shell], out.rings[shell + 1], out.x[at], out.y[at]
                ):
                    owner[ring - first] = shell - first
    base = out.rings[first]
    x = out.x[base : out.rings[last]].copy()
    y = out.y[base : out.rings[last]].copy()
    starts = out.rings[first : last + 1] - base
    hole = out.hole[first:last].copy()
    end = first
    for shell in range(last - first):
        if hole[shell]:
            continue
        end = _put(out, end, x, y, starts[shell], starts[shell + 1], 0)
        for ring in range(last - first):
            if owner[ring] == shell:
                end = _put(out, end, x, y, starts[ring], starts[ring + 1], 1)
    return end


@helper
def _leaf(
    arena: Arena, first: int, last: int, tx: int, ty: int, shape: int, kind: int,
    out: Pieces, counters: Any,
) -> Pieces:  # fmt: skip
    """Write what the arena holds of a shape in one tile, rounded to the grid."""
    start = counters[RINGS]
    out = reserve_rings(out, start, arena.rings[last] - arena.rings[first] + 4, last - first + 1)
    out = reserve_pieces(out, counters[PIECES], 1)
    half = np.int64(1) << (FRACTION - 1)
    for ring in range(first, last):
        begin = out.rings[counters[RINGS]]
        at = begin
        for k in range(arena.rings[ring], arena.rings[ring + 1]):
            x = (arena.x[k] + half) >> FRACTION
            y = (arena.y[k] + half) >> FRACTION
            if at == begin or out.x[at - 1] != x or out.y[at - 1] != y:
                out.x[at] = x
                out.y[at] = y
                at += 1
        count = at - begin
        if kind == POLYGON:
            count = tidy(out.x, out.y, begin, count)
            area = signed_area(out.x, out.y, begin, count) if count else 0
            if area != 0:
                accept(out, count, 1 if area < 0 else 0, counters)
        elif kind == POINT or count >= 2:
            accept(out, count, 0, counters)
    if kind == POLYGON:
        counters[RINGS] = _order_rings(out, start, counters[RINGS])
    if counters[RINGS] > start:
        flag = _flag(out, start, counters[RINGS], kind)
        _add_piece(out, tx, ty, shape, start, flag, counters)
    return out


@helper
def _split(arena: Arena, first: int, last: int, height: int, kind: int, axis: int, line: int, sign: int) -> int:
    fixed = np.int64(line) << FRACTION
    if kind == POINT:
        return split_points(arena, first, last, height, axis, fixed, sign)
    if kind == LINE:
        return split_lines(arena, first, last, height, axis, fixed, sign)
    return split_polygon(arena, first, last, height, axis, fixed, sign)


@helper
def _lower(arena: Arena, first: int, middle: int, height: int) -> int:
    """Move the rings from `middle` to `height` down to `first`; return the new height."""
    offset = arena.rings[middle] - arena.rings[first]
    for k in range(arena.rings[middle], arena.rings[height]):
        arena.x[k - offset] = arena.x[k]
        arena.y[k - offset] = arena.y[k]
    for ring in range(middle, height + 1):
        arena.rings[ring - middle + first] = arena.rings[ring] - offset
    return first + height - middle


@helper
def _room(arena: Arena, first: int, last: int) -> Arena:
    vertices = arena.rings[last] - arena.rings[first]
    return reserve(arena, last, 4 * vertices + 32, 2 * (last - first) + vertices + 8)


@helper
def _trim(arena: Arena, last: int, kind: int, axis: int, low: int, high: int, least: int, most: int) -> Any:
    """Clip to ``low <= coordinate <= high`` where the shape reaches beyond."""
    for side in range(2):
        line = low if side == 0 else high
        if (least < low) if side == 0 else (most > high):
            arena = _room(arena, 0, last)
            height = _split(arena, 0, last, last, kind, axis, line, 1 if side == 0 else -1)
            last = _lower(arena, 0, last, height)
    return arena, last


@helper
def _cut_up(
    arena: Arena, last: int, tiles: Any, window: Any, buffer: int, shape: int, kind: int,
    stack: Any, out: Pieces, counters: Any,
) -> Any:  # fmt: skip
    """Halve the tiles a shape touches until single tiles remain; rings 0 to `last` of the arena.

    Where the halves part depends on the shape alone, so cutting only some tiles gives the same.
    """
    for side in range(4):
        stack[0, side] = tiles[side]
    stack[0, 4] = 0
    stack[0, 5] = last
    depth = 1
    while depth > 0:
        depth -= 1
        x0, y0, x1, y1 = stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3]
        first, last = stack[depth, 4], stack[depth, 5]
        if last == first or x1 < window[0] or y1 < window[1] or x0 > window[2] or y0 > window[3]:
            continue
        if x0 == x1 and y0 == y1:
            out = _leaf(arena, first, last, x0, y0, shape, kind, out, counters)
            continue
        arena = _room(arena, first, last)
        axis = 0 if x1 - x0 >= y1 - y0 else 1
        middle = (x0 + x1) // 2 if axis == 0 else (y0 + y1) // 2
        border = (middle + 1) << _BITS
        upper = _split(arena, first, last, last, kind, axis, border + buffer, -1)
        top = _split(arena, first, last, upper, kind, axis, border - buffer, 1)
        count = upper - last
        top = _lower(arena, first, last, top)
        stack[depth + 1] = stack[depth]
        stack[depth, 2 + axis] = middle
        stack[depth, 5] = first + count
        stack[depth + 1, axis] = middle + 1
        stack[depth + 1, 4] = first + count
        stack[depth + 1, 5] = top
        depth += 2
    return arena, out


@helper
def _spread(
    arena: Arena, box: Any, tiles: Any, window: Any, buffer: int, start: int, shape: int, kind: int,
    stack: Any, out: Pieces, counters: Any,
) -> Any:  # fmt: skip
    """Take the rings from `start` out of the pieces again and cut them into several tiles."""
    last = counters[RINGS] - start
    base = out.rings[start]
    arena.rings[0] = 0
    arena = reserve(arena, 0, out.rings[counters[RINGS]] - base, last + 1)
    for ring in range(start, counters[RINGS]):
        arena.rings[ring - start] = out.rings[ring] - base
    arena.rings[last] = out.rings[counters[RINGS]] - base
    for k in range(arena.rings[last]):
        arena.x[k] = np.int64(out.x[base + k]) << FRACTION
        arena.y[k] = np.int64(out.y[base + k]) << FRACTION
    counters[RINGS] = start
    for axis in range(2):
        low = (tiles[axis] << _BITS) - buffer
        high = ((tiles[axis + 2] + 1) << _BITS) + buffer
        arena, last = _trim(arena, last, kind, axis, low, high, box[axis], box[axis + 2])
    return _cut_up(arena, last, tiles, window, buffer, shape, kind, stack, out, counters)


@helper
def _place(
    arena: Arena, window: Any, buffer: int, start: int, shape: int, kind: int, flag: int, zoom: int,
    box: Any, tiles: Any, stack: Any, out: Pieces, counters: Any,
) -> Any:  # fmt: skip
    """Give the rings from `start` to the tiles they touch, buffers included."""
    first, last = out.rings[start], out.rings[counters[RINGS]]
    box[0] = box[2] = out.x[first]
    box[1] = box[3] = out.y[first]
    for k in range(first, last):
        box[0] = min(box[0], out.x[k])
        box[1] = min(box[1], out.y[k])
        box[2] = max(box[2], out.x[k])
        box[3] = max(box[3], out.y[k])
    if flag == DUST:
        buffer = 0
    edge = (np.int64(1) << zoom) - 1
    single = True
    for axis in range(2):
        least = max((box[axis] - buffer) >> _BITS, 0)
        most = min((box[axis + 2] + buffer) >> _BITS, edge)
        if flag == DUST:
            least = most = min(max(least, 0), edge)
        tiles[axis] = least
        tiles[axis + 2] = most
        single &= least == most
        if flag != DUST:
            single &= box[axis] >= (least << _BITS) - buffer
            single &= box[axis + 2] <= ((most + 1) << _BITS) + buffer
    if tiles[0] > tiles[2] or tiles[1] > tiles[3]:
        counters[RINGS] = start
        return arena, out
    if not single:
        return _spread(
            arena, box, tiles, window, buffer, start, shape, kind, stack, out, counters
        )
    inside = window[0] <= tiles[0] <= window[2] and window[1] <= tiles[1] <= window[3]
    if not inside:
        counters[RINGS] = start
        return arena, out
    if flag != DUST:
        flag = _flag(out, start, counters[RINGS], kind)
    out = reserve_pieces(out, counters[PIECES], 1)
    _add_piece(out, tiles[0], tiles[1], shape, start, flag, counters)
    return arena, out


@kernel
def cut(
    shapes: Shapes,
    chosen: NDArray[np.int64],
    zoom: int,
    tolerance: float,
    final: bool,
    buffer: int,
    window: NDArray[np.int64],
    counters: NDArray[np.int64],
) -> Pieces:
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
        Shape (4,): least column and row, greatest column and row of the tiles wanted.
    counters
        Shape (7,), zero on entry; see :mod:`pipeline.tiling.snapping`.

    Returns
    -------
    Pieces
        Untrimmed; ``counters[RINGS]`` and ``counters[PIECES]`` say how much is in use.
    """
    shift = _WORLD_BITS - _BITS - zoom
    unit = np.float64(np.int64(1) << shift)
    vertices = np.int64(0)
    for shape in chosen:
        vertices += shapes.rings[shapes.parts[shape + 1]] - shapes.rings[shapes.parts[shape]]
    room = chosen.shape[0] + chosen.shape[0] // 4 + 64
    out = new_pieces(vertices // 2 + room, 2 * room, room)
    arena = Arena(np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(256, np.int64))
    stack = np.empty((128, 6), np.int64)
    box = np.empty(4, np.int64)
    tiles = np.empty(4, np.int64)
    for shape in chosen:
        start = counters[RINGS]
        rings = shapes.parts[shape + 1] - shapes.parts[shape]
        size = shapes.rings[shapes.parts[shape + 1]] - shapes.rings[shapes.parts[shape]]
        out = reserve_rings(out, start, size + 4 * rings + 4, rings + 1)
        kind = shapes.kind[shape]
        flag = 0
        if kind != POLYGON:
            snap_others(shapes, shape, shift, tolerance, final, out, counters)
        elif final or shapes.area[shape] > _DUST_AREA * unit * unit:
            snap_polygon(shapes, shape, shift, tolerance, final, out, counters)
        if kind == POLYGON and counters[RINGS] == start:
            dust(shapes, shape, shift, out, counters)
            flag = DUST
        if counters[RINGS] > start:
            arena, out = _place(
                arena, window, buffer, start, shape, kind, flag, zoom,
                box, tiles, stack, out, counters,
            )  # fmt: skip
    return out
