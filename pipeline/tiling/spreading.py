"""Shapes that reach into several tiles: halved along tile borders until single tiles remain."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling._jit import helper
from pipeline.tiling.clipping import (
    FRACTION,
    Arena,
    reserve,
    split_lines,
    split_points,
    split_polygon,
)
from pipeline.tiling.pieces import SUSPECT, Pieces, reserve_pieces, reserve_rings
from pipeline.tiling.rings import contains, is_suspect, signed_area, tidy
from pipeline.tiling.snapping import LINE, PIECES, POINT, POLYGON, RINGS, accept

_BITS = 12


@helper
def add_piece(
    out: Pieces, tx: int, ty: int, shape: int, first: int, flag: int, counters: Any
) -> None:
    piece = counters[PIECES]
    out.tile_x[piece] = tx
    out.tile_y[piece] = ty
    out.shape[piece] = shape
    out.first[piece] = first
    out.last[piece] = counters[RINGS]
    out.flag[piece] = flag
    counters[PIECES] = piece + 1


@helper
def flag_of(out: Pieces, first: int, last: int, kind: int) -> int:
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
                accept(out.rings, out.hole, count, 1 if area < 0 else 0, counters)
        elif kind == POINT or count >= 2:
            accept(out.rings, out.hole, count, 0, counters)
    if kind == POLYGON:
        counters[RINGS] = _order_rings(out, start, counters[RINGS])
    if counters[RINGS] > start:
        flag = flag_of(out, start, counters[RINGS], kind)
        add_piece(out, tx, ty, shape, start, flag, counters)
    return out


@helper
def _split(
    arena: Arena, first: int, last: int, height: int, kind: int, axis: int, line: int, sign: int
) -> int:
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
def _trim(
    arena: Arena, last: int, kind: int, axis: int, low: int, high: int, least: int, most: int
) -> Any:
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
def spread_shape(
    arena: Arena, box: Any, tiles: Any, window: Any, buffer: int, start: int, end: int,
    shape: int, kind: int, stack: Any, out: Pieces, counters: Any,
) -> Any:  # fmt: skip
    """Cut the rings `start` to `end`, which lie behind those in use, into several tiles."""
    last = end - start
    base = out.rings[start]
    arena.rings[0] = 0
    arena = reserve(arena, 0, out.rings[end] - base, last + 1)
    for ring in range(start, end + 1):
        arena.rings[ring - start] = out.rings[ring] - base
    for k in range(arena.rings[last]):
        arena.x[k] = np.int64(out.x[base + k]) << FRACTION
        arena.y[k] = np.int64(out.y[base + k]) << FRACTION
    for axis in range(2):
        low = (tiles[axis] << _BITS) - buffer
        high = ((tiles[axis + 2] + 1) << _BITS) + buffer
        arena, last = _trim(arena, last, kind, axis, low, high, box[axis], box[axis + 2])
    return _cut_up(arena, last, tiles, window, buffer, shape, kind, stack, out, counters)
