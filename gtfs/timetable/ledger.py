"""Tables with a header row: stops, fares by category, days, zones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from gtfs.timetable.clock import plain
from gtfs.timetable.grid import cell_name, open_book

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gtfs.timetable.grid import Cell, Grid
    from pipeline.config.feed_parts import Sheet
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a ledger.

    Attributes
    ----------
    file, sheet, row
        Where it stands; `row` counts as the spreadsheet does.
    values, columns
        Values and zero-based columns by header.
    """

    file: str
    sheet: str
    row: int
    values: dict[str, Cell]
    columns: dict[str, int]

    def text(self, header: str) -> str:
        """Return a value as text; numbers that are whole lose their ``.0``."""
        value = self.values.get(header, "") if header else ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).strip()

    def number(self, header: str) -> float | None:
        """Return a value as a number, ``１，２００円`` too; None where it is none."""
        word = plain(self.text(header)).replace(",", "").removesuffix("円")
        try:
            return float(word)
        except ValueError:
            return None

    def day(self, header: str) -> dt.date | None:
        """Return a value as a date; None where it is none."""
        value = self.values.get(header, "")
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        parts = plain(str(value)).replace("/", "-").replace(".", "-").split("-")
        try:
            return dt.date(*(int(part) for part in parts))
        except (ValueError, TypeError):
            return None

    def finding(self, code: str, header: str, **details: object) -> Finding:
        """Make a finding about one value of this row."""
        column = self.columns.get(header)
        return notice(
            code,
            file=self.file,
            sheet=self.sheet,
            row=self.row,
            cell="" if column is None else cell_name(self.row - 1, column),
            field=header,
            value=self.text(header),
            **details,
        )


def read_ledger(
    root: Path, source: Sheet, headers: Iterable[str], findings: list[Finding] | None = None
) -> list[Record]:
    """Read a table with one header row; rows without any value are left out.

    Parameters
    ----------
    root
        Folder that the file is relative to.
    headers
        Headers that must be there; empty ones are ignored.
    findings
        Takes what was noticed about a file that could be read all the same.

    Raises
    ------
    TimetableUnreadable
        If the file, the sheet or a header is missing.
    """
    book = open_book(root, source.file, encoding=source.encoding)
    grid = book.grid(source.sheet)
    if findings is not None:
        findings += book.findings
    columns = _columns(grid, source.header - 1)
    for header in headers:
        if header and header not in columns:
            raise TimetableUnreadable(
                notice(
                    "column-missing",
                    file=source.file,
                    sheet=grid.sheet,
                    row=source.header,
                    field=header,
                    columns="、".join(columns),
                )
            )
    return [
        Record(
            grid.file,
            grid.sheet,
            row + 1,
            {name: grid.at(row, column) for name, column in columns.items()},
            columns,
        )
        for row in range(source.header, grid.height)
        if any(str(grid.at(row, column)).strip() for column in columns.values())
    ]


def _columns(grid: Grid, row: int) -> dict[str, int]:
    cells = grid.rows[row] if row < grid.height else []
    names = {column: str(cell).strip() for column, cell in enumerate(cells)}
    return {name: column for column, name in reversed(names.items()) if name}
