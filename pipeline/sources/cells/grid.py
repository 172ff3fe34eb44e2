"""The cells of a sheet as text, made to be what Excel shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.findings import Catalogue, Finding, Place
from pipeline.sources.cells.formats import sections_of, show, show_text
from pipeline.sources.cells.moments import iso, shows_a_date
from pipeline.sources.cells.numbers import plain_number
from pipeline.sources.cells.sheet import name_of, range_name

if TYPE_CHECKING:
    from pipeline.config.sources import Source
    from pipeline.sources.cells.package import Package
    from pipeline.sources.cells.sheet import Sheet
    from pipeline.sources.table import Exact, Raw

Area = tuple[int, int, int, int]
MOST_RANGES = 10
"""Merged ranges that one finding names."""


@dataclass
class Grid:
    """Cells by row and column from 0.

    Attributes
    ----------
    rows
        Text as shown; of equal length.
    exact
        ``{(row, column): value}`` where the value behind a cell is not its text.
    """

    rows: list[list[str]]
    exact: dict[tuple[int, int], str] = field(default_factory=dict)

    def exact_columns(self, raw: Raw) -> Exact:
        """Return the exact values by column and position of the table made of this grid."""
        positions = {int(number) - 1: at for at, number in enumerate(raw.rows)}
        names = list(raw.frame.columns)
        found: Exact = {}
        for (row, column), value in self.exact.items():
            if row in positions and column < len(names):
                found.setdefault(str(names[column]), {})[positions[row]] = value
        return found


def show_formats(
    grid: Grid, sheet: Sheet, package: Package, source: Source, name: str
) -> list[Finding]:
    """Give cells the text their number format shows, in place.

    Returns
    -------
    list of Finding
        Formats that are not known, and numbers shown with fewer digits than they have.
    """
    unknown: dict[tuple[int, int], str] = {}
    rounded: dict[tuple[int, int], str] = {}
    for at, (style, written) in sheet.styled.items():
        row, column = at
        if row >= len(grid.rows) or column >= len(grid.rows[row]):
            continue
        code, cells = package.formats[style], grid.rows[row]
        if not written:
            cells[column] = show_text(cells[column], code)
            continue
        value = float(written)
        shown = show(value, code, since_1904=package.since_1904)
        if shown.text is None:
            unknown[at] = code
            continue
        cells[column] = shown.text
        exact = _exact(value, code, moment=shown.moment, since_1904=package.since_1904)
        if exact is not None and exact != shown.text:
            grid.exact[at] = exact
            if not shown.moment and _digits(shown.text) < _digits(exact):
                rounded[at] = f"{shown.text} ({exact})"
    unknown = {at: f"{grid.rows[at[0]][at[1]]} ({code})" for at, code in unknown.items()}
    return [
        *_listed("cell-format-unknown", unknown, source, name),
        *_listed("cells-rounded", rounded, source, name),
    ]


def _exact(value: float, code: str, *, moment: bool, since_1904: bool) -> str | None:
    """Return the value behind a cell: a date in ISO 8601, a number; none of a bare time."""
    if not moment:
        return plain_number(value)
    section = sections_of(code)[0]
    if not shows_a_date([(token.kind, token.text) for token in section.tokens]):
        return None
    return iso(value, since_1904=since_1904)


def _digits(text: str) -> int:
    return len("".join(c for c in text if c.isdecimal()).strip("0"))


def _listed(
    code: str, cells: dict[tuple[int, int], str], source: Source, sheet: str
) -> list[Finding]:
    below = {at: said for at, said in cells.items() if at[0] >= source.header}
    if not below:
        return []
    return [
        Catalogue.of("pipeline").finding(
            code,
            file=source.path,
            sheet=sheet,
            places=[Place(cell=name_of(*at), value=below[at]) for at in sorted(below)],
        )
    ]


def fill_merged(grid: Grid, merged: list[Area], source: Source, sheet: str) -> list[Finding]:
    """Give every cell of a merged range the value it shows, in place.

    A range as wide as the table is a title or a note, not the value of each column.

    Returns
    -------
    list of Finding
        The ranges among the records that were filled.
    """
    height, width = len(grid.rows), max(map(len, grid.rows), default=0)
    filled: list[Area] = []
    for area in merged:
        top, left, bottom, right = area
        if top >= height or left >= width or (right - left + 1 >= width > 1):
            continue
        value = grid.rows[top][left]
        if not value.strip():
            continue
        _fill(grid, area, value)
        if bottom >= source.header:
            filled.append(area)
    if not filled:
        return []
    filled.sort()
    ranges = ", ".join(map(range_name, filled[:MOST_RANGES]))
    ranges += "…" if len(filled) > MOST_RANGES else ""
    return [
        Catalogue.of("pipeline").finding(
            "cells-merged",
            file=source.path,
            sheet=sheet,
            places=[
                Place(cell=range_name(area), value=grid.rows[area[0]][area[1]]) for area in filled
            ],
            ranges=ranges,
        )
    ]


def _fill(grid: Grid, area: Area, value: str) -> None:
    top, left, bottom, right = area
    exact = grid.exact.get((top, left))
    for row in range(top, min(bottom + 1, len(grid.rows))):
        for column in range(left, min(right + 1, len(grid.rows[row]))):
            grid.rows[row][column] = value
            if exact is not None:
                grid.exact[row, column] = exact
