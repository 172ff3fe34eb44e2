"""A layer as a table, page by page: what a reader without the map reads instead of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from tiles_server.errors import BadQueryError
from tiles_server.features import find
from tiles_server.parquet import count_rows, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tiles_server.features import Features, Query
    from tiles_server.manifest import FieldInfo

PAGE_ROWS = 50


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


def found_page(
    source: Features, query: Query, fields: Sequence[FieldInfo], number: int
) -> TablePage:
    """Return page `number` of the features that `query` asks for.

    Raises
    ------
    BadQueryError
        If there is no such page.
    """
    first = (number - 1) * PAGE_ROWS
    answer = find(source, replace(query, limit=PAGE_ROWS, offset=first))
    if first >= answer.matched and number > 1:
        raise BadQueryError(f"there is no page {number}")
    records = [orjson.loads(text)["properties"] for text in answer.features]
    rows = [[record.get(field.name) for field in fields] for record in records]
    return TablePage(rows, number, first + 1, answer.matched)


def read_page(path: Path, fields: Sequence[FieldInfo], number: int) -> TablePage:
    """Read page `number` of the GeoParquet file at `path`, geometry left out.

    Raises
    ------
    BadQueryError
        If there is no such page.
    """
    total = count_rows(path)
    first = (number - 1) * PAGE_ROWS
    if first >= total and number > 1:
        raise BadQueryError(f"there is no page {number}")
    names = [field.name for field in fields]
    records = read_rows(path, range(first, min(total, first + PAGE_ROWS)), names)
    return TablePage([[r.get(name) for name in names] for r in records], number, first + 1, total)
