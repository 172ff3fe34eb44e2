"""From chunks to a layer in memory: only the shapes a square of the map concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.tiling.arrow import positions
from pipeline.tiling.geometry.shapes import Shapes, allocate, concatenate, take
from pipeline.tiling.layers import Layer
from pipeline.tiling.mvt.values import Values, encode_values
from pipeline.tiling.parallel import in_order
from pipeline.tiling.partition.blocks import Block
from pipeline.tiling.partition.store import hits, near

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.tiling.partition.store import Chunk, Node, StoredLayer

NO_VALUES = Values(
    (), (), np.empty((0, 0), np.int32), np.empty(0, np.uint8), np.zeros(1, np.int64), {}
)
NO_TABLE = pa.table({})


class Part(NamedTuple):
    """Some shapes of a layer, their ids and attributes, and whether they are counted here."""

    shapes: Shapes
    ids: NDArray[np.uint64]
    table: pa.Table
    owned: NDArray[np.bool_]


def read_rows(block: Block, index: NDArray[np.int64]) -> pa.Table:
    """Return the attributes of some shapes of an open chunk; `index` ascends."""
    first, last = int(index[0]), int(index[-1]) + 1
    table = block.read_table(first, last)
    if index.size == last - first or not table.num_columns:
        return table
    return table.take(positions(index - first))


def read_shapes(block: Block, index: NDArray[np.int64]) -> tuple[Shapes, NDArray[np.uint64]]:
    """Return some shapes of an open chunk and their ids; `index` ascends."""
    first, last = int(index[0]), int(index[-1]) + 1
    shapes, ids = block.read_shapes(first, last), block.read("id", first, last)
    if index.size == last - first:
        return shapes, ids
    return take(shapes, index - first), ids[index - first]


def _load(chunk: Chunk, node: Node, buffer: int) -> Part | None:
    with Block(chunk.path) as block:
        index, owned = hits(block, node, buffer)
        if not index.size:
            return None
        return Part(*read_shapes(block, index), read_rows(block, index), owned)


def load(
    stored: StoredLayer, node: Node, buffer: int, pool: Executor
) -> tuple[Layer, NDArray[np.bool_]]:
    """Return what of a layer concerns a node, and which of its shapes are counted there."""
    chunks = near(stored.chunks, node, buffer)
    found = in_order(pool, lambda chunk: _load(chunk, node, buffer), chunks)
    parts = [part for part in found if part is not None]
    owned = np.concatenate([np.empty(0, np.bool_), *(part.owned for part in parts)])
    return layer_of(stored, parts), owned


def layer_of(stored: StoredLayer, parts: list[Part]) -> Layer:
    """Return parts of a layer, in drawing order, as a layer of its own; `parts` is used up."""
    if not parts:
        none = allocate(0, 0, 0)
        ids = np.empty(0, np.uint64)
        return Layer(stored.name, stored.features, none, ids, NO_VALUES, NO_TABLE, [])
    shapes = parts[0].shapes if len(parts) == 1 else concatenate([part.shapes for part in parts])
    shapes = shapes._replace(row=np.arange(shapes.total))
    ids = np.concatenate([part.ids for part in parts])
    table = pa.concat_tables([part.table for part in parts])
    parts.clear()  # values take as much again while they are encoded
    values = encode_values(table.select(list(stored.columns)), shapes.row)
    return Layer(stored.name, stored.features, shapes, ids, values, table, [])
