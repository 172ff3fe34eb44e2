"""Pieces: what is left of shapes in the tiles of one zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.tiling._jit import helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

DUST, SUSPECT = 1, 2
"""Flags: a polygon too small for a shape of its own; a polygon that may be invalid."""


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


@helper
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


@helper
def _longer(values: Any, used: int, size: int) -> Any:
    more = np.empty(size, values.dtype)
    more[:used] = values[:used]
    return more


@helper
def reserve_rings(out: Pieces, rings: int, more_vertices: int, more_rings: int) -> Pieces:
    """Return pieces with room for more vertices and rings behind `rings` of them."""
    used = out.rings[rings]
    x, y, starts, hole = out.x, out.y, out.rings, out.hole
    if used + more_vertices > x.shape[0]:
        size = 2 * (used + more_vertices)
        x = _longer(x, used, size)
        y = _longer(y, used, size)
    if rings + more_rings > hole.shape[0]:
        size = 2 * (rings + more_rings)
        starts = _longer(starts, rings + 1, size + 1)
        hole = _longer(hole, rings, size)
    return Pieces(
        x, y, starts, hole, out.tile_x, out.tile_y, out.shape, out.first, out.last, out.flag
    )


@helper
def reserve_pieces(out: Pieces, pieces: int, more: int) -> Pieces:
    """Return pieces with room for more of them behind `pieces`."""
    if pieces + more <= out.flag.shape[0]:
        return out
    size = 2 * (pieces + more)
    return Pieces(
        out.x,
        out.y,
        out.rings,
        out.hole,
        _longer(out.tile_x, pieces, size),
        _longer(out.tile_y, pieces, size),
        _longer(out.shape, pieces, size),
        _longer(out.first, pieces, size),
        _longer(out.last, pieces, size),
        _longer(out.flag, pieces, size),
    )


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
