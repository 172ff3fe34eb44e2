"""Clipping to half planes, which is all that cutting into tiles needs.

Coordinates carry :data:`FRACTION` binary places below the grid of the tile, so that clipping a
clipped line again does not add up rounding. A polygon is cut as a whole, holes included: the
chains inside the half plane are joined along the clip line in the order in which they meet it, so
a shape that falls into several parts becomes several rings and not one ring that runs back and
forth along the border of the tile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipeline.tiling.native import helper, record

FRACTION = 8


@record("int64[::1], int64[::1], int64[::1]")
class Arena(NamedTuple):
    """A stack of rings: ring `k` is ``x[rings[k]:rings[k + 1]]``; the caller keeps the height.

    It never grows by itself: :func:`has_room` says beforehand whether a cut may overflow it.
    """

    x: Any
    y: Any
    rings: Any


def new_arena(vertices: int) -> Arena:
    """Return an empty arena."""
    rings = np.zeros(vertices // 2 + 64, np.int64)
    return Arena(np.empty(vertices, np.int64), np.empty(vertices, np.int64), rings)


@helper
def has_room(arena: Arena, first: int, last: int) -> bool:
    """Tell whether both halves of the rings `first` to `last` fit above them."""
    vertices = arena.rings[last] - arena.rings[first]
    free = arena.x.shape[0] - arena.rings[last]
    ring_count = 3 * last - 2 * first + vertices + 8
    return bool(4 * vertices + 32 <= free and ring_count < arena.rings.shape[0])


@helper
def _crossing(a: Any, b: Any, c: Any, d: Any, line: Any) -> Any:
    """Return where the segment from (a, b) to (c, d) reaches ``first coordinate = line``.

    The lesser end counts as the start, so that neighbours who share the segment agree.
    """
    if a > c or (a == c and b > d):
        a, b, c, d = c, d, a, b
    return np.int64(
        np.floor(b + np.float64(line - a) * np.float64(d - b) / np.float64(c - a) + 0.5)
    )


@helper
def _copy(arena: Arena, ring: int, height: int) -> int:
    at = arena.rings[height]
    first = arena.rings[ring]
    count = arena.rings[ring + 1] - first
    arena.x[at : at + count] = arena.x[first : first + count]
    arena.y[at : at + count] = arena.y[first : first + count]
    arena.rings[height + 1] = at + count
    return height + 1


@helper
def _add(x: Any, y: Any, start: int, at: int, axis: int, along: Any, across: Any) -> int:
    """Append a point given by its coordinates along and across the clip axis, unless repeated."""
    px = along if axis == 0 else across
    py = across if axis == 0 else along
    if at > start and x[at - 1] == px and y[at - 1] == py:
        return at
    x[at] = px
    y[at] = py
    return at + 1


@helper
def split_points(
    arena: Arena, first: int, last: int, height: int, axis: int, line: int, sign: int
) -> int:
    """Keep the points on one side of the line."""
    for ring in range(first, last):
        at = arena.rings[ring]
        value = arena.x[at] if axis == 0 else arena.y[at]
        if (value - line) * sign >= 0:
            height = _copy(arena, ring, height)
    return height


@helper
def split_lines(
    arena: Arena, first: int, last: int, height: int, axis: int, line: int, sign: int
) -> int:
    """Keep the parts of lines on one side of the line, those of one point left out."""
    along = arena.x if axis == 0 else arena.y
    across = arena.y if axis == 0 else arena.x
    for ring in range(first, last):
        start = arena.rings[height]
        at = start
        was = False
        for k in range(arena.rings[ring], arena.rings[ring + 1]):
            now = (along[k] - line) * sign >= 0
            if k > arena.rings[ring] and now != was:
                value = _crossing(along[k - 1], across[k - 1], along[k], across[k], line)
                at = _add(arena.x, arena.y, start, at, axis, line, value)
            if now:
                at = _add(arena.x, arena.y, start, at, axis, along[k], across[k])
            elif was:
                if at - start >= 2:
                    height += 1
                    arena.rings[height] = at
                start = at = arena.rings[height]
            was = now
        if at - start >= 2:
            height += 1
            arena.rings[height] = at
    return height


@helper
def _count_chains(along: Any, first: int, last: int, line: int, sign: int) -> int:
    """Return how often a ring enters the half plane; -1 if it never leaves it."""
    entries = 0
    was = (along[last - 1] - line) * sign >= 0
    outside = not was
    for k in range(first, last):
        now = (along[k] - line) * sign >= 0
        if now and not was:
            entries += 1
        if not now:
            outside = True
        was = now
    return entries if outside else -1


@helper
def _ranks(values: Any) -> Any:
    """Return the order that sorts a few values; equal ones stay in order."""
    order = np.arange(values.shape[0])
    if values.shape[0] > 32:
        return np.argsort(values, kind="mergesort")
    for i in range(1, values.shape[0]):
        k = i
        while k > 0 and values[order[k - 1]] > values[order[k]]:
            order[k - 1], order[k] = order[k], order[k - 1]
            k -= 1
    return order


@helper
def split_polygon(
    arena: Arena, first: int, last: int, height: int, axis: int, line: int, sign: int
) -> int:
    """Keep the part of a polygon on one side of the line, its rings joined along the line.

    Interior lies on the same hand of every ring, so the i-th exit counted along the line joins
    the i-th entry.
    """
    along = arena.x if axis == 0 else arena.y
    across = arena.y if axis == 0 else arena.x
    chains = 0
    vertices = 0
    for ring in range(first, last):
        entries = _count_chains(along, arena.rings[ring], arena.rings[ring + 1], line, sign)
        if entries < 0:
            height = _copy(arena, ring, height)
        elif entries > 0:
            chains += entries
            vertices += arena.rings[ring + 1] - arena.rings[ring] + 2 * entries
    if chains == 0:
        return height
    x = np.empty(vertices, np.int64)
    y = np.empty(vertices, np.int64)
    starts = np.empty(chains + 1, np.int64)
    entry = np.empty(chains, np.int64)
    leave = np.empty(chains, np.int64)
    found = 0
    at = 0
    for ring in range(first, last):
        low = arena.rings[ring]
        count = arena.rings[ring + 1] - low
        if _count_chains(along, low, low + count, line, sign) <= 0:
            continue
        begin = 0
        while not _enters(along, low, count, begin, line, sign):
            begin += 1
        for step in range(count):
            k = low + (begin + step) % count
            before = low + (begin + step + count - 1) % count
            now = (along[k] - line) * sign >= 0
            was = (along[before] - line) * sign >= 0
            if was and not now:
                leave[found - 1] = _crossing(
                    along[before], across[before], along[k], across[k], line
                )
                at = _add(x, y, starts[found - 1], at, axis, line, leave[found - 1])
            if now and not was:
                starts[found] = at
                entry[found] = _crossing(along[before], across[before], along[k], across[k], line)
                at = _add(x, y, at, at, axis, line, entry[found])
                found += 1
            if now:
                at = _add(x, y, starts[found - 1], at, axis, along[k], across[k])
    starts[found] = at
    return _join(arena, height, x, y, starts, _ranks(entry), _ranks(leave))


@helper
def _enters(along: Any, low: int, count: int, k: int, line: int, sign: int) -> bool:
    """Tell whether vertex `k` of a ring is inside and the one before it is not."""
    before = along[low + (k + count - 1) % count]
    return bool((along[low + k] - line) * sign >= 0 and (before - line) * sign < 0)


@helper
def _join(arena: Arena, height: int, x: Any, y: Any, starts: Any, entries: Any, exits: Any) -> int:
    """Link chains end to start into rings on top of the arena."""
    chains = entries.shape[0]
    follower = np.empty(chains, np.int64)
    for k in range(chains):
        follower[exits[k]] = entries[k]
    done = np.zeros(chains, np.uint8)
    for chain in range(chains):
        if done[chain]:
            continue
        start = arena.rings[height]
        at = start
        link = chain
        while not done[link]:
            done[link] = 1
            for k in range(starts[link], starts[link + 1]):
                at = _add(arena.x, arena.y, start, at, 0, x[k], y[k])
            link = follower[link]
        while (
            at - start > 1
            and arena.x[at - 1] == arena.x[start]
            and arena.y[at - 1] == arena.y[start]
        ):
            at -= 1
        if at - start >= 3:
            height += 1
            arena.rings[height] = at
    return height
