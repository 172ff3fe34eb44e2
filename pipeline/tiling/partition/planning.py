"""Which squares of the map are cut in one go, and which tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.tiling.partition.blocks import Block
from pipeline.tiling.partition.store import Chunk, Node, Store, hits, near

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Task:
    """A part of the work that leaves one shard.

    Attributes
    ----------
    node
        The square of the map.
    whole
        Whether all of its tiles at all zooms are cut, or only the one that is the square itself.
    zooms
        Least and greatest zoom.
    shapes, weight
        How many shapes concern it, and about how many bytes they take.
    """

    node: Node
    whole: bool
    zooms: tuple[int, int]
    shapes: int
    weight: int

    @property
    def amount(self) -> int:
        """Return shapes times zooms, which is what the work is measured in."""
        return self.shapes * (self.zooms[1] - self.zooms[0] + 1)


def plan(store: Store, limit: int) -> list[Task]:
    """Return all tasks: squares of at most `limit` bytes, and the tiles above them."""
    tasks: list[Task] = []
    _descend(store, Node(0, 0, 0), [layer.chunks for layer in store.layers], limit, tasks)
    return tasks


def _descend(
    store: Store, node: Node, chunks: Sequence[Sequence[Chunk]], limit: int, tasks: list[Task]
) -> None:
    options = store.options
    close = [near(own, node, options.buffer) for own in chunks]
    shapes, weight = _measure([chunk for own in close for chunk in own], node, options.buffer)
    if not shapes:
        return
    first = max(node.z, options.minzoom)
    if weight <= limit or node.z == options.maxzoom:
        fits = weight <= limit
        tasks.append(Task(node, fits, (first, options.maxzoom), shapes, weight))
        return
    if first == node.z:
        tasks.append(Task(node, False, (first, first), shapes, weight))
    for child in node.children():
        _descend(store, child, close, limit, tasks)


def _measure(chunks: Sequence[Chunk], node: Node, buffer: int) -> tuple[int, int]:
    """Return how many shapes concern a node, and their bytes."""
    shapes = weight = 0
    west, north, east, south = node.reach(buffer)
    for chunk in chunks:
        x0, y0, x1, y1 = chunk.facts.bounds
        if west <= x0 and x1 <= east and north <= y0 and y1 <= south:
            shapes += chunk.facts.shapes
            weight += chunk.facts.weight
            continue
        with Block(chunk.path) as block:
            index = hits(block, node, buffer).which
            shapes += index.size
            if index.size:
                weight += int(block.read("weight")[index].sum())
    return shapes, weight
