"""A layer made ready to cut: shapes in drawing order, weighed vertices, encoded attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.findings import Catalogue
from pipeline.tiling import wkb
from pipeline.tiling.archive.hilbert import tile_ids
from pipeline.tiling.arrow import contiguous, numbers
from pipeline.tiling.checking import check_polygons
from pipeline.tiling.encoding import NO_ID
from pipeline.tiling.parallel import spread
from pipeline.tiling.shapes import (
    MAX_LATITUDE,
    POLYGON,
    WORLD,
    Shapes,
    allocate,
    concatenate,
    take,
)
from pipeline.tiling.simplify import orient, weigh
from pipeline.tiling.topology import mark_nodes
from pipeline.tiling.values import Values, encode_values

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.findings import Finding
    from pipeline.tiling.options import LayerOptions
    from pipeline.tiling.reading import Source

_CURVE_ZOOM = 20
_CATALOGUE = Catalogue.of("pipeline.tiling")
_STATUS_CODES = {
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
    data, offsets, measures = _measure(source.geometry, pool, threads)
    if wkb.BIG_ENDIAN in measures.status:
        data, offsets, measures = _measure(_swapped(source.geometry), pool, threads)
    order = _drawing_order(measures, ids)
    wanted = table.select(_kept(table, options))
    kinds = measures.kinds[order]
    copies = (kinds & 1) + (kinds >> 1 & 1) + (kinds >> 2 & 1)
    rows = np.repeat(order, copies)
    encoding = pool.submit(encode_values, wanted, rows)
    shapes = _fill(data, offsets, order, copies, measures, pool, threads)
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


def _kept(table: pa.Table, options: LayerOptions) -> list[str]:
    if options.attributes is None:
        return list(table.column_names)
    return [name for name in options.attributes if name in table.column_names]


def _identify(
    source: Source, id_column: str | None
) -> tuple[NDArray[np.uint64], pa.Table, list[Finding]]:
    """Return the id of every row and the attributes without the id column."""
    rows = len(source.geometry)
    table = source.attributes
    chosen = id_column or ("id" if _holds_ids(table) else None)
    if chosen is None or chosen not in table.column_names:
        return np.arange(rows, dtype=np.uint64), table, []
    whole = _whole_numbers(contiguous(table.column(chosen)))
    usable = numbers(whole.is_valid()) == 1
    ids = np.where(usable, numbers(whole), NO_ID)
    findings: list[Finding] = []
    if not usable.all():
        findings.append(_first("id-unusable", np.flatnonzero(~usable), source.file, chosen))
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


def _whole_numbers(column: pa.Array) -> pa.Array:
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
    positive = pc.greater_equal(column, 0)
    return pc.if_else(positive, column, pa.scalar(None, pa.int64())).cast(pa.uint64())


def _first(code: str, rows: NDArray[np.int64], file: str, field: str = "") -> Finding:
    return _CATALOGUE.finding(
        code, file=file, feature=str(int(rows[0])), field=field, count=int(rows.size)
    )


def _measure(
    geometry: pa.Array, pool: Executor, threads: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64], wkb.Measures]:
    _, ends, content = geometry.buffers()
    rows = len(geometry)
    data = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    offsets = np.zeros(1, np.int64)
    if ends is not None:
        offsets = np.frombuffer(ends, np.int64)[geometry.offset : geometry.offset + rows + 1]
    present = numbers(geometry.is_valid()) == 1
    out = wkb.new_measures(rows)
    spread(pool, threads, rows, lambda a, b: wkb.measure(data, offsets, present, a, b, out))
    return data, offsets, out


def _swapped(geometry: pa.Array) -> pa.Array:
    """Return the geometry in little-endian WKB."""
    import shapely

    objects = shapely.from_wkb(np.asarray(geometry.to_pylist(), object), on_invalid="ignore")
    return pa.array(list(shapely.to_wkb(objects, byte_order=1)), pa.large_binary())


def _drawing_order(measures: wkb.Measures, ids: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return usable rows along the Hilbert curve of their first vertex, then by id."""
    rows = np.flatnonzero(measures.status == wkb.USABLE)
    edge = (1 << _CURVE_ZOOM) - 1
    longitude = measures.longitude[rows]
    latitude = np.radians(np.clip(measures.latitude[rows], -MAX_LATITUDE, MAX_LATITUDE))
    x = np.clip((longitude / 360 + 0.5) * (edge + 1), 0, edge).astype(np.int64)
    mercator = 0.5 - np.arctanh(np.sin(latitude)) / (2 * np.pi)
    y = np.clip(mercator * (edge + 1), 0, edge).astype(np.int64)
    return rows[np.lexsort((ids[rows], tile_ids(_CURVE_ZOOM, x, y)))]


def _fill(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    copies: NDArray[np.uint8],
    measures: wkb.Measures,
    pool: Executor,
    threads: int,
) -> Shapes:
    sizes = np.stack([copies.astype(np.int64), measures.rings[order], measures.vertices[order]], 1)
    ends = np.cumsum(sizes, axis=0)
    total = ends[-1] if len(order) else np.zeros(3, np.int64)
    shapes = allocate(int(total[2]), int(total[1]), int(total[0]))
    starts = ends - sizes
    kinds = measures.kinds
    spread(
        pool, threads, len(order),
        lambda a, b: wkb.fill(data, offsets, order, kinds, starts, a, b, shapes),
    )  # fmt: skip
    return shapes


def _finish(
    shapes: Shapes, ids: NDArray[np.uint64], file: str, pool: Executor, threads: int
) -> tuple[Shapes, list[Finding]]:
    """Turn rings, mend invalid polygons, wrap the antimeridian and weigh every vertex."""
    findings: list[Finding] = []
    spread(pool, threads, shapes.total, lambda a, b: orient(shapes, a, b))
    shapes, broken = check_polygons(shapes, pool, threads)
    if broken.size:
        findings.append(_first("geometry-invalid", broken, file))
    shapes, found = _wrap(shapes, file)
    findings += found
    nodes = np.zeros(shapes.x.size, np.uint8)
    if (shapes.kind == POLYGON).any():
        capacity = 1 << max(10, (3 * shapes.x.size // 2).bit_length())
        mark_nodes(shapes, capacity, nodes)
    spread(pool, threads, shapes.total, lambda a, b: weigh(shapes, nodes, a, b))
    return shapes, findings


def _wrap(shapes: Shapes, file: str) -> tuple[Shapes, list[Finding]]:
    """Repeat shapes that leave the world on one side on the other; note degenerate ones."""
    findings = []
    west, east = shapes.bounds[:, 0], shapes.bounds[:, 2]
    wide = np.flatnonzero(east.astype(np.int64) - west > WORLD // 2)
    if wide.size:
        findings.append(_first("spans-world", shapes.row[wide], file))
    flat = (shapes.kind == POLYGON) & (shapes.area == 0)
    size = shapes.bounds[:, 2:].astype(np.int64) - shapes.bounds[:, :2]
    flat |= (shapes.kind == 2) & (size == 0).all(axis=1)
    if flat.any():
        findings.append(_first("geometry-degenerate", shapes.row[flat], file))
    copies = [shapes]
    for beyond, shift in ((west < 0, WORLD), (east > WORLD, -WORLD)):
        chosen = np.flatnonzero(beyond)
        if chosen.size:
            copy = take(shapes, chosen)
            copy.x[:] += shift
            copy.bounds[:, [0, 2]] += shift
            copies.append(copy)
    if len(copies) == 1:
        return shapes, findings
    rows = np.unique(np.concatenate([copy.row for copy in copies[1:]]))
    findings.append(_first("antimeridian", rows, file))
    return concatenate(copies), findings


def _status_findings(measures: wkb.Measures, ids: NDArray[np.uint64], file: str) -> list[Finding]:
    findings = []
    for status, code in _STATUS_CODES.items():
        rows = np.flatnonzero(measures.status == status)
        if rows.size:
            findings.append(_first(code, rows, file))
    polar = np.flatnonzero((measures.clamped == 1) & (measures.status == wkb.USABLE))
    if polar.size:
        findings.append(_first("coordinate-polar", polar, file))
    return findings
