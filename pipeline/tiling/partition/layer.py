"""All steps of one layer, from its stream to its chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.layers import kept
from pipeline.tiling.mvt.values import encode_values
from pipeline.tiling.parallel import in_order
from pipeline.tiling.partition.blocks import Arrays, remove_block
from pipeline.tiling.partition.borders import mark_runs, nodes_path
from pipeline.tiling.partition.gather import LayerPart, divide, gather
from pipeline.tiling.partition.identity import Identity, identify
from pipeline.tiling.partition.memory import give_back
from pipeline.tiling.partition.scan import Recipe, ids_path, passages_path, scan, write_run
from pipeline.tiling.partition.store import Chunk, Facts, StoredLayer

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    import pyarrow as pa

    from pipeline.findings import Finding
    from pipeline.progress import Progress
    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.limits import Limits
    from pipeline.tiling.partition.streams import Stream
    from pipeline.tiling.partition.workspace import Workspace


@dataclass(frozen=True)
class Setting:
    """What all steps of a run share."""

    space: Workspace
    options: TileOptions
    limits: Limits
    id_column: str | None
    pool: Executor
    threads: int
    progress: Progress


@dataclass(frozen=True)
class Described:
    """What is known of a layer once it has been read to its end.

    Attributes
    ----------
    stored
        Its chunks.
    types
        Attribute -> type, as the metadata says it.
    identity
        Where its ids come from.
    runs
        What was noted of every batch.
    source_findings
        What was noticed on opening it.
    """

    stored: StoredLayer
    types: dict[str, str]
    identity: Identity
    runs: list[dict[str, Any]]
    source_findings: list[Finding]


def store_layer(number: int, stream: Stream, setting: Setting) -> Described:
    """Bring a layer into its chunks, or find those of an earlier run."""
    folder = setting.space.folder / str(number)
    folder.mkdir(exist_ok=True)
    head = next(stream.read(1 << 16))
    recipe = Recipe.of(head, setting.options.layer(stream.name), setting.id_column)
    runs, noted = _scan(folder, stream, recipe, setting)
    key = f"{number}/identity"
    note = setting.space.note(key) or setting.space.end(key, vars(identify(runs, noted, recipe)))
    identity = Identity(**note)
    _borders(number, runs, stream, setting)
    gone = None if identity.kept else identity.column
    names = [name for name in head.attributes.column_names if name != gone]
    columns = tuple(name for name in recipe.columns if name != gone)
    chunks = _chunks(number, runs, identity, columns, stream, setting)
    written = [name for name in kept(names, setting.options.layer(stream.name)) if name in columns]
    stored = StoredLayer(
        stream.name, sum(fact["rows"] for fact in noted), tuple(written), tuple(chunks)
    )
    types = _types(head.attributes.select(written))
    return Described(stored, types, identity, noted, head.findings)


def _types(table: pa.Table) -> dict[str, str]:
    values = encode_values(table.slice(0, 0), np.empty(0, np.int64))
    return dict(zip(values.names, values.types, strict=True))


def _scan(
    folder: Path, stream: Stream, recipe: Recipe, setting: Setting
) -> tuple[list[Path], list[dict[str, Any]]]:
    """Read the input into runs; those that are there already are not made again."""
    step, done = f"{stream.name}: read", 0
    key = f"{folder.name}/scanned"
    noted = setting.space.note(key)
    if noted is None:
        noted = []
        setting.progress(step, 0, stream.rows)
        for number, source in enumerate(stream.read(setting.limits.batch)):
            path, rows = _run(folder, number), len(source.geometry)
            if not path.exists():
                batch = scan(source, done, recipe, setting.pool, setting.threads)
                write_run(path, batch, {"rows": rows})
                del batch
                give_back()
            with Arrays(path) as run:
                noted.append(run.facts)
            done += rows
            setting.progress(step, done, max(stream.rows, done))
        setting.space.end(key, noted)
    return [_run(folder, number) for number in range(len(noted))], noted


def _run(folder: Path, number: int) -> Path:
    return folder / f"run-{number:05}"


def _borders(number: int, runs: list[Path], stream: Stream, setting: Setting) -> None:
    key, step = f"{number}/borders", f"{stream.name}: shared borders"
    if setting.space.note(key) is None:
        if any(passages_path(run).exists() for run in runs):
            mark_runs(runs, setting.pool, lambda done, total: setting.progress(step, done, total))
        setting.space.end(key, True)
    for run in runs:
        passages_path(run).unlink(missing_ok=True)
        ids_path(run).unlink(missing_ok=True)


def _chunks(
    number: int,
    runs: list[Path],
    identity: Identity,
    columns: tuple[str, ...],
    stream: Stream,
    setting: Setting,
) -> list[Chunk]:
    folder = setting.space.folder / str(number)
    key = f"{number}/gathered"
    noted = setting.space.note(key)
    if noted is None:
        part = LayerPart(stream.name, identity.column is None, columns, setting.options)
        spans = divide(runs, setting.limits.chunk)
        count = spans.shape[1] - 1

        def make(at: int) -> None:
            path = _chunk(folder, at)
            if not path.exists():
                gather(runs, spans[:, at : at + 2], part, path)
                give_back()

        for done, _ in enumerate(in_order(setting.pool, make, range(count)), 1):
            setting.progress(f"{stream.name}: arrange", done, count)
        noted = []
        for at in range(count):
            with Arrays(_chunk(folder, at)) as chunk:
                noted.append(chunk.facts)
        setting.space.end(key, noted)
    for run in runs:
        remove_block(run)
        nodes_path(run).unlink(missing_ok=True)
    return [Chunk(_chunk(folder, at), Facts(**note)) for at, note in enumerate(noted)]


def _chunk(folder: Path, number: int) -> Path:
    return folder / f"chunk-{number:05}"
