"""The second step: runs merged into chunks, the layer in its drawing order."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.tiling.arrow import positions
from pipeline.tiling.geometry.coordinates import CURVE_ZOOM
from pipeline.tiling.geometry.shapes import Shapes, concatenate, take
from pipeline.tiling.geometry.simplify import weigh
from pipeline.tiling.layers import Layer
from pipeline.tiling.partition.blocks import Arrays, Block, write_block
from pipeline.tiling.partition.borders import nodes_path
from pipeline.tiling.partition.loading import NO_VALUES
from pipeline.tiling.partition.scan import FLAT, GROUP_SHIFT, INVALID, TANGLED, WIDE
from pipeline.tiling.partition.store import Facts
from pipeline.tiling.zooms import LayerPlan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.tiling.options import TileOptions

REMARKS = {
    "geometry-invalid": INVALID,
    "geometry-tangled": TANGLED,
    "spans-world": WIDE,
    "geometry-degenerate": FLAT,
}
"""Findings whose first place is the first in drawing order."""


def divide(runs: Sequence[Path], limit: int) -> NDArray[np.int64]:
    """Return where every chunk begins and ends in every run, shape (runs, chunks + 1).

    A chunk takes about `limit` bytes; shapes of one place on the curve stay together, since their
    order is decided within a chunk.
    """
    step = max(1, limit // (2 * max(1, len(runs))))
    samples = [_samples(run, step) for run in runs]
    keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in samples)])
    sizes = np.concatenate([np.empty(0, np.int64), *(sizes for _, sizes in samples)])
    order = np.argsort(keys, kind="stable")
    keys, ends = keys[order], np.cumsum(sizes[order])
    total = int(ends[-1]) if ends.size else 0
    wanted = np.arange(1, total // limit + 1) * limit
    borders = np.unique(keys[np.searchsorted(ends, wanted).clip(0, max(0, keys.size - 1))])
    found = np.empty((len(runs), borders.size + 2), np.int64)
    for at, run in enumerate(runs):
        with Block(run) as block:
            found[at, 0], found[at, -1] = 0, block.total
            found[at, 1:-1] = np.searchsorted(block.read("key"), borders)
    filled = (np.diff(found, axis=1) > 0).any(axis=0)
    return found[:, np.concatenate([filled, [True]])] if len(runs) else found


def _samples(run: Path, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a key every `step` bytes of a run, and the bytes up to it."""
    with Block(run) as block:
        keys, ends = block.read("key"), np.cumsum(block.read("weight"))
    if not keys.size:
        return keys, ends
    at = np.unique(np.append(np.searchsorted(ends, np.arange(step, ends[-1], step)), keys.size - 1))
    return keys[at], np.diff(ends[at], prepend=0)


@dataclass(frozen=True)
class LayerPart:
    """What of a layer is needed to finish its chunks."""

    name: str
    positional: bool
    columns: tuple[str, ...]
    options: TileOptions


def gather(runs: Sequence[Path], spans: NDArray[np.int64], part: LayerPart, out: Path) -> None:
    """Write one chunk.

    Parameters
    ----------
    runs
        All runs of the layer.
    spans
        Shape (runs, 2): where the chunk begins and ends in each.
    part
        The layer.
    out
        The chunk.
    """
    wanted = [
        (run, int(a), int(b)) for run, (a, b) in zip(runs, spans.tolist(), strict=True) if b > a
    ]
    shapes, nodes, extra, table = _joined([_read(*one, part.columns) for one in wanted])
    weigh(shapes, nodes, 0, shapes.total)
    if part.positional:
        extra["id"] = extra["own"]
    del extra["own"]
    order = np.lexsort((shapes.kind, shapes.row, extra["id"], extra["key"]))
    rows, remarks = shapes.row[order], extra.pop("remarks")[order]
    shapes = take(shapes, order)._replace(row=np.arange(order.size))
    table = table.take(positions(order))
    extra = {name: values[order] for name, values in extra.items()}
    layer = Layer(part.name, 0, shapes, extra["id"], NO_VALUES, table, [])
    extra["low"], extra["high"] = LayerPlan(layer, part.options).shown
    keys = extra["key"] & ((1 << GROUP_SHIFT) - 1)
    facts = Facts(
        shapes=shapes.total,
        weight=int(extra["weight"].sum()),
        bounds=_union(shapes.bounds),
        keys=(int(keys.min()), int(keys.max())),
        remarks=_remarks(remarks, rows),
        hidden=[int(((extra["low"] > z) | (z > extra["high"])).sum()) for z in range(CURVE_ZOOM)],
    )
    write_block(out, shapes, table, extra, asdict(facts))


_Piece = tuple[Shapes, "NDArray[np.uint8]", dict[str, "NDArray[Any]"], pa.Table]
_EXTRA = ("key", "remarks", "id", "own", "weight")


def _read(run: Path, first: int, last: int, columns: tuple[str, ...]) -> _Piece:
    with Block(run) as block:
        shapes = block.read_shapes(first, last)
        extra = {name: block.read(name, first, last) for name in _EXTRA}
        table = block.read_table(first, last).select(list(columns))
        ring = int(block.read("parts", first, first + 1)[0])
        start = int(block.read("rings", ring, ring + 1)[0])
    nodes = np.zeros(shapes.x.size, np.uint8)
    if nodes_path(run).exists():
        with Arrays(nodes_path(run)) as arrays:
            nodes = arrays.read("nodes", start, start + shapes.x.size)
    return shapes, nodes, extra, table


def _joined(pieces: list[_Piece]) -> _Piece:
    if len(pieces) == 1:
        return pieces[0]
    return (
        concatenate([piece[0] for piece in pieces]),
        np.concatenate([piece[1] for piece in pieces]),
        {name: np.concatenate([piece[2][name] for piece in pieces]) for name in _EXTRA},
        pa.concat_tables([piece[3] for piece in pieces]),
    )


def _union(bounds: NDArray[np.int32]) -> tuple[int, int, int, int]:
    least, most = bounds.min(axis=0).tolist(), bounds.max(axis=0).tolist()
    return least[0], least[1], most[2], most[3]


def _remarks(remarks: NDArray[np.uint8], rows: NDArray[np.int64]) -> dict[str, list[int]]:
    found = {}
    for code, bit in REMARKS.items():
        hit = np.flatnonzero(remarks & bit)
        if hit.size:
            found[code] = [int(rows[hit[0]]), int(hit.size)]
    return found
