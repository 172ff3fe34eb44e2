"""A layer made ready to cut: shapes in drawing order, weighed vertices, encoded attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.findings import Catalogue
from pipeline.tiling.arrow import contiguous, masked, numbers
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
from pipeline.tiling.mvt.encoding import NO_ID
from pipeline.tiling.mvt.values import Values, encode_values
from pipeline.tiling.parallel import spread

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.findings import Finding
    from pipeline.tiling.options import LayerOptions
    from pipeline.tiling.reading import Source

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
        Shape (shapes,), uint64; :data:`NO_ID` where there is none.
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
        Column of the feature ids, which is then no attribute. If ``None``, a column ``id`` of
        distinct whole numbers, else the position of the row.
    pool, threads
        Where to run, and in how many parts.
    """
    ids, table, findings = _identify(source, id_column)
    coordinates = measured(source.geometry, pool, threads)
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


def _identify(
    source: Source, id_column: str | None
) -> tuple[NDArray[np.uint64], pa.Table, list[Finding]]:
    """Return the id of every row and the attributes without the id column."""
    rows = len(source.geometry)
    table = source.attributes
    chosen = id_column or ("id" if _holds_ids(table) else None)
    if chosen is None or chosen not in table.column_names:
        return np.arange(rows, dtype=np.uint64), table, []
    whole = whole_numbers(contiguous(table.column(chosen)))
    usable = numbers(whole.is_valid()) == 1
    ids = np.where(usable, numbers(whole), NO_ID)
    findings: list[Finding] = []
    if not usable.all():
        findings.append(first_of("id-unusable", np.flatnonzero(~usable), source.file, chosen))
    ordered = np.sort(ids[usable])
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if twice.size:
        findings.append(
            _CATALOGUE.finding(
                "id-collision",
                file=source.file,
                field=chosen,
                value=int(twice[0]),
                count=int(twice.size),
            )
        )
    return ids, table.drop_columns([chosen]), findings


def _holds_ids(table: pa.Table) -> bool:
    """Tell whether a column called ``id`` numbers the features: whole, known, distinct."""
    if "id" not in table.column_names or not pa.types.is_integer(table.schema.field("id").type):
        return False
    column = table.column("id")
    if column.null_count or not len(column) or pc.min(column).as_py() < 0:
        return False
    ordered = np.sort(numbers(contiguous(column)))
    return not bool((ordered[1:] == ordered[:-1]).any())


def whole_numbers(column: pa.Array) -> pa.Array:
    """Return a column as unsigned numbers, null where it holds anything else."""
    kind = column.type
    if pa.types.is_unsigned_integer(kind):
        return column.cast(pa.uint64())
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        text = column.cast(pa.string())
        whole = pc.match_substring_regex(text, "^[0-9]{1,18}$")
        column = pc.if_else(whole, text, pa.scalar(None, pa.string())).cast(pa.int64())
    elif pa.types.is_floating(kind):
        whole = pc.equal(pc.floor(column), column)
        column = pc.if_else(whole, column, pa.scalar(None, kind)).cast(pa.int64(), safe=False)
    column = column.cast(pa.int64())
    values = numbers(column)
    return masked(values.view(np.uint64), (numbers(column.is_valid()) == 1) & (values >= 0))


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
    shapes, broken = check_polygons(shapes, pool, threads)
    if broken.size:
        findings.append(first_of("geometry-invalid", broken, file))
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
