"""Simplifying and snapping shapes to the grid of one zoom, before they are cut into tiles.

Helpers here take plain arrays and not the tuples that hold them: a compiled function that unpacks
a tuple of arrays for every shape spends more time on counting references than on geometry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling.geometry.rings import reverse, signed_area, tidy
from pipeline.tiling.native import helper, inlined

RINGS, PIECES, TINY, LINES_LOST, PARTS_LOST, ENLARGED, WIDE = range(7)
"""What the counters of a cut count; the middle four are explained in the report."""

POINT, LINE, POLYGON = 1, 2, 3


@inlined
def _snap(
    xs: Any, ys: Any, importance: Any, first: int, last: int, shift: int, tolerance: float,
    ox: Any, oy: Any, at: int,
) -> int:  # fmt: skip
    """Write what simplification leaves of a ring on the grid of the zoom; return its length."""
    half = (np.int64(1) << shift) >> 1
    start = at
    for k in range(first, last):
        if importance[k] > tolerance:
            x = (np.int64(xs[k]) + half) >> shift
            y = (np.int64(ys[k]) + half) >> shift
            if at == start or ox[at - 1] != x or oy[at - 1] != y:
                ox[at] = x
                oy[at] = y
                at += 1
    return at - start


@helper
def _widen_line(x: Any, y: Any, at: int) -> int:
    """Give a line that is a point one unit of length."""
    x[at + 1] = x[at] + 1
    y[at + 1] = y[at]
    return 2


@helper
def widen_ring(x: Any, y: Any, at: int, count: int) -> int:
    """Give a ring that the grid has flattened one unit of width."""
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


@inlined
def accept(starts: Any, holes: Any, count: int, hole: int, counters: Any) -> None:
    """Take the ring of `count` vertices that was written behind the last one."""
    ring = counters[RINGS]
    holes[ring] = hole
    starts[ring + 1] = starts[ring] + count
    counters[RINGS] = ring + 1


@inlined
def snap_polygon(
    xs: Any, ys: Any, importance: Any, rings: Any, hole: Any, first: int, last: int,
    shift: int, tolerance: float, final: bool,
    ox: Any, oy: Any, starts: Any, holes: Any, counters: Any,
) -> None:  # fmt: skip
    """Write the rings `first` to `last` of a polygon, those without area left out.

    At the last zoom an exterior ring that the grid flattens is drawn one unit wide instead.
    """
    lost = False
    for ring in range(first, last):
        if hole[ring] and lost:
            continue
        at = starts[counters[RINGS]]
        low, high = rings[ring], rings[ring + 1]
        snapped = _snap(xs, ys, importance, low, high, shift, tolerance, ox, oy, at)
        count = tidy(ox, oy, at, snapped)
        area = signed_area(ox, oy, at, count) if count else 0
        if not hole[ring]:
            lost = area == 0
            if lost and final:
                snapped = _snap(xs, ys, importance, low, high, shift, tolerance, ox, oy, at)
                count = widen_ring(ox, oy, at, snapped)
                area = signed_area(ox, oy, at, count)
                counters[ENLARGED] += 1
            elif lost:
                counters[PARTS_LOST] += 1
        if area != 0:
            if (area < 0) != (hole[ring] == 1):
                reverse(ox, oy, at, count)
            accept(starts, holes, count, hole[ring], counters)


@inlined
def snap_others(
    xs: Any, ys: Any, importance: Any, rings: Any, first: int, last: int, kind: int,
    shift: int, tolerance: float, final: bool,
    ox: Any, oy: Any, starts: Any, holes: Any, counters: Any,
) -> None:  # fmt: skip
    """Write points and lines; a line that has shrunk to a point is kept at the last zoom only."""
    kept = 0
    for ring in range(first, last):
        at = starts[counters[RINGS]]
        low, high = rings[ring], rings[ring + 1]
        count = _snap(xs, ys, importance, low, high, shift, tolerance, ox, oy, at)
        if kind == LINE and count < 2:
            if not final:
                continue
            count = _widen_line(ox, oy, at)
            counters[ENLARGED] += 1
        accept(starts, holes, count, 0, counters)
        kept += 1
    if kept:
        counters[PARTS_LOST] += last - first - kept
    else:
        counters[LINES_LOST] += 1


@inlined
def snap_dust(
    box: Any, shift: int, ox: Any, oy: Any, starts: Any, holes: Any, counters: Any
) -> None:
    """Write the middle of a polygon that has no shape of its own at this zoom."""
    half = (np.int64(1) << shift) >> 1
    at = starts[counters[RINGS]]
    ox[at] = ((np.int64(box[0]) + box[2]) // 2 + half) >> shift
    oy[at] = ((np.int64(box[1]) + box[3]) // 2 + half) >> shift
    accept(starts, holes, 1, 0, counters)
    counters[TINY] += 1
