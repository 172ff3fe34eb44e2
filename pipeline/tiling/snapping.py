"""Simplifying and snapping shapes to the grid of one zoom, before they are cut into tiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling._jit import helper
from pipeline.tiling.pieces import Pieces
from pipeline.tiling.rings import reverse, signed_area, tidy

RINGS, PIECES, DUST_COUNT, LINES_LOST, PARTS_LOST, ENLARGED, SUSPECTS = range(7)
"""What the counters of a cut count; lost and enlarged shapes are explained in the report."""

POINT, LINE, POLYGON = 1, 2, 3


@helper
def _snap(shapes: Any, ring: int, shift: int, tolerance: float, out: Pieces, at: int) -> int:
    """Write what simplification leaves of a ring on the grid of the zoom; return its length."""
    half = (np.int64(1) << shift) >> 1
    start = at
    for k in range(shapes.rings[ring], shapes.rings[ring + 1]):
        if shapes.importance[k] > tolerance:
            x = (np.int64(shapes.x[k]) + half) >> shift
            y = (np.int64(shapes.y[k]) + half) >> shift
            if at == start or out.x[at - 1] != x or out.y[at - 1] != y:
                out.x[at] = x
                out.y[at] = y
                at += 1
    return at - start


@helper
def _enlarge(out: Pieces, at: int, count: int, kind: int) -> int:
    """Give a ring or line that snapping has flattened one unit of width or length."""
    x, y = out.x, out.y
    if kind == LINE:
        x[at + 1] = x[at] + 1
        y[at + 1] = y[at]
        return 2
    far = at
    best = np.int64(0)
    for k in range(at + 1, at + count):
        dx = np.int64(x[k]) - x[at]
        dy = np.int64(y[k]) - y[at]
        if dx * dx + dy * dy > best:
            best = dx * dx + dy * dy
            far = k
    bx = x[far] if best else x[at] + 1
    by = y[far]
    upright = abs(np.int64(by) - y[at]) > abs(np.int64(bx) - x[at])
    x[at + 1] = bx
    y[at + 1] = by
    x[at + 2] = bx + (1 if upright else 0)
    y[at + 2] = by + (0 if upright else 1)
    x[at + 3] = x[at] + (1 if upright else 0)
    y[at + 3] = y[at] + (0 if upright else 1)
    return 4


@helper
def accept(out: Pieces, count: int, hole: int, counters: Any) -> None:
    """Take the ring of `count` vertices that was written behind the last one."""
    ring = counters[RINGS]
    out.hole[ring] = hole
    out.rings[ring + 1] = out.rings[ring] + count
    counters[RINGS] = ring + 1


@helper
def snap_polygon(
    shapes: Any, shape: int, shift: int, tolerance: float, final: bool, out: Pieces, counters: Any
) -> None:
    lost = False
    for ring in range(shapes.parts[shape], shapes.parts[shape + 1]):
        hole = shapes.hole[ring]
        if hole and lost:
            continue
        at = out.rings[counters[RINGS]]
        snapped = _snap(shapes, ring, shift, tolerance, out, at)
        count = tidy(out.x, out.y, at, snapped)
        area = signed_area(out.x, out.y, at, count) if count else 0
        if not hole:
            lost = area == 0
            if lost and final:
                snapped = _snap(shapes, ring, shift, tolerance, out, at)
                count = _enlarge(out, at, snapped, POLYGON)
                area = signed_area(out.x, out.y, at, count)
                counters[ENLARGED] += 1
                if area < 0:
                    reverse(out.x, out.y, at, count)
                accept(out, count, 0, counters)
                continue
            if lost:
                counters[PARTS_LOST] += 1
        if area == 0:
            continue
        if (area < 0) != (hole == 1):
            reverse(out.x, out.y, at, count)
        accept(out, count, hole, counters)


@helper
def snap_others(
    shapes: Any, shape: int, shift: int, tolerance: float, final: bool, out: Pieces, counters: Any
) -> None:
    """Write points and lines; a line that has shrunk to a point is kept at the last zoom only."""
    kind = shapes.kind[shape]
    kept = 0
    for ring in range(shapes.parts[shape], shapes.parts[shape + 1]):
        at = out.rings[counters[RINGS]]
        count = _snap(shapes, ring, shift, tolerance, out, at)
        if kind == LINE and count < 2:
            if not final:
                continue
            count = _enlarge(out, at, count, LINE)
            counters[ENLARGED] += 1
        accept(out, count, 0, counters)
        kept += 1
    lost = shapes.parts[shape + 1] - shapes.parts[shape] - kept
    if kept:
        counters[PARTS_LOST] += lost
    elif lost:
        counters[LINES_LOST] += 1


@helper
def dust(shapes: Any, shape: int, shift: int, out: Pieces, counters: Any) -> None:
    """Write the middle of a polygon that has no shape of its own at this zoom."""
    half = (np.int64(1) << shift) >> 1
    at = out.rings[counters[RINGS]]
    box = shapes.bounds[shape]
    out.x[at] = ((np.int64(box[0]) + box[2]) // 2 + half) >> shift
    out.y[at] = ((np.int64(box[1]) + box[3]) // 2 + half) >> shift
    accept(out, 1, 0, counters)
    counters[DUST_COUNT] += 1
