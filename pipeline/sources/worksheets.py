"""Sheets of a workbook cell by cell, for readers that go by position: timetables and fares.

The functions named ``read_…`` run in the child process; the others ask it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.confined import Limits, Stopped, confined
from pipeline.sources.content import require_content
from pipeline.sources.gdal import ENVIRONMENT
from pipeline.sources.refusals import explained, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from python_calamine import CalamineWorkbook

Ranges = list[tuple[tuple[int, int], tuple[int, int]]]
"""First and last cell, row and column from 0, of merged ranges."""
Names = tuple[tuple[str, ...], tuple[str, ...]]
"""Names of all sheets in order, and of those that are hidden."""
XLSX = (".xlsx", ".xlsm")


def sheet_names(path: Path, file: str) -> Names:
    """Return the names of the sheets of a workbook, and which of them are hidden.

    Parameters
    ----------
    file
        As declared, for findings.

    Raises
    ------
    SourceError
        If it cannot be read; the finding says why.
    """
    names: Names = _asked("read_names", path, file)
    return names


def sheet_cells(path: Path, file: str, sheet: str) -> tuple[list[list[Any]], Ranges]:
    """Return the cells of a sheet from A1, by value, and its merged ranges.

    Raises
    ------
    SourceError
        If it cannot be read; the finding says why.
    """
    cells: tuple[list[list[Any]], Ranges] = _asked("read_cells", path, file, sheet)
    return cells


def _asked(function: str, path: Path, *arguments: str) -> Any:
    file = arguments[0]
    require_content(path, file)
    limits = Limits.for_file(path.stat().st_size)
    try:
        return confined(
            "pyogrio", f"{__name__}:{function}", (path.absolute(), *arguments), limits, ENVIRONMENT
        )
    except Stopped as stopped:
        raise explained(stopped, path, file, limits) from stopped


def _opened(path: Path, file: str) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - in the child only

    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        detail = str(error).replace(str(path), file)
        raise unreadable(
            file, "encrypted" if "assword" in detail else "damaged", detail=detail
        ) from error


def read_names(path: Path, file: str) -> Names:
    """Read the names of the sheets; in the child."""
    from python_calamine import SheetVisibleEnum  # noqa: PLC0415 - in the child only

    book = _opened(path, file)
    hidden = [s.name for s in book.sheets_metadata if s.visible != SheetVisibleEnum.Visible]
    return tuple(book.sheet_names), tuple(hidden)


def read_cells(path: Path, file: str, sheet: str) -> tuple[list[list[Any]], Ranges]:
    """Read a sheet; in the child."""
    from python_calamine import CalamineError  # noqa: PLC0415 - in the child only

    from pipeline.sources.cells.package import read_package  # noqa: PLC0415
    from pipeline.sources.cells.sheet import scan_sheet  # noqa: PLC0415

    book = _opened(path, file)
    if path.suffix.lower() in XLSX:
        # A cell far outside is named before calamine tries to hold all between.
        scan_sheet(read_package(path, sheet, file).sheet, set(), file)
    try:
        opened = book.get_sheet_by_name(sheet)
        return opened.to_python(skip_empty_area=False), list(opened.merged_cell_ranges or ())
    except (CalamineError, ValueError, OSError) as error:
        raise unreadable(file, "damaged", detail=error) from error
