"""What is compiled for partitioned runs: shared borders by hash bucket, and specks in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.tiling.geometry.pieces import DUST
from pipeline.tiling.geometry.topology import EMPTY, mix, neighbours, place, slot
from pipeline.tiling.native import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.geometry.shapes import Shapes

BUCKETS = 256
_POLYGON = 3
_DUST_AREA = 4.0


@kernel("Shapes, int64[::1], int64[::1], uint8[::1], uint8[::1]")
def passages(
    shapes: Shapes,
    places: NDArray[np.int64],
    digests: NDArray[np.int64],
    buckets: NDArray[np.uint8],
    used: NDArray[np.uint8],
) -> None:
    """Note for every vertex of a polygon where it is and between which neighbours.

    Parameters
    ----------
    shapes
        Polygons; other kinds are passed over, as
        :func:`pipeline.tiling.geometry.topology.mark_nodes` does.
    places, digests, buckets, used
        Shape (vertices,): place, digest of the two neighbours, bucket of the place, and 1 where
        there is anything to note; zero on entry.
    """
    for shape in range(shapes.kind.shape[0]):
        if shapes.kind[shape] != _POLYGON:
            continue
        for ring in range(shapes.parts[shape], shapes.parts[shape + 1]):
            first = shapes.rings[ring]
            last = shapes.rings[ring + 1] - 1
            if last - first < 2:
                continue
            before = place(shapes.x[last], shapes.y[last])
            here = place(shapes.x[first], shapes.y[first])
            for i in range(first, last + 1):
                following = i + 1 if i < last else first
                after = place(shapes.x[following], shapes.y[following])
                places[i] = here
                digests[i] = neighbours(before, after)
                buckets[i] = np.uint8(mix(np.uint64(here)) >> np.uint64(56))
                used[i] = 1
                before = here
                here = after


@kernel("int64[::1], int64[::1], int64, uint8[::1] -> int64")
def part_bucket(
    places: NDArray[np.int64],
    digests: NDArray[np.int64],
    capacity: int,
    nodes: NDArray[np.uint8],
) -> int:
    """Set `nodes` to 1 where not all who pass a place come from and go to the same two.

    `capacity` is a power of two, at least twice the number of passages. Returns how many places
    were passed before.
    """
    table = np.full((capacity, 2), EMPTY, np.int64)
    parting = np.zeros(capacity, np.uint8)
    shared = 0
    for i in range(places.shape[0]):
        at = slot(table, places[i])
        if table[at, 0] == EMPTY:
            table[at, 0] = places[i]
            table[at, 1] = digests[i]
        else:
            shared += 1
            if table[at, 1] != digests[i]:
                parting[at] = 1
    if shared:
        for i in range(places.shape[0]):
            nodes[i] = parting[slot(table, places[i])]
    return shared


@kernel("uint8[::1], int32[::1], float64[::1], uint8[::1], float64 -> float64")
def settle_dust(
    flags: NDArray[np.uint8],
    owners: NDArray[np.int32],
    areas: NDArray[np.float64],
    kept: NDArray[np.uint8],
    dust: float,
) -> float:
    """Find the pieces of one tile that are drawn.

    As :func:`pipeline.tiling.mvt.encoding.encode` does.

    Parameters
    ----------
    flags, owners
        Of the pieces, in drawing order; owners are positions in `areas`.
    areas
        Areas of shapes in units of the zoom's grid.
    kept
        Shape (pieces,): takes 1 where a piece is drawn, 0 where a neighbour's square stands for it.
    dust
        Area carried over from the pieces before; 4 at the start of a tile.

    Returns
    -------
    float
        The area to carry on.
    """
    for i in range(flags.shape[0]):
        kept[i] = 1
        if flags[i] == DUST:
            dust += areas[owners[i]]
            if dust < _DUST_AREA:
                kept[i] = 0
            else:
                dust = min(dust - _DUST_AREA, _DUST_AREA)
    return dust
