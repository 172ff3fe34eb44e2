"""One tile whose shapes do not fit into memory together: its chunks one after the other.

At low zooms nearly every polygon is a speck that a neighbour's square stands for. What is left out
for that reason is left out here, chunk by chunk, with the area carried over, so that only what is
drawn is kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.tiling.geometry.grouping import group
from pipeline.tiling.geometry.pieces import DUST, Pieces, joined, new_pieces, select
from pipeline.tiling.geometry.shapes import MAX_ZOOM, Shapes, allocate, take
from pipeline.tiling.layers import Layer
from pipeline.tiling.parallel import in_order
from pipeline.tiling.partition.blocks import Block
from pipeline.tiling.partition.kernels import settle_dust
from pipeline.tiling.partition.loading import (
    NO_TABLE,
    NO_VALUES,
    Part,
    layer_of,
    read_rows,
    read_shapes,
)
from pipeline.tiling.partition.store import hits, near
from pipeline.tiling.zooms import LayerPlan, ZoomCut, cut_shapes

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.store import Chunk, Node, StoredLayer

NOWHERE = (-2, -2, -2, -2)
"""A window without a tile: shapes cut with it are counted and nothing else."""

_DUST_AREA = 4.0


class _Cut(NamedTuple):
    """What one chunk gives for the tile: pieces of `shapes`, which are `which` of the chunk."""

    chunk: Chunk
    which: NDArray[np.int64]
    shapes: Shapes
    ids: NDArray[np.uint64]
    pieces: Pieces
    causes: Counter[str]


def single_cut(
    stored: StoredLayer, node: Node, options: TileOptions, pool: Executor, *, prune: bool
) -> ZoomCut:
    """Cut one layer for one tile, the node itself.

    Parameters
    ----------
    stored, node, options
        What to cut.
    pool
        Where to run.
    prune
        Whether to leave out the specks that are not drawn.
    """
    chunks = near(stored.chunks, node, options.buffer)
    parts, pieces = [], []
    causes: Counter[str] = Counter()
    dust, base = _DUST_AREA, 0
    for cut in in_order(pool, lambda chunk: _cut_chunk(stored, chunk, node, options), chunks):
        if cut is None:
            continue
        causes.update(cut.causes)
        kept = np.ones(cut.pieces.flag.size, np.uint8)
        if prune:
            areas = cut.shapes.area / _square(node.z)
            dust = settle_dust(cut.pieces.flag, cut.pieces.shape, areas, kept, dust)
            causes["polygons_merged"] += int(kept.size - kept.sum())
        if kept.any():
            part, own = _kept(cut, np.flatnonzero(kept), base, node.z, prune=prune)
            parts.append(part)
            pieces.append(own)
            base += part.shapes.total
    together = joined(pieces) if pieces else new_pieces(0, 0, 0)
    pieces.clear()
    layer = layer_of(stored, parts)
    if prune:
        layer = replace(layer, table=NO_TABLE)
    plan = LayerPlan(layer, options)
    return ZoomCut(plan, node.z, together, group(together, node.z), dict(causes))


def _square(zoom: int) -> float:
    """Return the area of a square unit of a zoom's grid in world units."""
    return float(1 << (MAX_ZOOM - zoom)) ** 2


def _cut_chunk(stored: StoredLayer, chunk: Chunk, node: Node, options: TileOptions) -> _Cut | None:
    with Block(chunk.path) as block:
        index, owned = hits(block, node, options.buffer)
        shown = (block.read("low")[index] <= node.z) & (node.z <= block.read("high")[index])
        index, owned = index[shown], owned[shown]
        if not index.size:
            return None
        shapes, ids = read_shapes(block, index)
    layer = Layer(stored.name, 0, shapes, ids, NO_VALUES, NO_TABLE, [])
    plan = LayerPlan(layer, options)
    pieces, found = cut_shapes(plan, node.z, np.arange(shapes.total), node.window(node.z))
    _, foreign = cut_shapes(plan, node.z, np.flatnonzero(~owned), NOWHERE)
    causes = Counter({cause: count - foreign[cause] for cause, count in found.items()})
    return _Cut(chunk, index, shapes, ids, pieces, causes)


def _outlined(shapes: Shapes, index: NDArray[np.int64]) -> Shapes:
    """Return some shapes without their vertices: pieces that stay as they are do not need them."""
    return allocate(0, 0, 0)._replace(kind=shapes.kind[index], area=shapes.area[index])


def _kept(
    cut: _Cut, which: NDArray[np.int64], base: int, zoom: int, *, prune: bool
) -> tuple[Part, Pieces]:
    """Return some pieces of a chunk and the shapes they come from, numbered from `base`."""
    pieces = select(cut.pieces, which)
    sources, owner = np.unique(pieces.shape, return_inverse=True)
    used = sources.astype(np.int64)
    with Block(cut.chunk.path) as block:
        table = read_rows(block, cut.which[used])
    shapes = _outlined(cut.shapes, used) if prune else take(cut.shapes, used)
    if prune:
        # Specks that are drawn are given the area of which encoding makes a square every time.
        shapes.area[owner.ravel()[pieces.flag == DUST]] = _DUST_AREA * _square(zoom)
    part = Part(shapes, cut.ids[used], table, np.empty(0, np.bool_))
    return part, pieces._replace(shape=(owner.ravel() + base).astype(np.int32))
