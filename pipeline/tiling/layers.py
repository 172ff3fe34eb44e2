"""A layer made ready to cut: shapes in drawing order, weighed vertices, encoded attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.findings import Catalogue
from pipeline.tiling.arrow import contiguous
from pipeline.tiling.geometry import wkb
from pipeline.tiling.geometry.checking import check_polygons
from pipeline.tiling.geometry.coordinates import drawing_order, filled, measured
from pipeline.tiling.geometry.shapes import (
    LINE,
    POLYGON,
    WORLD,
    Shapes,
    concatenate,
    take,
)
from pipeline.tiling.geometry.simplify import orient, weigh
from pipeline.tiling.geometry.topology import mark_nodes
from pipeline.tiling.ids import numbers_in, repeated_in
from pipeline.tiling.mvt.values import Values, encode_values
from pipeline.tiling.parallel import spread
from pipeline.tiling.reading.source import Noticed, merged

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.findings import Finding
    from pipeline.tiling.geometry.coordinates import Coordinates
    from pipeline.tiling.options import LayerOptions
    from pipeline.tiling.reading.source import Source

_CATALOGUE = Catalogue.of("pipeline.tiling")
STATUS_CODES = {
    wkb.EMPTY: "geometry-empty",
    wkb.MALFORMED: "geometry-malformed",
    wkb.UNSUPPORTED: "geometry-unsupported",
    wkb.NOT_FINITE: "coordinate-not-finite",
    wkb.OUTSIDE: "coordinate-outside",
}


@dataclass(frozen=True)
class Layer:
    """One layer ready to cut.

    Attributes
    ----------
    name, features
        As read, unusable features included.
    shapes
        In drawing order: along a space-filling curve, then by id.
    ids
        Shape (shapes,), uint64; :data:`pipeline.tiling.mvt.encoding.NO_ID` where there is
        none.
    values
        Attributes, row `i` belonging to shape `i`.
    table
        The attributes as read, for filters and ranks; ``shapes.row`` leads there.
    findings
        What was wrong with the input.
    """

    name: str
    features: int
    shapes: Shapes
    ids: NDArray[np.uint64]
    values: Values
    table: pa.Table
    findings: list[Finding]


def prepare(
    source: Source, options: LayerOptions, id_column: str | None, pool: Executor, threads: int
) -> Layer:
    """Make a layer ready to cut.

    Parameters
    ----------
    source
        The layer as read.
    options
        Which attributes to keep.
    id_column
        Column of the feature ids, which is then no attribute unless it says more. If ``None``,
        the ids features name themselves by, a column ``id`` of distinct whole numbers, the
        primary key of the file, the position of the row: the first of these that there is.
    pool, threads
        Where to run, and in how many parts.
    """
    ids, table, findings = _identify(source, id_column)
    coordinates = measured(source.geometry, pool, threads)
    findings = noticed_findings(merged((0, one) for one in noticed_in(source, coordinates)),
                                source.file) + findings  # fmt: skip
    measures = coordinates.measures
    order = drawing_order(measures, ids)
    wanted = table.select(kept(table.column_names, options))
    rows = np.repeat(order, coordinates.copies(order))
    shapes = filled(coordinates, order, pool, threads)
    encoding = pool.submit(encode_values, wanted, rows)  # while one thread looks for nodes
    findings += _status_findings(measures, ids, source.file)
    shapes, found = _finish(shapes, ids, source.file, pool, threads)
    values = encoding.result()
    if shapes.total != rows.size:
        values = encode_values(wanted, shapes.row)
    findings += found
    findings += [
        _CATALOGUE.finding("value-infinite", file=source.file, field=name, count=count)
        for name, count in values.unusable.items()
    ]
    return Layer(
        source.name, len(source.geometry), shapes, ids[shapes.row], values, table,
        source.findings + findings,
    )  # fmt: skip


def kept(names: list[str], options: LayerOptions) -> list[str]:
    """Return which attributes are written, in their order."""
    if options.attributes is None:
        return list(names)
    return [name for name in options.attributes if name in names]


def noticed_in(source: Source, coordinates: Coordinates) -> list[Noticed]:
    """Return what was noticed about the rows of a source until its shapes were made."""
    curved = coordinates.curved
    lines = (
        [Noticed("geometry-linearised", int(curved[0]), int(curved.size))] if curved.size else []
    )
    return source.noticed + lines


def noticed_findings(noticed: list[Noticed], file: str) -> list[Finding]:
    """Return one finding for each thing that was noticed."""
    return [
        _CATALOGUE.finding(
            one.code, file=file, feature=str(one.first), field=one.field, value=one.value,
            count=one.count,
        )
        for one in noticed
    ]  # fmt: skip


def _identify(
    source: Source, id_column: str | None
) -> tuple[NDArray[np.uint64], pa.Table, list[Finding]]:
    """Return the id of every row and the attributes that are more than ids."""
    table = source.attributes
    chosen = column_of_ids(table.schema, id_column, named=source.named and source.ids is not None)
    if chosen is not None and not id_column and not _numbers_features(table.column(chosen)):
        chosen = None
    if chosen is None:
        own = source.ids
        ids = np.arange(len(source.geometry), dtype=np.uint64) if own is None else own
        return ids, table, _id_findings(ids, source.file, "")
    found = numbers_in(contiguous(table.column(chosen)))
    findings: list[Finding] = []
    if not found.usable.all():
        lost = np.flatnonzero(~found.usable)
        findings.append(first_of("id-unusable", lost, source.file, chosen))
    findings += _id_findings(found.ids, source.file, chosen)
    return found.ids, table.drop_columns([chosen]) if found.complete else table, findings


def column_of_ids(schema: pa.Schema, id_column: str | None, *, named: bool) -> str | None:
    """Return the column that holds ids, or that may: one that nobody has named has to prove it.

    Parameters
    ----------
    schema
        Of the attributes.
    id_column
        What the caller has named.
    named
        Whether features name themselves, which comes before a column nobody has named.
    """
    if id_column:
        return id_column if id_column in schema.names else None
    maybe = not named and "id" in schema.names and pa.types.is_integer(schema.field("id").type)
    return "id" if maybe else None


def _id_findings(ids: NDArray[np.uint64], file: str, field: str) -> list[Finding]:
    count, least = repeated_in(ids)
    if not count:
        return []
    return [_CATALOGUE.finding("id-collision", file=file, field=field, value=least, count=count)]


def _numbers_features(column: pa.ChunkedArray) -> bool:
    """Tell whether a column of whole numbers numbers the features: known, distinct, usable."""
    if column.null_count or not len(column):
        return False
    found = numbers_in(contiguous(column))
    return bool(found.usable.all()) and not repeated_in(found.ids)[0]


def first_of(code: str, rows: NDArray[np.int64], file: str, field: str = "") -> Finding:
    """Return one finding for many rows, the first of which is named."""
    return _CATALOGUE.finding(
        code, file=file, feature=str(int(rows[0])), field=field, count=int(rows.size)
    )


def _finish(
    shapes: Shapes, ids: NDArray[np.uint64], file: str, pool: Executor, threads: int
) -> tuple[Shapes, list[Finding]]:
    """Turn rings, mend invalid polygons, wrap the antimeridian and weigh every vertex."""
    findings: list[Finding] = []
    spread(pool, threads, shapes.total, lambda a, b: orient(shapes, a, b))
    shapes, broken, tangled = check_polygons(shapes, pool, threads)
    if broken.size:
        findings.append(first_of("geometry-invalid", broken, file))
    if tangled.size:
        findings.append(first_of("geometry-tangled", tangled, file))
    shapes, found = _wrap(shapes, file)
    findings += found
    nodes = mark_nodes(shapes)
    spread(pool, threads, shapes.total, lambda a, b: weigh(shapes, nodes, a, b))
    return shapes, findings


def _wrap(shapes: Shapes, file: str) -> tuple[Shapes, list[Finding]]:
    """Repeat shapes that leave the world on one side on the other; note degenerate ones."""
    wide, flat = remarkable(shapes)
    findings = []
    if wide.size:
        findings.append(first_of("spans-world", shapes.row[wide], file))
    if flat.size:
        findings.append(first_of("geometry-degenerate", shapes.row[flat], file))
    copies = [copy for copy in repeated(shapes) if copy.total]
    if not copies:
        return shapes, findings
    rows = np.unique(np.concatenate([copy.row for copy in copies]))
    findings.append(first_of("antimeridian", rows, file))
    return concatenate([shapes, *copies]), findings


def remarkable(shapes: Shapes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the shapes that span half of the world, and those without length or area."""
    size = shapes.bounds[:, 2:].astype(np.int64) - shapes.bounds[:, :2]
    flat = (shapes.kind == POLYGON) & (shapes.area == 0)
    flat |= (shapes.kind == LINE) & (size == 0).all(axis=1)
    return np.flatnonzero(size[:, 0] > WORLD // 2), np.flatnonzero(flat)


def repeated(shapes: Shapes) -> tuple[Shapes, Shapes]:
    """Return the shapes that leave the world in the west, moved east, and the other way round."""
    sides = (
        (shapes.bounds[:, 0] < 0, WORLD),
        (shapes.bounds[:, 2] > WORLD, -WORLD),
    )
    copies = []
    for beyond, shift in sides:
        copy = take(shapes, np.flatnonzero(beyond))
        copy.x[:] += shift
        copy.bounds[:, [0, 2]] += shift
        copies.append(copy)
    return copies[0], copies[1]


def _status_findings(measures: wkb.Measures, ids: NDArray[np.uint64], file: str) -> list[Finding]:
    findings = []
    for status, code in STATUS_CODES.items():
        rows = np.flatnonzero(measures.status == status)
        if rows.size:
            findings.append(first_of(code, rows, file))
    polar = np.flatnonzero((measures.clamped == 1) & (measures.status == wkb.USABLE))
    if polar.size:
        findings.append(first_of("coordinate-polar", polar, file))
    return findings
