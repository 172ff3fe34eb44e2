"""One task: from the chunks to a shard, a function of nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.partition.loading import load
from pipeline.tiling.partition.memory import give_back
from pipeline.tiling.partition.shards import ShardWriter
from pipeline.tiling.partition.single import NOWHERE, single_cut
from pipeline.tiling.reduce.budget import may_reduce
from pipeline.tiling.writing import write_zoom
from pipeline.tiling.zooms import LayerPlan, ZoomCut, cut_shapes, start_cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.planning import Task
    from pipeline.tiling.partition.store import Store
    from pipeline.tiling.report import ZoomStatistics


def run_task(store: Store, task: Task, out: Path, pool: Executor, threads: int) -> None:
    """Cut the tiles of one task.

    Parameters
    ----------
    store, task
        What to cut.
    out
        The shard.
    pool, threads
        Where to run, and in how many parts.
    """
    with ShardWriter(out) as shard:
        if task.whole:
            zooms = list(_whole(store, task, shard, pool, threads))
            held = 0
        else:
            zooms, held = _single(store, task, shard, pool)
        shard.facts = {"zooms": [asdict(zoom) for zoom in zooms], "held": held}
    give_back()


def _whole(
    store: Store, task: Task, shard: ShardWriter, pool: Executor, threads: int
) -> Iterator[ZoomStatistics]:
    """Load all shapes once, and cut them at every zoom."""
    options = store.options
    loaded = [load(layer, task.node, options.buffer, pool) for layer in store.layers]
    plans = [(LayerPlan(layer, options), owned) for layer, owned in loaded]
    for zoom in range(task.zooms[1], task.zooms[0] - 1, -1):
        cuts = [_cut(plan, owned, zoom, task, pool, threads) for plan, owned in plans]
        statistics = write_zoom(cuts, options, pool, shard)
        del cuts  # before the next zoom is cut: it takes as much memory again
        yield statistics


def _cut(
    plan: LayerPlan, owned: NDArray[np.bool_], zoom: int, task: Task, pool: Executor, threads: int
) -> ZoomCut:
    """Cut one layer at one zoom; count what happens to shapes that begin in the node."""
    chosen = plan.chosen(zoom)
    pending = start_cut(plan, zoom, pool, threads, task.node.window(zoom))
    foreign = pool.submit(cut_shapes, plan, zoom, chosen[~owned[chosen]], NOWHERE)
    cut = pending.result()
    causes = Counter(cut.causes)
    causes.subtract(foreign.result()[1])
    causes["hidden"] = 0
    return replace(cut, causes=dict(causes))


class _Sink:
    """Keeps what is written until it is clear that it may stay."""

    def __init__(self) -> None:
        self.tiles: list[tuple[int, bytes]] = []

    def write(self, tile: int, data: bytes) -> None:
        """Add one tile."""
        self.tiles.append((tile, data))

    @property
    def largest(self) -> int:
        """Bytes of the largest tile."""
        return max((len(data) for _, data in self.tiles), default=0)


def _single(
    store: Store, task: Task, shard: ShardWriter, pool: Executor
) -> tuple[list[ZoomStatistics], int]:
    """Cut the one tile of a node; also return about how many bytes had to be held for it."""
    options = store.options
    plain, sink = _without_strategies(options), _Sink()
    statistics, held = _write(store, task, plain, sink, pool, prune=True)
    reducible = may_reduce(task.node.z, options) and plain != options
    if reducible and sink.largest > options.tile_bytes:
        sink = _Sink()
        statistics, held = _write(store, task, options, sink, pool, prune=False)
    for tile, data in sink.tiles:
        shard.write(tile, data)
    return [statistics], held


def _write(
    store: Store, task: Task, options: TileOptions, sink: Any, pool: Executor, *, prune: bool
) -> tuple[ZoomStatistics, int]:
    cuts = [single_cut(layer, task.node, options, pool, prune=prune) for layer in store.layers]
    held = sum(_bytes(cut) for cut in cuts)
    return write_zoom(cuts, options, pool, sink), held


def _bytes(cut: ZoomCut) -> int:
    layer = cut.plan.layer
    held = layer.table.nbytes + layer.values.codes.nbytes + layer.values.data.nbytes
    for values in (*layer.shapes, *cut.pieces, layer.ids):
        held += np.asarray(values).nbytes
    return int(held)


def _without_strategies(options: TileOptions) -> TileOptions:
    """Return the same options, but nothing is reduced."""
    layers = {
        name: replace(special, strategies=()) if special.strategies else special
        for name, special in options.layers.items()
    }
    return replace(options, strategies=(), layers=layers)
