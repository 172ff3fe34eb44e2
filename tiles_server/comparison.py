"""A table of one number by class, town and year, side by side; and the chart of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tiles_server.errors import UnknownNameError
from tiles_server.parquet import count_rows, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiles_server.manifest import Compare, Layer
    from tiles_server.releases import Release

MOST_ROWS = 20_000
MOST_SERIES = 12
"""Columns that can still be read side by side; the rest is chosen by town and year."""
SUPPRESSED = "suppressed"
CODE = "municipality_code"


class Series(NamedTuple):
    """A column of the comparison."""

    town: str
    year: str


@dataclass(frozen=True)
class Cell:
    """One number, or why there is none: ``suppressed``, ``empty``, or ``none`` without a record."""

    value: float | None = None
    state: str = ""


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes
    ----------
    classes
        ``{class: its words}``, in the order of the table.
    series
        Columns that are shown, by town and year.
    left
        How many more there are.
    cells
        Of each class and series that has a row.
    towns, years
        All there are to choose from.
    cut
        Whether the table has more rows than were read.
    """

    told: Compare
    classes: dict[str, str]
    series: list[Series]
    left: int
    cells: Mapping[tuple[str, Series], Cell]
    towns: list[str] = field(default_factory=list)
    years: list[str] = field(default_factory=list)
    cut: bool = False

    def cell(self, name: str, column: Series) -> Cell:
        """Return the cell of a class in a column."""
        return self.cells.get((name, column), Cell(state="none"))

    def shown(self, cell: Cell) -> str:
        """Return the number of a cell as people read it; empty if there is none."""
        if cell.value is None:
            return ""
        if self.told.shown == "percent":
            return f"{cell.value * 100:.1f}%"
        whole = float(cell.value).is_integer()
        return f"{cell.value:,.0f}" if whole else f"{cell.value:,.6g}"


def comparison(
    release: Release, name: str, language: str, town: str = "", year: str = ""
) -> Comparison:
    """Put a layer's table side by side.

    Parameters
    ----------
    town, year
        Only columns of these; empty for all.

    Raises
    ------
    UnknownNameError
        If the layer is no comparison, or has nothing to serve.
    """
    layer = release.layer(name)
    told = layer.compare
    if told is None or "parquet" not in layer.artefacts:
        raise UnknownNameError(f"layer {name} is no comparison")
    path = release.folder / layer.artefacts["parquet"]
    total = count_rows(path)
    known = {f.name for f in layer.fields}
    names = [CODE, *told.fields(), *([SUPPRESSED] if SUPPRESSED in known else [])]
    rows = read_rows(path, range(min(total, MOST_ROWS)), list(dict.fromkeys(names)))
    cells: dict[tuple[str, Series], Cell] = {}
    classes: dict[str, str] = {}
    for row in rows:
        key = str(row[told.by] if row[told.by] is not None else "")
        classes.setdefault(key, _words(layer, told, row, language))
        series = Series(str(row[CODE] or ""), str(row[told.year]) if told.year else "")
        cells[key, series] = _cell(row, told)
    every = sorted({series for _, series in cells}, key=lambda s: (s.town, s.year))
    chosen = [s for s in every if town in ("", s.town) and year in ("", s.year)]
    return Comparison(
        told,
        dict(sorted(classes.items(), key=lambda pair: (not pair[0].isdecimal(), pair[0]))),
        chosen[:MOST_SERIES],
        len(chosen) - len(chosen[:MOST_SERIES]),
        cells,
        list(dict.fromkeys(s.town for s in every)),
        sorted({s.year for s in every if s.year}),
        total > MOST_ROWS,
    )


def _words(layer: Layer, told: Compare, row: Mapping[str, object], language: str) -> str:
    said = layer.said(told.by, row[told.by], language)
    if language == "ja" and told.label and row[told.label]:
        return str(row[told.label])
    return said or str((row[told.label] if told.label else None) or row[told.by] or "")


def _cell(row: Mapping[str, object], told: Compare) -> Cell:
    value = row[told.measure]
    if isinstance(value, int | float):
        return Cell(float(value))
    return Cell(state="suppressed" if row.get(SUPPRESSED) else "empty")
