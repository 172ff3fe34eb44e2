"""A layer as a table, page by page: what a reader without the map reads instead of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiles_server.errors import BadQueryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pyarrow.parquet import ParquetFile

    from tiles_server.manifest import FieldInfo

PAGE_ROWS = 50
GEOMETRY = "geometry"


@dataclass(frozen=True)
class TablePage:
    """Some rows of a layer.

    Attributes
    ----------
    rows
        Values in the order of the layer's fields.
    number
        Number of the page, from 1.
    first
        Number of the first row, from 1.
    total
        Rows of the whole layer.
    """

    rows: list[list[Any]]
    number: int
    first: int
    total: int

    def rows_by(self, fields: Sequence[FieldInfo]) -> Iterator[list[tuple[FieldInfo, Any]]]:
        """Yield each row as pairs of field and value."""
        for row in self.rows:
            yield list(zip(fields, row, strict=True))

    @property
    def last(self) -> int:
        """Number of the last row on the page."""
        return self.first + len(self.rows) - 1

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_ROWS))


def page_number(text: str | None) -> int:
    """Read the number of a page from the query; raise BadQueryError if it is none."""
    if text is None:
        return 1
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise BadQueryError(f"page must be a whole number from 1, not '{text}'")
    return int(text)


def read_page(path: Path, fields: Sequence[FieldInfo], number: int) -> TablePage:
    """Read page `number` of the GeoParquet file at `path`, geometry left out.

    Only the row groups that hold the page are read.

    Raises
    ------
    BadQueryError
        If there is no such page.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - a quarter of a second no tile should wait for

    with pq.ParquetFile(path) as file:
        total = file.metadata.num_rows
        first = (number - 1) * PAGE_ROWS
        if first >= total and number > 1:
            raise BadQueryError(f"there is no page {number}")
        present = set(file.schema_arrow.names)
        columns = [field.name for field in fields if field.name in present]
        records = _records(file, columns, first, min(PAGE_ROWS, total - first))
    rows = [[record.get(field.name) for field in fields] for record in records]
    return TablePage(rows, number, first + 1, total)


def _records(
    file: ParquetFile, columns: list[str], first: int, count: int
) -> list[Mapping[str, Any]]:
    records: list[Mapping[str, Any]] = []
    start = 0
    for group in range(file.metadata.num_row_groups):
        end = start + file.metadata.row_group(group).num_rows
        if start < first + count and first < end:
            table = file.read_row_group(group, columns=columns)
            offset = max(0, first - start)
            wanted = min(end, first + count) - max(start, first)
            records += table.slice(offset, wanted).to_pylist()
        start = end
    return records
