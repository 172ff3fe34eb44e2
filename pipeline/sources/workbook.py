"""Excel and OpenDocument workbooks."""

from __future__ import annotations

import datetime as dt
from importlib import metadata
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.tabular import as_table
from pipeline.sources.xlsx_cells import hidden_cells

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.layers import Source
    from pipeline.sources.table import Raw

READER = f"python-calamine {metadata.version('python-calamine')}"


def read_workbook(path: Path, source: Source) -> Raw:
    """Read one sheet of an Excel workbook (``.xlsx``, ``.xlsm``, ``.xls``, ``.ods``).

    Raises
    ------
    SourceError
        If the file is no workbook or the declared sheet is not in it.
    """
    catalogue = Catalogue.of("pipeline")
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise SourceError(
            [catalogue.finding("source-unreadable", file=source.path, reason=str(error))]
        ) from error
    name = source.table or book.sheet_names[0]
    if name not in book.sheet_names:
        listed = ", ".join(book.sheet_names)
        raise SourceError(
            [catalogue.finding("sheet-missing", file=source.path, sheet=name, known=listed)]
        )
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    findings: list[Finding] = []
    if not source.table and len(book.sheet_names) > 1:
        others = ", ".join(book.sheet_names[1:])
        findings.append(
            catalogue.finding("sheet-assumed", file=source.path, sheet=name, others=others)
        )
    findings += _hidden_cells(path, name, source)
    raw = as_table([[cell_text(cell) for cell in row] for row in rows], source, "", findings)
    raw.tables = list(book.sheet_names)
    raw.reader = READER
    return raw


def _hidden_cells(path: Path, sheet: str, source: Source) -> list[Finding]:
    hidden = [(at, said) for at, said in hidden_cells(path, sheet) if _row_of(at) >= source.header]
    if not hidden:
        return []
    cell, said = hidden[0]
    return [
        Catalogue.of("pipeline").finding(
            "cell-without-value",
            file=source.path,
            sheet=sheet,
            cell=cell,
            value=said,
            count=len(hidden),
        )
    ]


def _row_of(cell: str) -> int:
    return int(cell.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)


def cell_text(cell: object) -> str:
    """Return a cell as a person reads it: 401005 rather than 401005.0, dates in ISO 8601."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.date | dt.datetime | dt.time):
        return cell.isoformat()
    return str(cell)
