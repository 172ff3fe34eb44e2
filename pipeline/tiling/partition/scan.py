"""The first step: the input batch by batch into runs, each along the Hilbert curve.

Everything that needs no more than one feature at a time is done here: reading coordinates, turning
rings, mending polygons, repeating what leaves the world. What needs all features is noted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.tiling.arrow import contiguous, positions
from pipeline.tiling.geometry import wkb
from pipeline.tiling.geometry.checking import check_polygons
from pipeline.tiling.geometry.coordinates import CURVE_ZOOM, curve_positions, filled, measured
from pipeline.tiling.geometry.shapes import POLYGON, Shapes, concatenate
from pipeline.tiling.geometry.simplify import orient
from pipeline.tiling.ids import numbers_in
from pipeline.tiling.layers import (
    STATUS_CODES,
    column_of_ids,
    kept,
    noticed_in,
    remarkable,
    repeated,
)
from pipeline.tiling.mvt.encoding import NO_ID
from pipeline.tiling.mvt.values import column_statistics
from pipeline.tiling.parallel import spread
from pipeline.tiling.partition.blocks import write_block
from pipeline.tiling.partition.buckets import write_dealt
from pipeline.tiling.partition.kernels import BUCKETS, passages

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.tiling.options import LayerOptions
    from pipeline.tiling.reading.source import Source

GROUP_SHIFT = 2 * CURVE_ZOOM + 2
"""Keys are tile ids at the zoom of the curve; above them stands which copy of the world it is."""

INVALID, WIDE, FLAT, TANGLED = 1, 2, 4, 8
"""Remarks about a shape that become findings."""

_VERTEX_BYTES, _RING_BYTES, _SHAPE_BYTES, _COLUMN_BYTES = 12, 9, 80, 8
_SCATTER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Recipe:
    """Which columns of a layer are kept, and which may hold ids.

    Attributes
    ----------
    id_column
        The column of ids, or ``None`` where rows are numbered by position.
    certain
        Whether the caller has named it; else it counts only if it turns out to number features.
    columns
        Attributes that are written or decide something, in the order of the input, the one of
        ids among them: whether it says more than ids is known in the end.
    """

    id_column: str | None
    certain: bool
    columns: tuple[str, ...]

    @classmethod
    def of(cls, head: Source, options: LayerOptions, id_column: str | None) -> Recipe:
        """Return the recipe of a layer that begins with `head`."""
        schema = head.attributes.schema
        named = head.named and head.ids is not None
        chosen = column_of_ids(schema, id_column, named=named)
        certain = bool(id_column) and chosen is not None
        wanted = {*kept(schema.names, options), *options.sums, options.rank or ""}
        wanted |= {rule.field for rule in options.filters}
        return cls(chosen, certain, tuple(name for name in schema.names if name in wanted))


@dataclass(frozen=True)
class Batch:
    """One batch made ready: shapes along the curve, what goes with each, what was noticed.

    Attributes
    ----------
    shapes, table, extra
        Shapes, and with one entry each their attributes, ``key`` along the curve, ``remarks``,
        ``id``, ``own`` id without a column, and ``weight`` in bytes.
    facts
        JSON-ready notes: code -> first row and count, kinds, bounds.
    ids
        All usable ids of the batch.
    """

    shapes: Shapes
    table: pa.Table
    extra: dict[str, NDArray[Any]]
    facts: dict[str, Any]
    ids: NDArray[np.uint64]


def scan(source: Source, first: int, recipe: Recipe, pool: Executor, threads: int) -> Batch:
    """Make one batch ready.

    Parameters
    ----------
    source
        The batch as read.
    first
        Number of its first row in the whole input.
    recipe
        What to keep.
    pool, threads
        Where to run, and in how many parts.
    """
    coordinates = measured(source.geometry, pool, threads)
    measures = coordinates.measures
    rows = np.flatnonzero(measures.status == wkb.USABLE)
    keys = np.zeros(len(source.geometry), np.int64)
    keys[rows] = curve_positions(measures, rows)
    order = rows[np.argsort(keys[rows], kind="stable")]
    shapes = filled(coordinates, order, pool, threads)
    spread(pool, threads, shapes.total, lambda a, b: orient(shapes, a, b))
    shapes, remarks, group, wrapped = _mended(shapes, pool, threads)
    ids, own, known, facts = _ids(source, first, recipe)
    local = shapes.row
    table = source.attributes.select(list(recipe.columns)).take(positions(local))
    shapes = shapes._replace(row=local + first)
    extra = {
        "key": keys[local] | (group << GROUP_SHIFT),
        "remarks": remarks,
        "id": ids[local],
        "own": own[local],
        "weight": weights(shapes, table),
    }
    facts |= _noticed(measures, first) | _summary(shapes, table)
    facts["statistics"] = {name: one.as_dict() for name, one in column_statistics(table).items()}
    facts["noticed"] = [asdict(one) for one in noticed_in(source, coordinates)]
    if wrapped.size:
        facts["antimeridian"] = [int(wrapped[0]) + first, int(wrapped.size)]
    return Batch(shapes, table, extra, facts, known)


def _mended(
    shapes: Shapes, pool: Executor, threads: int
) -> tuple[Shapes, NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Mend and repeat shapes; also return remarks, which copy each is, and the rows repeated."""
    shapes, broken, tangled = check_polygons(shapes, pool, threads)
    remarks = np.zeros(shapes.total, np.uint8)
    for rows, remark in ((broken, INVALID), (tangled, TANGLED)):
        remarks[np.isin(shapes.row, rows) & (shapes.kind == POLYGON)] |= remark
    for which, remark in zip(remarkable(shapes), (WIDE, FLAT), strict=True):
        remarks[which] |= remark
    copies = repeated(shapes)
    if not any(copy.total for copy in copies):
        return shapes, remarks, np.zeros(shapes.total, np.int64), np.empty(0, np.int64)
    parts = [shapes, *copies]
    group = np.repeat(np.arange(3), [part.total for part in parts])
    rows = np.unique(np.concatenate([copy.row for copy in copies]))
    remarks = np.concatenate([remarks, np.zeros(group.size - remarks.size, np.uint8)])
    return concatenate(parts), remarks, group, rows


def weights(shapes: Shapes, table: pa.Table) -> NDArray[np.int64]:
    """Return about how many bytes each shape and its attributes take."""
    rings = np.diff(shapes.parts)
    vertices = shapes.rings[shapes.parts[1:]] - shapes.rings[shapes.parts[:-1]]
    row = table.nbytes // max(1, shapes.total) + _COLUMN_BYTES * table.num_columns
    total: NDArray[np.int64] = (
        _VERTEX_BYTES * vertices + _RING_BYTES * rings + _SHAPE_BYTES + row
    ).astype(np.int64)
    return total


def _ids(
    source: Source, first: int, recipe: Recipe
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], dict[str, Any]]:
    """Return the id of every row, the one it has without a column, all that may repeat, facts."""
    own = source.ids
    known = np.empty(0, np.uint64) if own is None else own[own != NO_ID]
    if own is None:
        own = np.arange(first, first + len(source.geometry), dtype=np.uint64)
    if recipe.id_column is None:
        return own, own, known, {}
    found = numbers_in(contiguous(source.attributes.column(recipe.id_column)))
    lost = np.flatnonzero(~found.usable)
    facts: dict[str, Any] = {"id-incomplete": not found.complete}
    if lost.size:
        facts["id-unusable"] = [int(lost[0]) + first, int(lost.size)]
    return found.ids, own, found.ids[found.usable], facts


def _noticed(measures: wkb.Measures, first: int) -> dict[str, Any]:
    """Return code -> first row and count of everything wrong with coordinates."""
    found = {code: measures.status == status for status, code in STATUS_CODES.items()}
    found["coordinate-polar"] = (measures.clamped == 1) & (measures.status == wkb.USABLE)
    return {
        code: [int(np.argmax(hit)) + first, int(hit.sum())]
        for code, hit in found.items()
        if hit.any()
    }


def _summary(shapes: Shapes, table: pa.Table) -> dict[str, Any]:
    infinite = {}
    for field in table.schema:
        if pa.types.is_floating(field.type) or pa.types.is_decimal(field.type):
            column = table.column(field.name).cast(pa.float64())
            infinite[field.name] = pc.sum(pc.is_inf(column)).as_py() or 0
    kinds = np.bincount(shapes.kind, minlength=4).tolist()
    bounds = None
    if shapes.total:
        least, most = shapes.bounds.min(axis=0), shapes.bounds.max(axis=0)
        bounds = [*least[:2].tolist(), *most[2:].tolist()]
    return {"infinite": infinite, "kinds": kinds, "bounds": bounds}


def write_run(path: Path, batch: Batch, facts: dict[str, Any]) -> None:
    """Write a batch as a run, and beside it what has to be compared across runs."""
    if batch.facts["kinds"][3]:
        _write_passages(path, batch.shapes)
    if batch.ids.size:
        buckets = ((batch.ids * _SCATTER) >> np.uint64(56)).astype(np.uint8)
        write_dealt(ids_path(path), buckets, {"id": batch.ids})
    write_block(path, batch.shapes, batch.table, batch.extra, batch.facts | facts)


def ids_path(run: Path) -> Path:
    """Return where the ids of a run lie."""
    return run.with_suffix(".ids")


def passages_path(run: Path) -> Path:
    """Return where the passages of a run lie, see :mod:`pipeline.tiling.partition.borders`."""
    return run.with_suffix(".passages")


def passages_of(
    shapes: Shapes,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return places, digests, buckets of the vertices of polygons, and which vertices these are."""
    count = shapes.x.size
    places, digests = np.zeros(count, np.int64), np.zeros(count, np.int64)
    buckets, used = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    passages(shapes, places, digests, buckets, used)
    at = np.flatnonzero(used)
    return places[at], digests[at], buckets[at], at


def _write_passages(run: Path, shapes: Shapes) -> None:
    places, digests, buckets, _ = passages_of(shapes)
    write_dealt(passages_path(run), buckets, {"place": places, "digest": digests})


assert BUCKETS == 1 << 8, "buckets are numbered by eight bits"
