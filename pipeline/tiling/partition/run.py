"""A partitioned run from end to end."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.errors import TilingError
from pipeline.findings import Catalogue
from pipeline.tiling.archive import writer_for
from pipeline.tiling.columns import check_columns
from pipeline.tiling.geometry.shapes import degrees_of
from pipeline.tiling.metadata import metadata
from pipeline.tiling.partition.layer import Described, Setting, store_layer
from pipeline.tiling.partition.memory import thrifty_arrow
from pipeline.tiling.partition.planning import Task, plan
from pipeline.tiling.partition.report import (
    bounds_of,
    findings_of,
    merged_zooms,
    summary_of,
)
from pipeline.tiling.partition.shards import facts_of, tiles_of
from pipeline.tiling.partition.store import Node, Store
from pipeline.tiling.partition.tasks import run_task
from pipeline.tiling.partition.workspace import Workspace, fingerprint, work_folder
from pipeline.tiling.report import TileReport, budget_findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.progress import Progress
    from pipeline.tiling.archive import ArchiveWriter
    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.limits import Limits
    from pipeline.tiling.partition.streams import Stream

_CATALOGUE = Catalogue.of("pipeline.tiling")


def cut_streams(
    streams: Sequence[Stream],
    out: Path,
    options: TileOptions,
    limits: Limits,
    id_column: str | None,
    words: Mapping[str, str],
    progress: Progress,
    pool: Executor,
    threads: int,
    work: Path | None = None,
) -> TileReport:
    """Cut layers part by part; see :func:`pipeline.tiling.tile`.

    Parameters
    ----------
    limits
        How large the parts may be.
    words
        What goes to the metadata.
    work
        Folder in which to make the work directory; beside `out` if ``None``.
    """
    started = time.perf_counter()
    writer = writer_for(out)
    stamp = fingerprint(streams, options, id_column, limits)
    with thrifty_arrow(), Workspace(work_folder(out, work), stamp) as space:
        setting = Setting(space, options, limits, id_column, pool, threads, progress)
        try:
            report = _run(streams, out, writer, setting, words)
        except OSError as error:
            raise TilingError(f"{space.folder}: {error}; what is done is kept there") from error
        space.remove()
    return replace(report, seconds=time.perf_counter() - started)


def _run(
    streams: Sequence[Stream],
    out: Path,
    writer: type[ArchiveWriter],
    setting: Setting,
    words: Mapping[str, str],
) -> TileReport:
    options = setting.options
    names = {stream.name: stream.columns for stream in streams}
    missing = check_columns(names, options, setting.id_column)
    layers = [store_layer(n, stream, setting) for n, stream in enumerate(streams)]
    findings = [
        finding
        for layer, stream in zip(layers, streams, strict=True)
        for finding in findings_of(layer, stream.file, missing.get(stream.name, []))
    ]
    if not any(layer.stored.chunks for layer in layers):
        setting.space.remove()
        raise TilingError("; ".join(["nothing to draw", *(f.line("en") for f in findings)]))
    shards = _cut(layers, setting)
    zooms = merged_zooms(layers, [facts for _, facts in shards], options)
    summaries = [summary_of(layer, options) for layer in layers]
    bounds = degrees_of(*bounds_of(layers))
    if not any(zoom.tiles for zoom in zooms):
        setting.space.remove()  # the writer says why; trying again would not help
        shards = []
    with writer(
        out,
        metadata=metadata(summaries, zooms, words),
        minzoom=options.minzoom,
        maxzoom=options.maxzoom,
        bounds=bounds,
    ) as archive:
        for done, (path, _) in enumerate(shards, 1):
            for tile, data in tiles_of(path):
                archive.write(tile, data)
            setting.progress("archive", done, len(shards))
    findings += budget_findings(zooms, options)
    findings += _memory_findings(shards, setting.limits)
    return TileReport(zooms, summaries, bounds, findings, 0.0)


def _cut(layers: Sequence[Described], setting: Setting) -> list[tuple[Path, dict[str, Any]]]:
    """Run all tasks that have left no shard yet."""
    space = setting.space
    store = Store(tuple(layer.stored for layer in layers), setting.options)
    noted = space.note("tasks")
    if noted is None:
        noted = space.end("tasks", [vars(task) for task in plan(store, setting.limits.task)])
    tasks = [Task(**note | {"node": Node(*note["node"])}) for note in noted]
    total, done = sum(task.amount for task in tasks), 0
    folder = space.folder / "shards"
    folder.mkdir(exist_ok=True)
    shards = []
    setting.progress("cut", 0, total)
    for number, task in enumerate(tasks):
        path = folder / f"shard-{number:05}"
        if not path.exists():
            run_task(store, task, path, setting.pool, setting.threads)
        shards.append((path, facts_of(path)))
        done += task.amount
        setting.progress("cut", done, total)
    return shards


def _memory_findings(
    shards: Sequence[tuple[Path, dict[str, Any]]], limits: Limits
) -> list[Finding]:
    """Name tiles that alone are larger than what may be held in memory."""
    found = [
        (facts["held"], facts["zooms"][0]["largest_tile"])
        for _, facts in shards
        if facts["held"] > limits.tile
    ]
    if not found:
        return []
    held, tile = max(found)
    return [
        _CATALOGUE.finding("tile-over-memory", count=len(found), tile=tile, megabytes=held >> 20)
    ]
