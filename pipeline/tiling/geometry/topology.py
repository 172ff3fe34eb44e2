"""Where the borders of a coverage meet: the vertices that end a shared arc.

Two neighbours that draw the same border have the same vertices on it. A vertex where every ring
that passes it comes from and goes to the same two neighbours lies inside an arc; any other vertex
used twice is a node, and simplification must keep it. Between nodes every ring then simplifies the
same arc, so neighbours stay together at every zoom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.native import inlined, kernel, prefetch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.geometry.shapes import Shapes

EMPTY = np.int64(-1) << 63
_POLYGON = 3
_AHEAD = 16
"""How many vertices before its turn a place is asked for."""


@inlined
def mix(value: Any) -> Any:
    """Scramble 64 bits (the finaliser of MurmurHash3)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    value ^= value >> np.uint64(33)
    return value


@inlined
def place(x: Any, y: Any) -> Any:
    """Return a position as one number."""
    return (np.int64(x) << 32) | (np.int64(y) & np.int64(0xFFFFFFFF))


@inlined
def neighbours(before: Any, after: Any) -> Any:
    """Return a digest of two places that does not depend on their order."""
    return np.int64(mix(np.uint64(before)) + mix(np.uint64(after)))


@inlined
def slot(table: Any, here: Any) -> Any:
    """Return where a place stands in an open hash table, or the gap where it would."""
    mask = table.shape[0] - 1
    at = np.int64(mix(np.uint64(here)) & np.uint64(mask))
    while table[at, 0] != EMPTY and table[at, 0] != here:
        at = (at + 1) & mask
    return at


@kernel("Shapes, int64[:, ::1], uint8[::1], uint8[::1] -> int64")
def _mark(
    shapes: Shapes,
    table: NDArray[np.int64],
    parting: NDArray[np.uint8],
    nodes: NDArray[np.uint8],
) -> int:
    """Set `nodes` to 1 where shared borders part; return how many vertices are met again."""
    xs, ys, rings, kinds, parts = shapes.x, shapes.y, shapes.rings, shapes.kind, shapes.parts
    mask, end = np.uint64(table.shape[0] - 1), xs.shape[0] - _AHEAD
    shared = 0
    for passage in range(2):
        if passage == 1 and shared == 0:
            break
        for shape in range(kinds.shape[0]):
            if kinds[shape] != _POLYGON:
                continue
            for ring in range(parts[shape], parts[shape + 1]):
                first = rings[ring]
                last = rings[ring + 1] - 1
                if last - first < 2:
                    continue
                before = place(xs[last], ys[last])
                here = place(xs[first], ys[first])
                for i in range(first, last + 1):
                    following = i + 1 if i < last else first
                    after = place(xs[following], ys[following])
                    if i < end:
                        later = place(xs[i + _AHEAD], ys[i + _AHEAD])
                        prefetch(table, np.int64(mix(np.uint64(later)) & mask) * 2)
                    at = slot(table, here)
                    if passage == 1:
                        nodes[i] = parting[at]
                    elif table[at, 0] == EMPTY:
                        table[at, 0] = here
                        table[at, 1] = neighbours(before, after)
                    else:
                        shared += 1
                        if table[at, 1] != neighbours(before, after):
                            parting[at] = 1
                    before = here
                    here = after
    return shared


def mark_nodes(shapes: Shapes) -> NDArray[np.uint8]:
    """Return which vertices are nodes, where shared borders of polygons part.

    Parameters
    ----------
    shapes
        Shapes of one layer; kinds other than polygons have no nodes.

    Returns
    -------
    NDArray
        Shape (vertices,), uint8: 1 at every node.
    """
    nodes = np.zeros(shapes.x.size, np.uint8)
    if (shapes.kind == _POLYGON).any():
        capacity = 1 << max(10, (3 * shapes.x.size // 2).bit_length())
        # Made here and not in the kernel: numpy asks for huge pages, without which every look at
        # a table of this size misses twice. Place and neighbours share a cache line.
        table = np.full((capacity, 2), EMPTY, np.int64)
        _mark(shapes, table, np.zeros(capacity, np.uint8), nodes)
    return nodes
