"""Reading some rows of a GeoParquet file without reading the rest."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pyarrow import Table
    from pyarrow.parquet import ParquetFile

GEOMETRY, COVERING, ID = "geometry", "bbox", "id"
"""Columns of every layer that are no attributes (GeoParquet 1.1 calls the second a covering)."""


class Index:
    """What finds the rows of one file.

    Attributes
    ----------
    boxes
        West, south, east, north of every row in degrees, shape (rows, 4); NaN without geometry.
    ids
        Feature id of every row, shape (rows,).
    """

    def __init__(self, path: Path) -> None:
        with _open(path) as file:
            covered = COVERING in file.schema_arrow.names
            table = file.read(columns=[ID, COVERING if covered else GEOMETRY])
        self.ids: NDArray[np.int64] = table[ID].to_numpy()
        self.boxes = _covering(table) if covered else _bounds(table)

    def within(self, bbox: tuple[float, float, float, float]) -> NDArray[np.bool_]:
        """Tell which rows' boxes meet `bbox`; west beyond east goes round the antimeridian."""
        west, south, east, north = bbox
        xmin, ymin, xmax, ymax = self.boxes.T
        beyond_west, before_east = xmax >= west, xmin <= east
        across = beyond_west & before_east if west <= east else beyond_west | before_east
        met: NDArray[np.bool_] = across & (ymax >= south) & (ymin <= north)
        return met


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


@lru_cache(maxsize=16)
def index_of(path: Path, sha256: str) -> Index:
    """Return the index of the file at `path`; it is kept until the checksum is another."""
    del sha256  # only the key of the cache
    return Index(path)


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


def equal_to(path: Path, column: str, value: str) -> NDArray[np.bool_]:
    """Tell in which rows `column`, written as text, is `value`."""
    import pyarrow as pa  # noqa: PLC0415 - see _open
    import pyarrow.compute as pc  # noqa: PLC0415

    with _open(path) as file:
        if column not in file.schema_arrow.names:
            return np.zeros(file.metadata.num_rows, dtype=bool)
        text = file.read(columns=[column])[column].cast(pa.string())
    found: NDArray[np.bool_] = pc.fill_null(pc.equal(text, value), False).to_numpy()
    return found


def _open(path: Path) -> ParquetFile:
    import pyarrow.parquet as pq  # noqa: PLC0415 - a quarter of a second no tile should wait for

    return pq.ParquetFile(path)
