"""Importance: how far a line would move if one of its vertices were left out.

One Douglas-Peucker pass over the full detail gives every vertex the tolerance up to which it
stays, so that each zoom simplifies by comparing numbers. Arithmetic is on integers and the
direction in which an arc is walked does not matter: two rings that share an arc agree on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.native import helper, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.geometry.shapes import Shapes

WORK_PER_VERTEX = 256
"""Distance computations allowed per vertex of an arc; a spiral made to be slow wants n of them."""

_POINT, _POLYGON = 1, 3


@helper
def _later(ax: Any, ay: Any, bx: Any, by: Any) -> bool:
    """Compare two places by x, then y."""
    return bool(ax > bx or (ax == bx and ay > by))


@helper
def _distance(px: Any, py: Any, ax: Any, ay: Any, bx: Any, by: Any) -> Any:
    """Return the squared distance of p from the segment a-b."""
    dx = bx - ax
    dy = by - ay
    ex = px - ax
    ey = py - ay
    along = ex * dx + ey * dy
    length = dx * dx + dy * dy
    if along <= 0:
        return np.float64(ex * ex + ey * ey)
    if along >= length:
        ex = px - bx
        ey = py - by
        return np.float64(ex * ex + ey * ey)
    across = np.float64(ex * dy - ey * dx)
    return across * across / np.float64(length)


@helper
def _farthest(x: Any, y: Any, a: int, b: int) -> Any:
    """Return the vertex between `a` and `b` farthest from the segment, and how far."""
    ax, ay, bx, by = x[a], y[a], x[b], y[b]
    best = -1.0
    at = a + 1
    for k in range(a + 1, b):
        distance = _distance(x[k], y[k], ax, ay, bx, by)
        if distance > best or (distance == best and _later(x[k], y[k], x[at], y[at])):
            best = distance
            at = k
    return at, best


@helper
def _walk(x: Any, y: Any, count: int, weight: Any, stack: Any, limits: Any) -> None:
    """Give the inner vertices of an arc their weight; a line ends where a bound on work does."""
    stack[0, 0] = 0
    stack[0, 1] = count - 1
    limits[0] = np.inf
    depth = 1
    work = WORK_PER_VERTEX * count
    while depth > 0:
        depth -= 1
        a = stack[depth, 0]
        b = stack[depth, 1]
        limit = limits[depth]
        if b - a < 2:
            continue
        if work > 0:
            work -= b - a
            at, best = _farthest(x, y, a, b)
        else:
            at = (a + b) // 2
            best = _distance(x[at], y[at], x[a], y[a], x[b], y[b])
        best = min(best, limit)
        weight[at] = best
        stack[depth, 0] = a
        stack[depth, 1] = at
        limits[depth] = best
        stack[depth + 1, 0] = at
        stack[depth + 1, 1] = b
        limits[depth + 1] = best
        depth += 2


@helper
def _arc(
    shapes: Any, first: int, count: int, start: int, length: int,
    x: Any, y: Any, weight: Any, stack: Any, limits: Any,
) -> None:  # fmt: skip
    """Weigh the arc of `length` vertices from `start` in the ring of `count` at `first`.

    The arc is copied so that the lesser end comes first: rings that walk it both ways agree.
    """
    final = start + length - 1
    a = first + start % count
    b = first + final % count
    if shapes.x[a] == shapes.x[b] and shapes.y[a] == shapes.y[b] and length > 3:
        a = first + (start + 1) % count
        b = first + (final - 1) % count
    backwards = _later(shapes.x[a], shapes.y[a], shapes.x[b], shapes.y[b])
    for k in range(length):
        at = first + (final - k if backwards else start + k) % count
        x[k] = shapes.x[at]
        y[k] = shapes.y[at]
    if x[0] == x[length - 1] and y[0] == y[length - 1] and length > 3:
        half, _ = _farthest(x, y, 0, length - 1)
        weight[half] = np.inf
        _walk(x, y, half + 1, weight, stack, limits)
        _walk(x[half:], y[half:], length - half, weight[half:], stack, limits)
    else:
        _walk(x, y, length, weight, stack, limits)
    for k in range(1, length - 1):
        at = first + (final - k if backwards else start + k) % count
        shapes.importance[at] = weight[k]


@helper
def _ring(
    shapes: Any, nodes: Any, first: int, count: int,
    x: Any, y: Any, weight: Any, stack: Any, limits: Any,
) -> None:  # fmt: skip
    """Weigh a ring arc by arc between nodes; one without nodes starts at its least vertex."""
    start = -1
    least = 0
    for k in range(count):
        if nodes[first + k]:
            start = k
            break
        at = first + k
        if _later(shapes.x[first + least], shapes.y[first + least], shapes.x[at], shapes.y[at]):
            least = k
    if start < 0:
        _arc(shapes, first, count, least, count + 1, x, y, weight, stack, limits)
        return
    begin = start
    for k in range(start + 1, start + count + 1):
        if k == start + count or nodes[first + k % count]:
            if k - begin > 1:
                _arc(shapes, first, count, begin, k - begin + 1, x, y, weight, stack, limits)
            begin = k


@helper
def _area(shapes: Any, first: int, last: int) -> Any:
    """Return twice the signed area of a ring."""
    ox = np.int64(shapes.x[first])
    oy = np.int64(shapes.y[first])
    total = 0.0
    px = np.int64(0)
    py = np.int64(0)
    for k in range(first + 1, last):
        x = shapes.x[k] - ox
        y = shapes.y[k] - oy
        total += np.float64(px * y - x * py)
        px = x
        py = y
    return total


@helper
def _reverse(shapes: Any, first: int, last: int) -> None:
    for k in range((last - first) // 2):
        a = first + k
        b = last - 1 - k
        shapes.x[a], shapes.x[b] = shapes.x[b], shapes.x[a]
        shapes.y[a], shapes.y[b] = shapes.y[b], shapes.y[a]


@kernel("Shapes, int64, int64")
def orient(shapes: Shapes, first: int, last: int) -> None:
    """Fill bounds and area of shapes `first` to `last` and turn their rings the right way."""
    for shape in range(first, last):
        low = shapes.rings[shapes.parts[shape]]
        high = shapes.rings[shapes.parts[shape + 1]]
        west = east = shapes.x[low]
        north = south = shapes.y[low]
        for k in range(low, high):
            west = min(west, shapes.x[k])
            east = max(east, shapes.x[k])
            north = min(north, shapes.y[k])
            south = max(south, shapes.y[k])
        shapes.bounds[shape, 0] = west
        shapes.bounds[shape, 1] = north
        shapes.bounds[shape, 2] = east
        shapes.bounds[shape, 3] = south
        shapes.area[shape] = 0.0
        if shapes.kind[shape] != _POLYGON:
            continue
        for ring in range(shapes.parts[shape], shapes.parts[shape + 1]):
            twice = _area(shapes, shapes.rings[ring], shapes.rings[ring + 1])
            sign = -1.0 if shapes.hole[ring] else 1.0
            if twice * sign < 0:
                _reverse(shapes, shapes.rings[ring], shapes.rings[ring + 1])
            shapes.area[shape] += sign * abs(twice) / 2


@kernel("Shapes, uint8[::1], int64, int64")
def weigh(shapes: Shapes, nodes: NDArray[np.uint8], first: int, last: int) -> None:
    """Fill the importance of every vertex of shapes `first` to `last`.

    Parameters
    ----------
    shapes
        Already turned by :func:`orient`.
    nodes
        Shape (vertices,): 1 where a shared border ends, see
        :mod:`pipeline.tiling.geometry.topology`.
    """
    longest = 2
    for ring in range(shapes.parts[first], shapes.parts[last]):
        longest = max(longest, shapes.rings[ring + 1] - shapes.rings[ring] + 1)
    x = np.empty(longest, np.int64)
    y = np.empty(longest, np.int64)
    weight = np.empty(longest, np.float64)
    stack = np.empty((longest + 2, 2), np.int64)
    limits = np.empty(longest + 2, np.float64)
    for shape in range(first, last):
        if shapes.kind[shape] == _POINT:
            continue
        for ring in range(shapes.parts[shape], shapes.parts[shape + 1]):
            low = shapes.rings[ring]
            count = shapes.rings[ring + 1] - low
            for k in range(low, low + count):
                shapes.importance[k] = np.inf
            if shapes.kind[shape] == _POLYGON:
                if count > 3:
                    _ring(shapes, nodes, low, count, x, y, weight, stack, limits)
            elif count > 2:
                _arc(shapes, low, count, 0, count, x, y, weight, stack, limits)
