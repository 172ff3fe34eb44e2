"""Rings on the integer grid of a tile: tidying, area, and the test whether they are simple.

The test is conservative: what it passes is a valid polygon in the sense of OGC Simple Features,
what it does not pass goes to GEOS, which decides and repairs
(:mod:`pipeline.tiling.geometry.repair`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling.geometry.crossing import cross, segments_meet
from pipeline.tiling.native import helper, inlined

MANY_RINGS = 1024
"""Beyond this many rings in one piece nesting is left to GEOS."""


@inlined
def signed_area(x: Any, y: Any, first: int, count: int) -> Any:
    """Return twice the signed area of the ring of `count` vertices at `first`."""
    total = np.int64(0)
    for k in range(first + 1, first + count - 1):
        total += cross(x[first], y[first], x[k], y[k], x[k + 1], y[k + 1])
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
        if cross(x[end - 1], y[end - 1], x[end], y[end], x[first], y[first]) == 0:
            kept = _settle(x, y, first, kept - 1)
            changed = True
        elif cross(x[end], y[end], x[first], y[first], x[first + 1], y[first + 1]) == 0:
            x[first] = x[end]
            y[first] = y[end]
            kept -= 1
            while kept >= 3 and not cross(
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
        elif kept >= 3 and not cross(
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
    sign = cross(x[last - 1], y[last - 1], x[last], y[last], x[first], y[first]) > 0
    east = x[first] > x[last] or (x[first] == x[last] and y[first] > y[last])
    for k in range(first, first + count):
        before = k - 1 if k > first else last
        after = k + 1 if k < last else first
        if (cross(x[before], y[before], x[k], y[k], x[after], y[after]) > 0) != sign:
            return False
        onward = x[after] > x[k] or (x[after] == x[k] and y[after] > y[k])
        if onward != east:
            turns += 1
        east = onward
    return turns <= 2


@helper
def contains(x: Any, y: Any, first: int, last: int, px: Any, py: Any) -> bool:
    """Tell whether the ring `first` to `last` (exclusive) contains a point; borders undecided."""
    inside = False
    j = last - 1
    for i in range(first, last):
        if (y[i] > py) != (y[j] > py):
            side = cross(x[j], y[j], x[i], y[i], px, py)
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
        depth = 0
        for outer in range(first, last):
            if outer == inner:
                continue
            inside = _ring_contains(x, y, rings, boxes, outer, inner, first)
            if hole[inner] and outer == shell and not inside:
                return True
            if inside:
                depth += 1
        if depth % 2 != hole[inner]:
            return True
    return False


@helper
def is_suspect(x: Any, y: Any, rings: Any, hole: Any, first: int, last: int) -> bool:
    """Tell whether tidy, oriented rings may form an invalid polygon."""
    if last - first == 1 and _is_convex(x, y, rings[first], rings[first + 1] - rings[first]):
        return False
    if segments_meet(x, y, rings, first, last):
        return True
    if last - first == 1:
        return False
    return last - first > MANY_RINGS or _badly_nested(x, y, rings, hole, first, last)
