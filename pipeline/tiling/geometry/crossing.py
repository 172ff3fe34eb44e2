"""Whether segments of rings meet where they should not.

Few segments are compared pair by pair; many are dealt into cells of about their own size, so that
only neighbours are compared. Both the cells a segment is dealt to and the comparisons are bounded:
what exceeds the bound is called a meeting, and GEOS, which is not fooled, decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling.native import helper, inlined

BRUTE_FORCE = 24
"""Up to this many segments every pair is compared."""

WORK = 96
"""Comparisons, and cells, for each segment after which the search gives up."""


@inlined
def cross(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any) -> Any:
    """Return twice the signed area of the triangle a, b, c."""
    return (np.int64(bx) - ax) * (np.int64(cy) - ay) - (np.int64(cx) - ax) * (np.int64(by) - ay)


@inlined
def _meet(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any, dx: Any, dy: Any) -> bool:
    """Tell whether the segments a-b and c-d have a point in common; their boxes overlap."""
    one = cross(ax, ay, bx, by, cx, cy)
    two = cross(ax, ay, bx, by, dx, dy)
    if (one > 0 and two > 0) or (one < 0 and two < 0):
        return False
    three = cross(cx, cy, dx, dy, ax, ay)
    four = cross(cx, cy, dx, dy, bx, by)
    return not ((three > 0 and four > 0) or (three < 0 and four < 0))


@inlined
def _pair_meets(x: Any, y: Any, follower: Any, i: int, j: int) -> bool:
    """Tell whether two segments of tidy rings meet other than as neighbours in a ring."""
    p = follower[i]
    q = follower[j]
    if p == j or q == i:
        return False
    if i == j:  # dealt twice to one bucket
        return False
    ax, ay, bx, by = x[i], y[i], x[p], y[p]
    cx, cy, dx, dy = x[j], y[j], x[q], y[q]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx):
        return False
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    return _meet(ax, ay, bx, by, cx, cy, dx, dy)


@helper
def segments_meet(x: Any, y: Any, rings: Any, first: int, last: int) -> bool:
    """Tell whether any two segments of the rings meet where they should not."""
    low = rings[first]
    count = rings[last] - low
    xs = x[low : low + count]
    ys = y[low : low + count]
    follower = np.empty(count, np.int64)
    for ring in range(first, last):
        for k in range(rings[ring], rings[ring + 1] - 1):
            follower[k - low] = k - low + 1
        follower[rings[ring + 1] - 1 - low] = rings[ring] - low
    if count <= BRUTE_FORCE:
        for i in range(count):
            for j in range(i + 1, count):
                if _pair_meets(xs, ys, follower, i, j):
                    return True
        return False
    return _meet_in_cells(xs, ys, follower)


@inlined
def _extent(x: Any, y: Any, follower: Any, i: int) -> int:
    """Return the longer side of the box around a segment."""
    j = follower[i]
    return max(abs(np.int64(x[i]) - x[j]), abs(np.int64(y[i]) - y[j]))


@inlined
def _cells_of(x: Any, y: Any, follower: Any, i: int, shift: int, cells: Any) -> None:
    """Write the first and last column and row of the cells around a segment."""
    j = follower[i]
    cells[0] = np.int64(min(x[i], x[j])) >> shift
    cells[1] = np.int64(max(x[i], x[j])) >> shift
    cells[2] = np.int64(min(y[i], y[j])) >> shift
    cells[3] = np.int64(max(y[i], y[j])) >> shift


@inlined
def _bucket(column: Any, row: Any, mask: Any) -> Any:
    """Return where a cell lies in the table; cells that share a bucket cost time, no more."""
    mixed = column * 0x9E3779B97F4A7C1 + row * 0x5851F42D4C957F2
    return (mixed >> 20) & mask


@helper
def _meet_in_cells(x: Any, y: Any, follower: Any) -> bool:
    """Compare segments that come through the same cell, cells being as large as segments are."""
    count = x.shape[0]
    total = np.int64(0)
    for i in range(count):
        total += _extent(x, y, follower, i)
    shift = np.int64(1)
    while (np.int64(1) << shift) * count < total:
        shift += 1
    size = np.int64(1) << 4
    while size < count:
        size <<= 1
    mask = size - 1
    cells = np.empty(4, np.int64)
    starts = np.zeros(size + 1, np.int64)
    total = np.int64(0)
    for i in range(count):
        _cells_of(x, y, follower, i, shift, cells)
        total += (cells[1] - cells[0] + 1) * (cells[3] - cells[2] + 1)
        if total > WORK * count:
            return True
        for column in range(cells[0], cells[1] + 1):
            for row in range(cells[2], cells[3] + 1):
                starts[_bucket(column, row, mask) + 1] += 1
    for k in range(1, size + 1):
        starts[k] += starts[k - 1]
    dealt = np.empty(total, np.int32)
    for i in range(count - 1, -1, -1):
        _cells_of(x, y, follower, i, shift, cells)
        for column in range(cells[0], cells[1] + 1):
            for row in range(cells[2], cells[3] + 1):
                bucket = _bucket(column, row, mask) + 1
                starts[bucket] -= 1
                dealt[starts[bucket]] = i
    return _meet_in_buckets(x, y, follower, starts, dealt)


@helper
def _meet_in_buckets(x: Any, y: Any, follower: Any, starts: Any, dealt: Any) -> bool:
    """Compare the segments of each bucket; `starts` holds the first of bucket k at k + 1."""
    work = WORK * x.shape[0] + 4096
    for k in range(1, starts.shape[0]):
        first = starts[k]
        last = starts[k + 1] if k + 1 < starts.shape[0] else dealt.shape[0]
        work -= (last - first) * (last - first - 1) // 2
        if work < 0:
            return True
        for a in range(first, last):
            for b in range(a + 1, last):
                if _pair_meets(x, y, follower, dealt[a], dealt[b]):
                    return True
    return False
