"""Rings on the integer grid of a tile: tidying, area, and the test whether they are simple.

The test is conservative: what it passes is a valid polygon in the sense of OGC Simple Features,
what it does not pass goes to GEOS, which decides and repairs (:mod:`pipeline.tiling.repair`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling.native import helper, inlined

BRUTE_FORCE = 24
"""Up to this many segments every pair is compared; beyond it a sweep finds the pairs."""

SWEEP_WORK = 96
"""Comparisons per segment after which a sweep gives up and calls the polygon suspect."""

MANY_RINGS = 1024
"""Beyond this many rings in one piece nesting is left to GEOS."""


@inlined
def _cross(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any) -> Any:
    """Return twice the signed area of the triangle a, b, c."""
    return (np.int64(bx) - ax) * (np.int64(cy) - ay) - (np.int64(cx) - ax) * (np.int64(by) - ay)


@inlined
def signed_area(x: Any, y: Any, first: int, count: int) -> Any:
    """Return twice the signed area of the ring of `count` vertices at `first`."""
    total = np.int64(0)
    for k in range(first + 1, first + count - 1):
        total += _cross(x[first], y[first], x[k], y[k], x[k + 1], y[k + 1])
    return total


@inlined
def reverse(x: Any, y: Any, first: int, count: int) -> None:
    """Turn a ring round."""
    for k in range(count // 2):
        a = first + k
        b = first + count - 1 - k
        x[a], x[b] = x[b], x[a]
        y[a], y[b] = y[b], y[a]


@inlined
def tidy(x: Any, y: Any, first: int, count: int) -> int:
    """Drop repeated vertices, spikes and vertices on a straight line; return the new count.

    Works in place and keeps the shape of the ring; what has no area is left with no vertices.
    """
    kept = 0
    for k in range(first, first + count):
        x[first + kept] = x[k]
        y[first + kept] = y[k]
        kept = _settle(x, y, first, kept + 1)
    changed = True
    while changed and kept >= 3:
        changed = False
        end = first + kept - 1
        if _cross(x[end - 1], y[end - 1], x[end], y[end], x[first], y[first]) == 0:
            kept = _settle(x, y, first, kept - 1)
            changed = True
        elif _cross(x[end], y[end], x[first], y[first], x[first + 1], y[first + 1]) == 0:
            x[first] = x[end]
            y[first] = y[end]
            kept -= 1
            while kept >= 3 and not _cross(
                x[first], y[first], x[first + 1], y[first + 1], x[first + 2], y[first + 2]
            ):
                for k in range(first + 1, first + kept - 1):
                    x[k] = x[k + 1]
                    y[k] = y[k + 1]
                kept -= 1
            changed = True
    return kept if kept >= 3 else 0


@inlined
def _settle(x: Any, y: Any, first: int, kept: int) -> int:
    """Drop from the end of a growing ring whatever its last vertex makes superfluous."""
    while kept >= 2:
        end = first + kept - 1
        if x[end] == x[end - 1] and y[end] == y[end - 1]:
            kept -= 1
        elif kept >= 3 and not _cross(
            x[end - 2], y[end - 2], x[end - 1], y[end - 1], x[end], y[end]
        ):
            x[end - 1] = x[end]
            y[end - 1] = y[end]
            kept -= 1
        else:
            break
    return kept


@helper
def _is_convex(x: Any, y: Any, first: int, count: int) -> bool:
    """Tell whether a tidy ring turns one way and goes round once."""
    turns = 0
    last = first + count - 1
    sign = _cross(x[last - 1], y[last - 1], x[last], y[last], x[first], y[first]) > 0
    east = x[first] > x[last] or (x[first] == x[last] and y[first] > y[last])
    for k in range(first, first + count):
        before = k - 1 if k > first else last
        after = k + 1 if k < last else first
        if (_cross(x[before], y[before], x[k], y[k], x[after], y[after]) > 0) != sign:
            return False
        onward = x[after] > x[k] or (x[after] == x[k] and y[after] > y[k])
        if onward != east:
            turns += 1
        east = onward
    return turns <= 2


@inlined
def _meet(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any, dx: Any, dy: Any) -> bool:
    """Tell whether the segments a-b and c-d have a point in common; their boxes overlap."""
    one = _cross(ax, ay, bx, by, cx, cy)
    two = _cross(ax, ay, bx, by, dx, dy)
    if (one > 0 and two > 0) or (one < 0 and two < 0):
        return False
    three = _cross(cx, cy, dx, dy, ax, ay)
    four = _cross(cx, cy, dx, dy, bx, by)
    return not ((three > 0 and four > 0) or (three < 0 and four < 0))


@inlined
def _pair_meets(x: Any, y: Any, follower: Any, i: int, j: int) -> bool:
    """Tell whether two segments of tidy rings meet other than as neighbours in a ring."""
    p = follower[i]
    q = follower[j]
    if p == j or q == i:
        return False
    ax, ay, bx, by = x[i], y[i], x[p], y[p]
    cx, cy, dx, dy = x[j], y[j], x[q], y[q]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx):
        return False
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    return _meet(ax, ay, bx, by, cx, cy, dx, dy)


@helper
def _segments_meet(x: Any, y: Any, rings: Any, first: int, last: int) -> bool:
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
    return _sweep(xs, ys, follower)


@helper
def _sweep(x: Any, y: Any, follower: Any) -> bool:
    """Compare segments whose x ranges overlap, from west to east, within a bound on work."""
    count = x.shape[0]
    west = np.empty(count, np.int32)
    east = np.empty(count, np.int32)
    for i in range(count):
        west[i] = min(x[i], x[follower[i]])
        east[i] = max(x[i], x[follower[i]])
    active = np.empty(count, np.int64)
    size = 0
    work = SWEEP_WORK * count + 4096
    for i in np.argsort(west):
        k = 0
        work -= size
        if work < 0:
            return True
        while k < size:
            j = active[k]
            if east[j] < west[i]:
                size -= 1
                active[k] = active[size]
                continue
            if _pair_meets(x, y, follower, i, j):
                return True
            k += 1
        active[size] = i
        size += 1
    return False


@helper
def contains(x: Any, y: Any, first: int, last: int, px: Any, py: Any) -> bool:
    """Tell whether the ring `first` to `last` (exclusive) contains a point; borders undecided."""
    inside = False
    j = last - 1
    for i in range(first, last):
        if (y[i] > py) != (y[j] > py):
            side = _cross(x[j], y[j], x[i], y[i], px, py)
            if (side > 0) == (y[i] > y[j]):
                inside = not inside
        j = i
    return inside


@helper
def _ring_contains(
    x: Any, y: Any, rings: Any, boxes: Any, outer: int, inner: int, base: int
) -> bool:
    """Tell whether one ring lies in another; rings are known not to cross."""
    a = boxes[outer - base]
    b = boxes[inner - base]
    if b[0] < a[0] or b[1] < a[1] or b[2] > a[2] or b[3] > a[3]:
        return False
    at = rings[inner]
    return contains(x, y, rings[outer], rings[outer + 1], x[at], y[at])


@helper
def ring_boxes(x: Any, y: Any, rings: Any, first: int, last: int) -> Any:
    """Return the bounds of rings `first` to `last`, shape (rings, 4)."""
    boxes = np.empty((last - first, 4), np.int64)
    for ring in range(first, last):
        box = boxes[ring - first]
        box[0] = box[2] = x[rings[ring]]
        box[1] = box[3] = y[rings[ring]]
        for k in range(rings[ring], rings[ring + 1]):
            box[0] = min(box[0], x[k])
            box[1] = min(box[1], y[k])
            box[2] = max(box[2], x[k])
            box[3] = max(box[3], y[k])
    return boxes


@helper
def _badly_nested(x: Any, y: Any, rings: Any, hole: Any, first: int, last: int) -> bool:
    """Tell whether a hole lies outside its exterior ring or rings lie in one another wrongly."""
    boxes = ring_boxes(x, y, rings, first, last)
    shell = first
    for inner in range(first, last):
        if not hole[inner]:
            shell = inner
        elif not _ring_contains(x, y, rings, boxes, shell, inner, first):
            return True
        depth = 0
        for outer in range(first, last):
            if outer != inner and _ring_contains(x, y, rings, boxes, outer, inner, first):
                depth += 1
        if depth % 2 != hole[inner]:
            return True
    return False


@helper
def is_suspect(x: Any, y: Any, rings: Any, hole: Any, first: int, last: int) -> bool:
    """Tell whether tidy, oriented rings may form an invalid polygon."""
    if last - first == 1 and _is_convex(x, y, rings[first], rings[first + 1] - rings[first]):
        return False
    if _segments_meet(x, y, rings, first, last):
        return True
    if last - first == 1:
        return False
    return last - first > MANY_RINGS or _badly_nested(x, y, rings, hole, first, last)
