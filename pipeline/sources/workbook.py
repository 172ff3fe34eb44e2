"""Excel and OpenDocument workbooks: every cell as the sheet shows it."""

from __future__ import annotations

import datetime as dt
from importlib import metadata
from typing import TYPE_CHECKING

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.sources.cells.grid import Grid, fill_merged, show_formats
from pipeline.sources.cells.numbers import plain_number
from pipeline.sources.cells.package import read_package
from pipeline.sources.cells.sheet import Sheet, name_of, scan_sheet
from pipeline.sources.refusals import unreadable
from pipeline.sources.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.config.sources import Source
    from pipeline.sources.table import Raw

READER = f"python-calamine {metadata.version('python-calamine')}"
XLSX = (".xlsx", ".xlsm")
MOST_PLACES = 10
"""Rows, columns or ranges that one finding names."""


def read_workbook(path: Path, source: Source) -> Raw:
    """Read one sheet of an Excel workbook (``.xlsx``, ``.xlsm``, ``.xls``, ``.ods``).

    Raises
    ------
    SourceError
        If the file is no workbook, is damaged, or the declared sheet is not in it.
    """
    book = _opened(path, source)
    name, findings = _chosen(book, source)
    sheet = Sheet()
    xlsx = path.suffix.lower() in XLSX
    if xlsx:
        package = read_package(path, name, source.path)
        sheet = scan_sheet(package.sheet, set(package.formats), source.path)
    try:
        opened = book.get_sheet_by_name(name)
        rows = opened.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError) as error:
        raise unreadable(source.path, "damaged", detail=error) from error
    grid = Grid([[cell_text(cell) for cell in row] for row in rows])
    if xlsx:
        findings += show_formats(grid, sheet, package, source, name)
    else:
        sheet.merged = _merged(opened)
        findings += _read_by_value(rows, source, name)
    findings += fill_merged(grid, sheet.merged, source, name)
    raw = as_table(grid.rows, source, "", findings)
    raw.exact = grid.exact_columns(raw)
    raw.findings += [*_without_value(sheet, source, name), *_not_shown(raw, sheet, source, name)]
    raw.tables, raw.reader = list(book.sheet_names), READER
    return raw


def _opened(path: Path, source: Source) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        if "assword" in str(error):
            raise unreadable(source.path, "encrypted") from error
        detail = str(error).replace(str(path), source.path)
        raise unreadable(source.path, "damaged", detail=detail) from error


def _chosen(book: CalamineWorkbook, source: Source) -> tuple[str, list[Finding]]:
    """Return the declared sheet, else the first that holds cells and is shown."""
    catalogue = Catalogue.of("pipeline")
    sheets = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    names = [s.name for s in sheets]
    if source.table in names:
        return source.table, []
    if source.table or not names:
        known = ", ".join(names)
        raise SourceError(
            [catalogue.finding("sheet-missing", file=source.path, sheet=source.table, known=known)]
        )
    shown = [s.name for s in sheets if s.visible == SheetVisibleEnum.Visible]
    chosen = (shown or names)[0]
    if len(names) == 1:
        return chosen, []
    others = ", ".join(name for name in names if name != chosen)
    return chosen, [
        catalogue.finding("sheet-assumed", file=source.path, sheet=chosen, others=others)
    ]


def _merged(sheet: CalamineSheet) -> list[tuple[int, int, int, int]]:
    """Return merged ranges where the library knows them: it does for .xls, not for .ods."""
    return [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]


def _read_by_value(rows: Sequence[Sequence[object]], source: Source, sheet: str) -> list[Finding]:
    """Say that what cells show is not known for .xls and .ods, where it could differ."""
    numbers = [
        (row, column)
        for row, cells in enumerate(rows[source.header :], start=source.header)
        for column, cell in enumerate(cells)
        if isinstance(cell, float | dt.date | dt.time | dt.timedelta)
    ]
    if not numbers:
        return []
    return [
        Catalogue.of("pipeline").finding(
            "cells-by-value",
            file=source.path,
            sheet=sheet,
            cell=name_of(*numbers[0]),
            value=cell_text(rows[numbers[0][0]][numbers[0][1]]),
            count=len(numbers),
        )
    ]


def _without_value(sheet: Sheet, source: Source, name: str) -> list[Finding]:
    blank = {at: said for at, said in sheet.blank.items() if at[0] >= source.header - 1}
    if not blank:
        return []
    return [
        Catalogue.of("pipeline").finding(
            "cell-without-value",
            file=source.path,
            sheet=name,
            places=[Place(cell=name_of(*at), value=blank[at]) for at in sorted(blank)],
        )
    ]


def _not_shown(raw: Raw, sheet: Sheet, source: Source, name: str) -> list[Finding]:
    """Name the rows and columns that Excel hides and that are read all the same."""
    present = set(raw.rows.tolist())
    rows = [str(row + 1) for row in sheet.hidden_rows if row + 1 in present]
    headings = list(raw.frame.columns)
    columns = [str(headings[c]) for c in sheet.hidden_columns if c < len(headings)]
    catalogue, found = Catalogue.of("pipeline"), []
    for code, hidden in (
        ("rows-filtered" if sheet.filtered else "rows-hidden", rows),
        ("columns-hidden", columns),
    ):
        if hidden:
            listed = ", ".join(hidden[:MOST_PLACES]) + ("…" if len(hidden) > MOST_PLACES else "")
            found.append(
                catalogue.finding(
                    code, file=source.path, sheet=name, listed=listed, count=len(hidden)
                )
            )
    return found


def cell_text(cell: object) -> str:
    """Return a cell as a person reads it: 401005 rather than 401005.0, dates in ISO 8601."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return plain_number(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        clock = f"{seconds // 3600}:{seconds // 60 % 60:02d}"
        return clock if seconds % 60 == 0 else f"{clock}:{seconds % 60:02d}"
    if isinstance(cell, dt.date | dt.datetime | dt.time):
        return cell.isoformat()
    return str(cell)
