"""Pieces: what is left of shapes in the tiles of one zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.tiling.geometry.shapes import ragged_positions
from pipeline.tiling.native import record

if TYPE_CHECKING:
    from numpy.typing import NDArray

DUST, SUSPECT = 1, 2
"""Flags: a polygon too small for a shape of its own; a polygon that may be invalid."""


@record(
    "int32[::1], int32[::1], int64[::1], uint8[::1], int32[::1], int32[::1], int32[::1],"
    " int64[::1], int64[::1], uint8[::1]"
)
class Pieces(NamedTuple):
    """Parts of shapes in tiles of one zoom, on the grid of that zoom (4,096 units per tile).

    Attributes
    ----------
    x, y
        Shape (vertices,), int32, counted from the corner of the world. Rings are open.
    rings
        Shape (rings + 1,), int64: first vertex of every ring.
    hole
        Shape (rings,), uint8: 1 for interior rings.
    tile_x, tile_y
        Shape (pieces,), int32.
    shape
        Shape (pieces,), int32: which shape of the layer.
    first, last
        Shape (pieces,), int64: rings of the piece, `last` exclusive.
    flag
        Shape (pieces,), uint8: :data:`DUST` (one vertex, the middle) or :data:`SUSPECT`.
    """

    x: NDArray[np.int32]
    y: NDArray[np.int32]
    rings: NDArray[np.int64]
    hole: NDArray[np.uint8]
    tile_x: NDArray[np.int32]
    tile_y: NDArray[np.int32]
    shape: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    flag: NDArray[np.uint8]


def new_pieces(vertices: int, rings: int, pieces: int) -> Pieces:
    """Return room for pieces; the first ring starts at vertex 0."""
    starts = np.empty(rings + 1, np.int64)
    starts[0] = 0
    return Pieces(
        np.empty(vertices, np.int32),
        np.empty(vertices, np.int32),
        starts,
        np.empty(rings, np.uint8),
        np.empty(pieces, np.int32),
        np.empty(pieces, np.int32),
        np.empty(pieces, np.int32),
        np.empty(pieces, np.int64),
        np.empty(pieces, np.int64),
        np.empty(pieces, np.uint8),
    )


def enlarged(out: Pieces, rings: int, pieces: int, vertices: int) -> Pieces:
    """Return the same `rings` and `pieces` with room for twice as much and `vertices` more."""
    used = int(out.rings[rings])
    more = new_pieces(
        2 * used + vertices, 2 * rings + vertices // 2 + 64, 2 * pieces + vertices // 2 + 64
    )
    for name in ("x", "y"):
        getattr(more, name)[:used] = getattr(out, name)[:used]
    more.rings[: rings + 1] = out.rings[: rings + 1]
    more.hole[:rings] = out.hole[:rings]
    for old, new in zip(out[4:], more[4:], strict=True):
        new[:pieces] = old[:pieces]
    return more


def trimmed(out: Pieces, rings: int, pieces: int) -> Pieces:
    """Return what is in use, pieces in the order of their shapes."""
    vertices = int(out.rings[rings])
    owner = out.shape[:pieces]
    order: NDArray[np.int64] | slice = slice(0, pieces)
    if (owner[1:] < owner[:-1]).any():
        order = np.argsort(owner, kind="stable")
    return Pieces(
        out.x[:vertices],
        out.y[:vertices],
        out.rings[: rings + 1],
        out.hole[:rings],
        *(values[:pieces][order] for values in out[4:]),
    )


def joined(parts: list[Pieces]) -> Pieces:
    """Return the pieces of all `parts`, one after the other."""
    if len(parts) == 1:
        return parts[0]
    vertices = np.cumsum([0] + [part.x.size for part in parts])
    rings = np.cumsum([0] + [part.hole.size for part in parts])
    starts = [part.rings[:-1] + base for part, base in zip(parts, vertices, strict=False)]
    plain = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("x", "y", "hole", "tile_x", "tile_y", "shape", "flag")
    }
    return Pieces(
        rings=np.concatenate([*starts, vertices[-1:]]),
        first=np.concatenate([p.first + base for p, base in zip(parts, rings, strict=False)]),
        last=np.concatenate([p.last + base for p, base in zip(parts, rings, strict=False)]),
        **plain,
    )


def select(pieces: Pieces, index: NDArray[np.int64]) -> Pieces:
    """Return the pieces at `index`, in its order, with rings of their own."""
    counts = pieces.last[index] - pieces.first[index]
    rings = ragged_positions(pieces.first[index], counts)
    sizes = pieces.rings[rings + 1] - pieces.rings[rings]
    vertices = ragged_positions(pieces.rings[rings], sizes)
    ends = np.cumsum(counts)
    return Pieces(
        x=pieces.x[vertices],
        y=pieces.y[vertices],
        rings=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        hole=pieces.hole[rings],
        tile_x=pieces.tile_x[index],
        tile_y=pieces.tile_y[index],
        shape=pieces.shape[index],
        first=ends - counts,
        last=ends,
        flag=pieces.flag[index],
    )
