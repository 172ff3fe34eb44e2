"""Workbooks and CSV files as grids of cells that know their names.

python-calamine reads .xlsx, .xls, .xlsm and .ods. A geometry file (Shapefile, GeoJSON …) is a
sheet as well: its attributes under a header row, points with their degrees in two more columns.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from pipeline.config.base import Text
from pipeline.config.layers import Municipality
from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.sources.read import read_source
from pipeline.sources.worksheets import sheet_cells, sheet_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.findings import Finding

Cell = Any
"""A value as the workbook holds it: str, float, bool, date, time, datetime or timedelta."""

Position = TypeVar("Position", int, "NDArray[np.int64]")
"""A zero-based row or column, or an array of them."""

_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
_TEXTS = frozenset({".csv", ".tsv", ".txt"})
_GEOMETRIES = frozenset({".shp", ".geojson", ".json", ".gpkg", ".fgb", ".kml", ".gml"})
COLUMNS = 16_384
"""Columns a sheet of Excel can have."""
LON, LAT = "経度", "緯度"
"""Headers of the columns that a geometry file gets beside its attributes."""


@cache
def column_name(index: int) -> str:
    """Return the letters of a column: 0 is ``A``, 26 is ``AA``."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@cache
def column_index(letters: str) -> int:
    """Return the zero-based position of a column named by letters."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell from zero-based positions: ``(0, 1)`` is ``B1``."""
    return f"{column_name(column)}{row + 1}"


def cell_code(row: Position, column: Position) -> Position:
    """Return a cell, or an array of them, as one number, which sorts by row and then by column."""
    return row * COLUMNS + column


def code_name(code: int) -> str:
    """Return the name of the cell that :func:`cell_code` made a number of."""
    return cell_name(*divmod(code, COLUMNS))


def corners(area: str) -> tuple[int, int, int | None, int | None]:
    """Split an area into zero-based first row, first column, last row, last column.

    The last corner is ``None, None`` where the area names only its first cell.
    """
    found = re.fullmatch(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?", area)
    if found is None:
        raise ValueError(f"not an area of a sheet: {area}")
    column, row, last_column, last_row = found.groups()
    end = (int(last_row) - 1, column_index(last_column)) if last_column else (None, None)
    return int(row) - 1, column_index(column), *end


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its cells from A1 to the last used one.

    Attributes
    ----------
    file, sheet
        As declared, for findings.
    rows
        Values by zero-based row and column; empty cells are ``""``. Rows are of equal length.
    merged
        First cell of every merged range by each of its other cells, zero-based.
    """

    file: str
    sheet: str
    rows: list[list[Cell]]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def at(self, row: int, column: int) -> Cell:
        """Return the value of a cell; ``""`` outside the used cells."""
        try:
            return self.rows[row][column]
        except IndexError:
            return ""

    def spread(self, row: int, column: int) -> Cell:
        """Return the value of a cell, that of its merged range where it lies in one."""
        return self.at(*self.merged.get((row, column), (row, column)))

    def transposed(self) -> Grid:
        """Return the sheet with rows and columns exchanged."""
        rows = [list(column) for column in zip(*self.rows, strict=True)]
        merged = {(c, r): (c0, r0) for (r, c), (r0, c0) in self.merged.items()}
        return Grid(self.file, self.sheet, rows, merged)


def area_of(grid: Grid, area: str) -> tuple[range, range]:
    """Return the rows and columns of an area of a sheet."""
    row, column, last_row, last_column = corners(area)
    rows = range(row, 1 + (grid.height - 1 if last_row is None else last_row))
    return rows, range(column, 1 + (grid.width - 1 if last_column is None else last_column))


@dataclass(frozen=True, slots=True)
class Book:
    """An opened workbook; sheets are read when asked for.

    Attributes
    ----------
    file
        Path as declared.
    path
        Where it is.
    sheets
        Names of the sheets in order; one empty name for a CSV or geometry file.
    findings
        What was noticed while reading a geometry file.
    hidden
        Names of sheets that Excel does not show.
    """

    file: str
    path: Path
    sheets: tuple[str, ...]
    _read: Callable[[str], Grid]
    findings: tuple[Finding, ...] = ()
    hidden: tuple[str, ...] = ()

    def grid(self, sheet: str = "") -> Grid:
        """Return a sheet by its name, the first one when no name is given.

        Raises
        ------
        TimetableUnreadable
            If the workbook has no such sheet (``sheet-missing``).
        """
        name = sheet or self.sheets[0]
        if name not in self.sheets:
            raise unreadable("sheet-missing", self.file, sheet=name, sheets="、".join(self.sheets))
        return self._read(name)


def open_book(root: Path, file: str, *, encoding: str = "utf-8-sig") -> Book:
    """Open a workbook or a CSV file.

    Parameters
    ----------
    root
        Folder that `file` is relative to.
    encoding
        Encoding of a CSV file.

    Raises
    ------
    TimetableUnreadable
        With the finding ``file-missing``, ``workbook-unreadable`` or ``encoding-wrong``.
    """
    path = root / file
    if not path.is_file():
        raise unreadable("file-missing", file)
    suffix = path.suffix.lower()
    if suffix in _WORKBOOKS:
        return _open_workbook(path, file)
    if suffix in _TEXTS:
        return _open_csv(path, file, encoding)
    if suffix in _GEOMETRIES:
        return _open_geometry(root, path, file)
    raise unreadable("workbook-unreadable", file, reason=f"*{suffix}")


def _open_workbook(path: Path, file: str) -> Book:
    try:
        names, hidden = sheet_names(path, file)
    except SourceError as error:
        raise TimetableUnreadable(error.findings[0]) from error
    grids: dict[str, Grid] = {}

    def read(name: str) -> Grid:
        if name not in grids:
            try:
                rows, ranges = sheet_cells(path, file, name)
            except SourceError as error:
                raise TimetableUnreadable(error.findings[0]) from error
            grids[name] = Grid(file, name, rows, _merged(ranges, len(rows)))
        return grids[name]

    return Book(file, path, names, read, hidden=hidden)


def _open_csv(path: Path, file: str, encoding: str) -> Book:
    try:
        text = path.read_text(encoding=encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable("encoding-wrong", file, value=encoding) from error
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    width = max(map(len, rows), default=0)
    grid = Grid(file, "", [row + [""] * (width - len(row)) for row in rows])
    return Book(file, path, ("",), lambda _: grid)


def is_geometry(file: str) -> bool:
    """Tell whether a file carries its places itself, in a CRS of its own."""
    return file[file.rfind(".") :].lower() in _GEOMETRIES


def _open_geometry(root: Path, path: Path, file: str) -> Book:
    owner = Municipality.model_construct(code="", name=Text(ja=""), crs="")
    try:
        table = read_source(Source.of_feed(file), owner, root)
    except SourceError as error:
        raise TimetableUnreadable(error.findings[0]) from error
    frame = table.frame.drop(columns="geometry")
    rows: list[list[Cell]] = [[*map(str, frame.columns), LON, LAT]]
    for values, shape in zip(frame.itertuples(index=False), table.frame.geometry, strict=True):
        point = shape if shape is not None and shape.geom_type == "Point" else None
        place = ["", ""] if point is None else [round(point.x, 7), round(point.y, 7)]
        rows.append([*("" if pd.isna(value) else value for value in values), *place])
    grid = Grid(file, "", rows)
    return Book(file, path, ("",), lambda _: grid, tuple(table.findings))


def _merged(
    ranges: list[tuple[tuple[int, int], tuple[int, int]]], height: int
) -> dict[tuple[int, int], tuple[int, int]]:
    return {
        (row, column): first
        for first, last in ranges
        for row in range(first[0], min(last[0] + 1, height))
        for column in range(first[1], last[1] + 1)
        if (row, column) != first
    }


def unreadable(code: str, file: str, **details: object) -> TimetableUnreadable:
    """Make the error of a file, with its finding."""
    return TimetableUnreadable(notice(code, file=file, **details))
