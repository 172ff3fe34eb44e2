"""From layers to one archive: every zoom cut, grouped by tile, encoded, compressed, written."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import TilingError
from pipeline.progress import silent
from pipeline.tiling.archive import writer_for
from pipeline.tiling.columns import check_columns
from pipeline.tiling.geometry.shapes import degrees_of
from pipeline.tiling.layers import prepare
from pipeline.tiling.metadata import metadata
from pipeline.tiling.report import LayerSummary, TileReport, ZoomStatistics, budget_findings
from pipeline.tiling.writing import write_zoom
from pipeline.tiling.zooms import LayerPlan, PendingCut, start_cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from pipeline.progress import Progress
    from pipeline.tiling.archive import ArchiveWriter
    from pipeline.tiling.layers import Layer
    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.reading.source import Source

_KINDS = {1: "Point", 2: "LineString", 3: "Polygon"}


def cut_sources(
    sources: list[Source],
    out: Path,
    options: TileOptions,
    id_column: str | None = None,
    words: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = silent,
) -> TileReport:
    """Cut layers that have been read; see :func:`pipeline.tiling.tile`.

    `words` go to the metadata.
    """
    started = time.perf_counter()
    names = {source.name: source.attributes.column_names for source in sources}
    missing = check_columns(names, options, id_column)
    for source in sources:
        source.findings.extend(missing.get(source.name, []))
    with working_threads(options) as (pool, threads):
        ready, rows = [], sum(len(source.geometry) for source in sources)
        progress("prepare", 0, rows)
        for source in sources:
            ready.append(prepare(source, options.layer(source.name), id_column, pool, threads))
            progress("prepare", sum(layer.features for layer in ready), rows)
        if not any(layer.shapes.total for layer in ready):
            raise TilingError("; ".join(["nothing to draw", *_lines(ready)]))
        return _write(ready, out, options, pool, threads, started, progress, words)


@contextmanager
def working_threads(options: TileOptions) -> Iterator[tuple[Executor, int]]:
    """Lend a pool, and in how many parts to share work.

    It forgets what is still queued when the work is stopped, by Ctrl-C say.
    """
    count = options.threads or len(os.sched_getaffinity(0))
    pool = ThreadPoolExecutor(count + 1)
    try:
        yield pool, count
    finally:
        pool.shutdown(cancel_futures=True)


def _lines(layers: list[Layer]) -> list[str]:
    return [finding.line("en") for layer in layers for finding in layer.findings]


def _write(
    layers: list[Layer],
    out: Path,
    options: TileOptions,
    pool: Executor,
    threads: int,
    started: float,
    progress: Progress,
    words: Mapping[str, str],
) -> TileReport:
    plans = [LayerPlan(layer, options) for layer in layers]
    bounds = bounds_of(layers)
    with writer_for(out)(
        out, metadata={}, minzoom=options.minzoom, maxzoom=options.maxzoom, bounds=bounds
    ) as writer:
        zooms = list(_cut_all(plans, options, pool, threads, writer, progress))[::-1]
        summaries = [summary_of(plan) for plan in plans]
        writer.metadata = metadata(summaries, zooms, words)
    findings = [finding for layer in layers for finding in layer.findings]
    findings += budget_findings(zooms, options)
    return TileReport(zooms, summaries, bounds, findings, time.perf_counter() - started)


def _cut_all(
    plans: list[LayerPlan],
    options: TileOptions,
    pool: Executor,
    threads: int,
    writer: ArchiveWriter,
    progress: Progress,
) -> Iterator[ZoomStatistics]:
    """Cut zoom by zoom from the last one, the next being cut while this one is encoded."""
    wanted = range(options.maxzoom, options.minzoom - 1, -1)
    features = sum(plan.layer.features for plan in plans)

    def start(zoom: int) -> list[PendingCut]:
        return [start_cut(plan, zoom, pool, threads) for plan in plans]

    ahead = start(options.maxzoom)
    for done, zoom in enumerate(wanted, 1):
        cuts = [pending.result() for pending in ahead]
        ahead = start(zoom - 1) if zoom > options.minzoom else []
        statistics = write_zoom(cuts, options, pool, writer)
        del cuts  # before the next zoom is waited for: it takes as much memory again
        yield statistics
        progress("cut", done * features, len(wanted) * features)


def bounds_of(layers: list[Layer]) -> tuple[float, float, float, float]:
    """Return west, south, east and north of all shapes in degrees."""
    boxes = np.concatenate([layer.shapes.bounds for layer in layers])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return degrees_of(left, top, right, bottom)


def summary_of(plan: LayerPlan) -> LayerSummary:
    """Return what the report and the metadata say of a layer."""
    layer = plan.layer
    kinds = {name: int((layer.shapes.kind == kind).sum()) for kind, name in _KINDS.items()}
    return LayerSummary(
        name=layer.name,
        features=layer.features,
        shapes=layer.shapes.total,
        kinds={name: count for name, count in kinds.items() if count},
        fields=dict(zip(layer.values.names, layer.values.types, strict=True)),
        minzoom=plan.zooms[0],
        maxzoom=plan.zooms[1],
        statistics=dict(zip(layer.values.names, layer.values.statistics, strict=True)),
    )
