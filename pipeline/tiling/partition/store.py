"""The finished chunks of all layers, and which of their shapes a square of the map concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.tiling.archive.hilbert import tile_id, zoom_ids
from pipeline.tiling.geometry.coordinates import CURVE_ZOOM
from pipeline.tiling.geometry.shapes import MAX_ZOOM, WORLD_BITS
from pipeline.tiling.partition.scan import GROUP_SHIFT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.blocks import Block

_MARGIN_UNITS = 4
"""Snapping and widening move a shape by no more than this."""


@dataclass(frozen=True)
class Facts:
    """What is known of a chunk without opening it.

    Attributes
    ----------
    shapes, weight
        How many, and about how many bytes they take.
    bounds
        Least x, least y, greatest x, greatest y of all shapes.
    keys
        Least and greatest key along the curve, copies of the world left out of it.
    remarks
        Code -> row of the first shape and count.
    hidden
        Zoom -> shapes not shown there.
    """

    shapes: int
    weight: int
    bounds: tuple[int, int, int, int]
    keys: tuple[int, int]
    remarks: dict[str, list[int]]
    hidden: list[int]


@dataclass(frozen=True)
class Chunk:
    """One chunk and what is known of it without opening it."""

    path: Path
    facts: Facts


@dataclass(frozen=True)
class StoredLayer:
    """One layer.

    Attributes
    ----------
    name, features
        As in :class:`pipeline.tiling.layers.Layer`.
    columns
        Attributes that are written.
    chunks
        In drawing order.
    """

    name: str
    features: int
    columns: tuple[str, ...]
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True)
class Store:
    """All layers, and how to cut them."""

    layers: tuple[StoredLayer, ...]
    options: TileOptions = field(repr=False)


class Node(NamedTuple):
    """A square of the map: a tile and all that lie in it at deeper zooms."""

    z: int
    x: int
    y: int

    def children(self) -> list[Node]:
        """Return the four squares it consists of."""
        z, x, y = self.z + 1, 2 * self.x, 2 * self.y
        return [Node(z, x + i, y + j) for j in (0, 1) for i in (0, 1)]

    def window(self, zoom: int) -> tuple[int, int, int, int]:
        """Return least column and row, greatest column and row of its tiles at a zoom."""
        shift = zoom - self.z
        return (
            self.x << shift, self.y << shift,
            ((self.x + 1) << shift) - 1, ((self.y + 1) << shift) - 1,
        )  # fmt: skip

    def reach(self, buffer: int) -> tuple[int, int, int, int]:
        """Return the world coordinates between which a shape may show in one of its tiles."""
        shift = WORLD_BITS - self.z
        margin = (buffer + _MARGIN_UNITS) << (MAX_ZOOM - self.z)
        return (
            (self.x << shift) - margin, (self.y << shift) - margin,
            ((self.x + 1) << shift) + margin, ((self.y + 1) << shift) + margin,
        )  # fmt: skip

    def keys(self) -> tuple[int, int]:
        """Return the least key along the curve that begins in it, and the first beyond."""
        shift = 2 * (CURVE_ZOOM - self.z)
        position = tile_id(*self) - zoom_ids(self.z)[0]
        start = zoom_ids(CURVE_ZOOM)[0]
        return start + (position << shift), start + ((position + 1) << shift)


class Hits(NamedTuple):
    """Shapes of a chunk that concern a node.

    Attributes
    ----------
    which
        Shape (n,), int64, ascending.
    owned
        Shape (n,), bool: whether they begin in the node, and are counted there and nowhere else.
    """

    which: NDArray[np.int64]
    owned: NDArray[np.bool_]


def near(chunks: Sequence[Chunk], node: Node, buffer: int) -> list[Chunk]:
    """Return the chunks that may concern a node."""
    west, north, east, south = node.reach(buffer)
    low, high = node.keys()
    found = []
    for chunk in chunks:
        x0, y0, x1, y1 = chunk.facts.bounds
        meets = x0 <= east and x1 >= west and y0 <= south and y1 >= north
        if meets or (chunk.facts.keys[0] < high and chunk.facts.keys[1] >= low):
            found.append(chunk)
    return found


def hits(block: Block, node: Node, buffer: int) -> Hits:
    """Return the shapes of an open chunk that concern a node."""
    west, north, east, south = node.reach(buffer)
    low, high = node.keys()
    bounds, keys = block.read("bounds"), block.read("key") & ((1 << GROUP_SHIFT) - 1)
    owned = (keys >= low) & (keys < high)
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west)
    meets &= (bounds[:, 1] <= south) & (bounds[:, 3] >= north)
    index = np.flatnonzero(meets | owned)
    return Hits(index, owned[index])
