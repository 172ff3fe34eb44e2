"""From layers to one archive: every zoom cut, grouped by tile, encoded, compressed, written."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import TilingError
from pipeline.findings import Catalogue
from pipeline.progress import silent
from pipeline.tiling.archive import writer_for
from pipeline.tiling.layers import prepare
from pipeline.tiling.metadata import metadata
from pipeline.tiling.options import TileOptions
from pipeline.tiling.reading import read_layers
from pipeline.tiling.report import LayerSummary, TileReport, ZoomStatistics
from pipeline.tiling.shapes import WORLD, to_degrees
from pipeline.tiling.writing import write_zoom
from pipeline.tiling.zooms import LayerPlan, PendingCut, start_cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor

    from pipeline.findings import Finding
    from pipeline.progress import Progress
    from pipeline.tiling.archive import ArchiveWriter
    from pipeline.tiling.layers import Layer
    from pipeline.tiling.reading import Source

_CATALOGUE = Catalogue.of("pipeline.tiling")
_KINDS = {1: "Point", 2: "LineString", 3: "Polygon"}


def tile(
    layers: Any,
    out: str | Path,
    options: TileOptions | None = None,
    *,
    id_column: str | None = None,
    name: str = "",
    attribution: str = "",
    description: str = "",
    progress: Progress = silent,
) -> TileReport:
    """Cut vector tiles of one or several layers into one archive.

    Parameters
    ----------
    layers
        A GeoDataFrame, a path (GeoParquet, or anything GDAL reads: GeoJSON, GeoJSONSeq,
        FlatGeobuf, GeoPackage ...) or a mapping of layer names to either. Coordinates are degrees
        of longitude and latitude or are transformed to them.
    out
        The archive: ``.pmtiles``, or ``.mbtiles`` for MBTiles. It appears complete or not at all.
    options
        Zooms, detail, budget, what differs by layer.
    id_column
        Column of whole numbers that becomes the id of the features and is no attribute. Unless
        named, a column ``id`` of distinct whole numbers, else the position in the input.
    name, attribution, description
        Written to the archive's metadata; the name is the file's unless given.
    progress
        Told how many zooms are done.

    Returns
    -------
    TileReport
        Sizes, bounds, findings about the input, and per zoom everything that was dropped or
        drawn otherwise than in the input.

    Raises
    ------
    TilingError
        If an input cannot be read, holds nothing to draw, or the archive cannot be written.
    """
    words = {"name": name or Path(out).stem, "attribution": attribution, "description": description}
    return cut_sources(
        read_layers(layers), Path(out), options or TileOptions(), id_column, words, progress
    )


def cut_sources(
    sources: list[Source],
    out: Path,
    options: TileOptions,
    id_column: str | None = None,
    words: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = silent,
) -> TileReport:
    """Cut layers that have been read; see :func:`tile`. `words` go to the metadata."""
    started = time.perf_counter()
    threads = options.threads or len(os.sched_getaffinity(0))
    with _threads(threads) as pool:
        ready = [
            prepare(source, options.layer(source.name), id_column, pool, threads)
            for source in sources
        ]
        if not any(layer.shapes.total for layer in ready):
            raise TilingError("; ".join(["nothing to draw", *_lines(ready)]))
        return _write(ready, out, options, pool, threads, started, progress, words)


@contextmanager
def _threads(count: int) -> Iterator[Executor]:
    """Lend a pool that forgets what is still queued when the work is stopped, by Ctrl-C say."""
    pool = ThreadPoolExecutor(count + 1)
    try:
        yield pool
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
    findings += _budget_findings(zooms, options)
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

    def start(zoom: int) -> list[PendingCut]:
        return [start_cut(plan, zoom, pool, threads) for plan in plans]

    ahead = start(options.maxzoom)
    for done, zoom in enumerate(wanted, 1):
        cuts = [pending.result() for pending in ahead]
        ahead = start(zoom - 1) if zoom > options.minzoom else []
        statistics = write_zoom(cuts, options, pool, writer)
        del cuts  # before the next zoom is waited for: it takes as much memory again
        yield statistics
        progress("zooms", done, len(wanted))


def bounds_of(layers: list[Layer]) -> tuple[float, float, float, float]:
    """Return west, south, east and north of all shapes in degrees."""
    boxes = np.concatenate([layer.shapes.bounds for layer in layers])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    west, north = to_degrees(max(left, 0), top)
    east, south = to_degrees(min(right, WORLD), bottom)
    return round(west, 7), round(south, 7), round(east, 7), round(north, 7)


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
    )


def _budget_findings(zooms: list[ZoomStatistics], options: TileOptions) -> list[Finding]:
    return [
        _CATALOGUE.finding(
            "tile-over-budget",
            count=zoom.over_budget,
            zoom=zoom.zoom,
            budget=options.tile_bytes,
            largest=zoom.largest_bytes,
            tile=zoom.largest_tile,
        )
        for zoom in zooms
        if zoom.over_budget
    ]
