"""Pieces by tile, tiles along the Hilbert curve in which archives are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.tiling.archive.hilbert import tile_ids
from pipeline.tiling.native import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.geometry.pieces import Pieces


class Groups(NamedTuple):
    """Tiles of one zoom.

    Attributes
    ----------
    tiles
        Shape (tiles,), int64: tile ids, ascending.
    spans
        Shape (tiles, 2), int64: where each tile begins and ends in `order`.
    order
        Shape (pieces,), int64: pieces tile by tile, within a tile as they came.
    """

    tiles: NDArray[np.int64]
    spans: NDArray[np.int64]
    order: NDArray[np.int64]


@kernel("int32[::1], int32[::1], int64, int64, int64, int64[::1]")
def _count(x: NDArray[np.int32], y: NDArray[np.int32], west: int, north: int, width: int,
           starts: NDArray[np.int64]) -> None:  # fmt: skip
    for i in range(x.shape[0]):
        starts[(np.int64(y[i]) - north) * width + x[i] - west + 1] += 1
    for k in range(1, starts.shape[0]):
        starts[k] += starts[k - 1]


@kernel("int32[::1], int32[::1], int64, int64, int64, int64[::1], int64[::1]")
def _deal(x: NDArray[np.int32], y: NDArray[np.int32], west: int, north: int, width: int,
          starts: NDArray[np.int64], order: NDArray[np.int64]) -> None:  # fmt: skip
    for i in range(x.shape[0]):
        cell = (np.int64(y[i]) - north) * width + x[i] - west
        order[starts[cell]] = i
        starts[cell] += 1


def _sorted_by_cell(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the stable order of pieces by tile: counted where the area is dense, else sorted."""
    west, north = int(x.min()), int(y.min())
    width, height = int(x.max()) - west + 1, int(y.max()) - north + 1
    if width * height > 8 * x.size + (1 << 16):
        return np.argsort((y.astype(np.int64) << 32) | x, kind="stable")
    starts = np.zeros(width * height + 1, np.int64)
    order = np.empty(x.size, np.int64)
    _count(x, y, west, north, width, starts)
    _deal(x, y, west, north, width, starts, order)
    return order


def group(pieces: Pieces, zoom: int) -> Groups:
    """Group pieces by tile."""
    if not pieces.tile_x.size:
        none = np.empty(0, np.int64)
        return Groups(none, np.empty((0, 2), np.int64), none)
    order = _sorted_by_cell(pieces.tile_x, pieces.tile_y)
    x, y = pieces.tile_x[order], pieces.tile_y[order]
    breaks = np.flatnonzero((x[1:] != x[:-1]) | (y[1:] != y[:-1])) + 1
    starts = np.concatenate([[0], breaks])
    ends = np.concatenate([breaks, [x.size]])
    ids = tile_ids(zoom, x[starts], y[starts])
    along = np.argsort(ids)
    return Groups(ids[along], np.stack([starts[along], ends[along]], axis=1), order)
