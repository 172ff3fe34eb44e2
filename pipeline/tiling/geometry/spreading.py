"""Shapes that reach into several tiles: halved along tile borders until single tiles remain."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling.geometry.clipping import (
    FRACTION,
    Arena,
    has_room,
    split_lines,
    split_points,
    split_polygon,
)
from pipeline.tiling.geometry.pieces import SUSPECT, Pieces
from pipeline.tiling.geometry.rings import contains, is_suspect, reverse, signed_area, tidy
from pipeline.tiling.geometry.snapping import (
    ENLARGED,
    LINE,
    PIECES,
    POINT,
    POLYGON,
    RINGS,
    accept,
    widen_ring,
)
from pipeline.tiling.native import helper

_BITS = 12


@helper
def _add_piece(
    out: Pieces, tx: int, ty: int, shape: int, first: int, kind: int, counters: Any
) -> None:
    piece = counters[PIECES]
    out.tile_x[piece] = tx
    out.tile_y[piece] = ty
    out.shape[piece] = shape
    out.first[piece] = first
    out.last[piece] = counters[RINGS]
    suspect = kind == POLYGON and is_suspect(
        out.x, out.y, out.rings, out.hole, first, counters[RINGS]
    )
    out.flag[piece] = SUSPECT if suspect else 0
    counters[PIECES] = piece + 1


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
            if (
                out.hole[ring]
                and not out.hole[shell]
                and (
                    shells == 1
                    or contains(
                        out.x, out.y, out.rings[shell], out.rings[shell + 1], out.x[at], out.y[at]
                    )
                )
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
def _keep_flat(arena: Arena, ring: int, tx: int, ty: int, out: Pieces, counters: Any) -> None:
    """Draw what the grid has flattened of a polygon in this tile one unit wide."""
    half = np.int64(1) << (FRACTION - 1)
    begin = out.rings[counters[RINGS]]
    count = 0
    touches = False
    for k in range(arena.rings[ring], arena.rings[ring + 1]):
        x = (arena.x[k] + half) >> FRACTION
        y = (arena.y[k] + half) >> FRACTION
        out.x[begin + count] = x
        out.y[begin + count] = y
        count += 1
        touches |= (x >> _BITS) == tx and (y >> _BITS) == ty
    if touches:
        count = widen_ring(out.x, out.y, begin, count)
        if signed_area(out.x, out.y, begin, count) < 0:
            reverse(out.x, out.y, begin, count)
        accept(out.rings, out.hole, count, 0, counters)
        counters[ENLARGED] += 1


@helper
def _leaf(
    arena: Arena, first: int, last: int, tx: int, ty: int, shape: int, kind: int, final: bool,
    out: Pieces, counters: Any,
) -> bool:  # fmt: skip
    """Write what the arena holds of a shape in one tile, rounded; tell whether it fitted."""
    start = counters[RINGS]
    vertices = arena.rings[last] - arena.rings[first]
    if (
        out.rings[start] + vertices + 4 > out.x.shape[0]
        or start + last - first + 1 > out.hole.shape[0]
        or counters[PIECES] >= out.flag.shape[0]
    ):
        return False
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
        if final and counters[RINGS] == start:
            _keep_flat(arena, first, tx, ty, out, counters)
    if counters[RINGS] > start:
        _add_piece(out, tx, ty, shape, start, kind, counters)
    return True


@helper
def _split(
    arena: Arena, first: int, last: int, height: int, kind: int, axis: int, line: int, sign: int
) -> int:
    fixed = line << FRACTION
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
def _trim(arena: Arena, last: int, kind: int, box: Any, tiles: Any, buffer: int) -> int:
    """Clip to the tiles, where the shape reaches beyond the world; -1 if there is no room."""
    for side in range(4):
        axis = side % 2
        far = side >= 2
        line = ((tiles[side] + 1) << _BITS) + buffer if far else (tiles[side] << _BITS) - buffer
        if (box[side] > line) if far else (box[side] < line):
            if not has_room(arena, np.int64(0), last):
                return -1
            sign = -1 if far else 1
            height = _split(arena, np.int64(0), last, last, kind, axis, line, sign)
            last = _lower(arena, np.int64(0), last, height)
    return last


@helper
def _cut_up(
    arena: Arena, last: int, tiles: Any, window: Any, buffer: int, shape: int, kind: int,
    final: bool, stack: Any, out: Pieces, counters: Any,
) -> bool:  # fmt: skip
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
            if not _leaf(arena, first, last, x0, y0, shape, kind, final, out, counters):
                return False
            continue
        if not has_room(arena, first, last):
            return False
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
    return True


@helper
def spread_shape(
    arena: Arena, box: Any, tiles: Any, window: Any, buffer: int, start: int, end: int,
    shape: int, kind: int, final: bool, stack: Any, out: Pieces, counters: Any,
) -> bool:  # fmt: skip
    """Cut the rings `start` to `end`, which lie behind those in use, into several tiles.

    Returns
    -------
    bool
        False if arena or pieces are too small; what was written then has to be forgotten.
    """
    last = end - start
    base = out.rings[start]
    if out.rings[end] - base > arena.x.shape[0] or last >= arena.rings.shape[0]:
        return False
    for ring in range(start, end + 1):
        arena.rings[ring - start] = out.rings[ring] - base
    for k in range(arena.rings[last]):
        arena.x[k] = np.int64(out.x[base + k]) << FRACTION
        arena.y[k] = np.int64(out.y[base + k]) << FRACTION
    last = _trim(arena, last, kind, box, tiles, buffer)
    if last < 0:
        return False
    return _cut_up(arena, last, tiles, window, buffer, shape, kind, final, stack, out, counters)
