"""Reading some rows of a GeoParquet file without reading the rest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np
import orjson

from pipeline.features.values import Key, Kind, ValueTypeError, instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pyarrow import Array, DataType, Table
    from pyarrow.parquet import ParquetFile

    from pipeline.features.boxes import Box
    from pipeline.features.reading import Spelt

GEOMETRY, COVERING, ID = "geometry", "bbox", "id"
"""Columns of every layer that are no attributes (GeoParquet 1.1 calls the second a covering)."""
DECIMALS = 7
"""Of a degree in GeoJSON: a centimetre."""


class ParquetScan:
    """A layer answered from its GeoParquet file, for releases that have no feature index.

    The answers are those of :class:`pipeline.features.reading.FeatureIndex`; they take longer,
    because row groups are read and decoded for every request.

    Parameters
    ----------
    path
        Of the file.
    types
        Declared types of its columns by name.
    """

    def __init__(self, path: Path, types: Mapping[str, str]) -> None:
        self._path = path
        with _open(path) as file:
            schema = file.schema_arrow
            covered = COVERING in schema.names
            table = file.read(columns=[ID, COVERING if covered else GEOMETRY])
        self._ids: NDArray[np.int64] = table[ID].to_numpy()
        # As the features are written: to the centimetre.
        self._boxes = np.round(_covering(table) if covered else _bounds(table), DECIMALS)
        self.rows = len(self._ids)
        self.kinds: Mapping[str, Kind] = {
            field.name: _kind(field.type, types.get(field.name, ""))
            for field in schema
            if field.name not in (ID, COVERING, GEOMETRY)
        }

    def within(self, box: Box) -> NDArray[np.int64]:
        """Return the rows whose boxes meet `box`; west beyond east goes round the antimeridian."""
        west, south, east, north = box
        xmin, ymin, xmax, ymax = self._boxes.T
        beyond_west, before_east = xmax >= west, xmin <= east
        across = beyond_west & before_east if west <= east else beyond_west | before_east
        return np.flatnonzero(across & (ymax >= south) & (ymin <= north))

    def equal(self, name: str, key: Key) -> NDArray[np.int64]:
        """Return the rows whose column `name` has the value `key`."""
        import pyarrow.compute as pc  # noqa: PLC0415 - see _open

        if key is None:
            return np.empty(0, dtype=np.int64)
        same = pc.equal(self._keys(name), key)
        return np.flatnonzero(pc.fill_null(same, False).to_numpy(zero_copy_only=False))

    def ranks(self, name: str) -> NDArray[np.int32]:
        """Return the place of every row's value among those of column `name`; -1 for none."""
        import pyarrow.compute as pc  # noqa: PLC0415 - see _open

        keys = self._keys(name)
        places = pc.rank(keys, sort_keys="ascending", tiebreaker="dense")
        ranks: NDArray[np.int32] = places.to_numpy().astype(np.int32) - 1
        ranks[keys.is_null().to_numpy(zero_copy_only=False)] = -1
        return ranks

    def containing(self, names: Sequence[str], spelt: Spelt) -> NDArray[np.int64]:
        """Return the rows in whose text columns `names` a word is found, rising."""
        marked = np.zeros(self.rows, dtype=bool)
        for name in names:
            if self.kinds.get(name) in (Kind.STRING, Kind.DATE):
                values = self._keys(name).dictionary_encode()
                texts = values.dictionary.to_pylist()
                pattern = spelt(frozenset("".join(texts)))
                hits = [bool(pattern.search(text.encode())) for text in texts]
                codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
                marked |= np.append(hits, False).astype(bool)[codes]
        return np.flatnonzero(marked)

    def _keys(self, name: str) -> Array:
        """Return what the values of a column are compared by."""
        import pyarrow as pa  # noqa: PLC0415 - see _open

        with _open(self._path) as file:
            column = file.read(columns=[name])[name].combine_chunks()
        match self.kinds[name]:
            case Kind.STRING | Kind.DATE:
                return column.cast(pa.string())
            case Kind.INTEGER | Kind.BOOLEAN:
                return column.cast(pa.int64())
            case Kind.NUMBER:
                return column.cast(pa.float64())
            case Kind.DATETIME:
                return pa.array([_moment(value) for value in column.to_pylist()], pa.int64())
            case other:
                assert_never(other)

    def row_of(self, identity: int) -> int | None:
        """Return the first row with this feature id."""
        rows = np.flatnonzero(self._ids == identity)
        return int(rows[0]) if rows.size else None

    def texts(self, rows: Sequence[int] | NDArray[np.int64] | range) -> list[bytes]:
        """Return the GeoJSON of features, in the order of `rows`, which must rise."""
        import shapely  # noqa: PLC0415 - only for those who ask for features

        records = read_rows(self._path, np.asarray(rows), [ID, *self.kinds, GEOMETRY])
        shapes = shapely.from_wkb([record.get(GEOMETRY) for record in records])
        texts = shapely.to_geojson(shapely.set_precision(shapes, 10.0**-DECIMALS, mode="pointwise"))
        return [
            b'{"type":"Feature","id":%d,"properties":%s,"geometry":%s}'
            % (
                record[ID],
                orjson.dumps({name: record.get(name) for name in self.kinds}, default=str),
                b"null" if text is None else text.encode(),
            )
            for record, text in zip(records, texts, strict=True)
        ]


def _kind(stored: DataType, declared: str) -> Kind:
    import pyarrow as pa  # noqa: PLC0415 - see _open

    if pa.types.is_boolean(stored):
        return Kind.BOOLEAN
    if pa.types.is_integer(stored):
        return Kind.INTEGER
    if pa.types.is_floating(stored):
        return Kind.NUMBER
    if pa.types.is_timestamp(stored):
        return Kind.DATETIME
    text = pa.types.is_string(stored) or pa.types.is_large_string(stored)
    return Kind(declared) if text and declared in (Kind.DATE, Kind.DATETIME) else Kind.STRING


def _moment(value: str | dt.datetime | None) -> int | None:
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    try:
        return None if value is None else instant(value)
    except ValueTypeError:
        return None


def _covering(table: Table) -> NDArray[np.float64]:
    covering = table[COVERING].combine_chunks()
    sides = ("xmin", "ymin", "xmax", "ymax")
    return np.column_stack(
        [covering.field(side).to_numpy(zero_copy_only=False).astype(float) for side in sides]
    )


def _bounds(table: Table) -> NDArray[np.float64]:
    """Return the boxes of a file that lists none: all its geometries are read, once."""
    import shapely  # noqa: PLC0415 - files of the pipeline list them

    boxes: NDArray[np.float64] = shapely.bounds(shapely.from_wkb(table[GEOMETRY].to_pylist()))
    return boxes


def count_rows(path: Path) -> int:
    """Return how many rows the file at `path` has."""
    with _open(path) as file:
        return int(file.metadata.num_rows)


def read_rows(
    path: Path, rows: NDArray[np.int64] | range, columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Read `columns` of `rows`, given in rising order; columns the file has not are left out.

    Only the row groups that hold one of the rows are read.
    """
    wanted = np.asarray(rows, dtype=np.int64)
    records: list[dict[str, Any]] = []
    with _open(path) as file:
        present = [name for name in columns if name in file.schema_arrow.names]
        start = 0
        for group in range(file.metadata.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            here = wanted[(wanted >= start) & (wanted < end)] - start
            if here.size:
                records += file.read_row_group(group, columns=present).take(here).to_pylist()
            start = end
    return records


def _open(path: Path) -> ParquetFile:
    import pyarrow.parquet as pq  # noqa: PLC0415 - a quarter of a second no tile should wait for

    return pq.ParquetFile(path)
