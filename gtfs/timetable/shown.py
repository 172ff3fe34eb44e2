"""Numbers as Excel shows them: ``7.5`` in a cell of the format ``0.00`` is read as ``7.50``.

python-calamine gives a number without its format. openpyxl is asked for it only where a table
holds small numbers, because it is slow. What it cannot open stays as it is, and a number that
can mean two times is then a finding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import openpyxl

from gtfs.timetable.grid import Grid

if TYPE_CHECKING:
    from pathlib import Path

    from gtfs.timetable.grid import Book, Cell

_TWO_DECIMALS = frozenset({"0.00", "#,##0.00", "0.00_ ", "0.00_);(0.00)", "0.00;-0.00"})
_HOURS = 48


def as_shown(book: Book, grid: Grid, cells: tuple[range, range]) -> Grid:
    """Return a sheet whose small numbers of two shown decimals are the text that is shown.

    Parameters
    ----------
    cells
        The rows and columns that matter.
    """
    rows, columns = cells
    small = [(r, c) for r in rows for c in columns if _is_small(grid.at(r, c))]
    if not small or book.path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return grid
    try:
        shown = _two_decimals(book.path, book.path.stat().st_mtime_ns)[grid.sheet]
    except (OSError, LookupError, ValueError, TypeError, AttributeError, SyntaxError, BadZipFile):
        return grid  # openpyxl refuses what calamine reads: how a number is shown is unknown
    found = [list(row) for row in grid.rows]
    for row, column in small:
        if (row, column) in shown:
            found[row][column] = f"{found[row][column]:.2f}"
    return Grid(grid.file, grid.sheet, found, grid.merged)


def _is_small(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and 0 <= cell < _HOURS


@lru_cache(maxsize=4)
def _two_decimals(path: Path, changed: int) -> dict[str, frozenset[tuple[int, int]]]:
    """Return the cells with two decimals of every sheet; `changed` tells a file saved again."""
    workbook = openpyxl.load_workbook(path)
    return {
        sheet.title: frozenset(
            (cell.row - 1, cell.column - 1)
            for row in sheet.iter_rows()
            for cell in row
            if cell.number_format in _TWO_DECIMALS
        )
        for sheet in workbook.worksheets
    }
