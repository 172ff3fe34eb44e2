"""The lines of a matrix: which rows and columns of a sheet are stops and trips."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gtfs.notices import notice
from gtfs.timetable.grid import area_of, cell_code, cell_name, column_index
from pipeline.findings import Finding

if TYPE_CHECKING:
    from gtfs.timetable.clock import CellReader
    from gtfs.timetable.grid import Cell, Grid
    from gtfs.timetable.trips import Integers
    from pipeline.config.timetables import Table

StopResolver = Callable[[str, str], "str | Finding"]
"""Gives the stop id of a name and a pole as a timetable writes them, or the finding why not."""

_KIND_IN_NAME = re.compile(r"(.+?)[\s（(・]*([着発])[)）]?")


@dataclass(frozen=True, slots=True)
class StopLine:
    """One stop of a matrix: one line of cells, or two where arrival and departure are given."""

    stop_id: str
    arrival: int
    departure: int


@dataclass(frozen=True, slots=True)
class _NamedLine:
    """A line of a stop: its name, the line where that stands, and 着, 発 or nothing."""

    line: int
    name: str
    named_at: int
    kind: str


def _named_in_pairs(names: Sequence[_NamedLine]) -> list[_NamedLine]:
    """Return lines in which the two of an arrival and a departure share the name of either."""
    found = list(names)
    for i, (first, second) in enumerate(itertools.pairwise(names)):
        if (first.kind, second.kind) != ("着", "発"):
            continue
        if first.name and not second.name:
            found[i + 1] = replace(second, name=first.name, named_at=first.line)
        elif second.name and not first.name:
            found[i] = replace(first, name=second.name, named_at=second.line)
    return found


@dataclass(kw_only=True)
class Lines:
    """A declared matrix on its sheet, as lines of stops that cross lines of trips.

    Attributes
    ----------
    grid, table
        The sheet and the declaration.
    reader
        Reads cells.
    resolve
        Finds stops.
    findings
        What was noticed so far.
    unresolved
        Lines of names that are no known stop.
    """

    grid: Grid
    table: Table
    reader: CellReader
    resolve: StopResolver
    findings: list[Finding] = field(default_factory=list)
    unresolved: list[int] = field(default_factory=list)

    @cached_property
    def across(self) -> bool:
        """Tell whether trips are columns."""
        return self.table.trips == "across"

    def position(self, trip: int, stop: int) -> tuple[int, int]:
        """Return the zero-based row and column where a trip line and a stop line cross."""
        return (stop, trip) if self.across else (trip, stop)

    def bounds(self) -> tuple[range, range]:
        """Return the lines of the trips and the lines of the stops that the area covers."""
        rows, columns = area_of(self.grid, self.table.times)
        return (columns, rows) if self.across else (rows, columns)

    @cached_property
    def trip_lines(self) -> list[int]:
        """Return the lines that are trips.

        The declared ones, else the named ones, else those with something in them.
        """
        trips, stops = self.bounds()
        if self.table.only:
            return [line_index(line) for line in self.table.only]
        if self.table.trip_names is None:
            return [t for t in trips if any(self._says_something(self.at(t, s)) for s in stops)]
        names = line_index(self.table.trip_names)
        named = [t for t in trips if str(self.at(t, names)).strip()]
        unnamed = set(trips) - set(named)
        self._report_unnamed([self.position(t, s) for t in sorted(unnamed) for s in stops])
        return named

    @property
    def cells(self) -> Integers:
        """The cells that may hold times, as :func:`cell_code` numbers them, in order."""
        trips = np.array(self.trip_lines, dtype=np.int64)
        return np.unique(self.codes(trips[:, None], np.array(self.bounds()[1], dtype=np.int64)))

    def codes(self, trips: Integers, stops: Integers) -> Integers:
        """Return the cells where lines cross as :func:`cell_code` numbers them."""
        rows, columns = (stops, trips) if self.across else (trips, stops)
        return cell_code(rows, columns)

    def along(self, stop: int) -> list[Cell]:
        """Return the cells of a stop line at every trip line."""
        if not self.across:
            return [self.grid.at(trip, stop) for trip in self.trip_lines]
        row = self.grid.rows[stop] if stop < self.grid.height else []
        return [row[t] if t < len(row) else "" for t in self.trip_lines]

    def _says_something(self, cell: Cell) -> bool:
        reading = self.reader.read(cell)
        return reading.seconds is not None or reading.unreadable

    def _report_unnamed(self, cells: list[tuple[int, int]]) -> None:
        self.report_unnamed(
            [
                cell
                for cell in cells
                if not isinstance(self.grid.at(*cell), int | float)
                and self.reader.read(self.grid.at(*cell)).seconds is not None
            ]
        )

    def report_unnamed(self, times: list[tuple[int, int]]) -> None:
        """Note times, given by row and column, that belong to no trip."""
        if times:
            self.report(
                "time-without-trip",
                count=len(times),
                cell=cell_name(*times[0]),
                value=show(self.grid.at(*times[0])),
            )

    def at(self, trip: int, stop: int) -> Cell:
        """Return the cell where two lines cross."""
        return self.grid.at(*self.position(trip, stop))

    def report(self, code: str, **place: object) -> None:
        """Note a finding about this sheet."""
        finding = notice(code, file=self.grid.file, sheet=self.grid.sheet, **place)
        self.findings.append(finding)

    def stop_lines(self) -> list[StopLine]:
        """Return the lines that are stops, in the order trips call at them.

        Arrival and departure lines of one stop are one.
        """
        lines: list[StopLine] = []
        pending: tuple[str, int] | None = None
        for named in self._stop_names():
            stop = self._resolve(named)
            if pending and named.kind == "発" and pending[0] == stop:
                lines[-1] = StopLine(stop, pending[1], named.line)
            elif stop:
                lines.append(StopLine(stop, named.line, named.line))
            pending = (stop, named.line) if named.kind == "着" and stop else None
        return lines

    def _stop_names(self) -> list[_NamedLine]:
        names_line = line_index(self.table.stops)
        trips, stops = self.bounds()
        names = [
            _NamedLine(s, name, s, self._kind(s, name))
            for s in (reversed(stops) if self.table.upwards else stops)
            for name in (show(self.grid.spread(*self.position(names_line, s))).strip(),)
        ]
        names = _named_in_pairs(names)
        nameless = [
            (t, n.line)
            for n in names
            if not n.name
            for t in trips
            if self.reader.read(self.at(t, n.line)).seconds is not None
        ]
        if nameless:
            cell = self.position(*nameless[0])
            self.report(
                "time-without-stop",
                cell=cell_name(*cell),
                count=len(nameless),
                value=show(self.grid.at(*cell)),
            )
        return [named for named in names if named.name]

    def _resolve(self, named: _NamedLine) -> str:
        name = named.name
        own = cell_name(*self.position(line_index(self.table.stops), named.line))
        cell = cell_name(*self.position(line_index(self.table.stops), named.named_at))
        at_cells = self.table.stops_at
        pole = at_cells.get(own) or at_cells.get(cell)
        pole = pole or self.axis_text(self.table.poles, named.named_at)
        found = self.resolve(name, pole)
        ending = _KIND_IN_NAME.fullmatch(name)
        if isinstance(found, Finding) and ending:
            shorter = self.resolve(ending[1], pole)
            found = found if isinstance(shorter, Finding) else shorter
        if isinstance(found, str):
            return found
        self.report(found.code, cell=cell, value=name, pole=pole)
        self.unresolved.append(named.line)
        return ""

    def _kind(self, line: int, name: str) -> str:
        if self.table.kinds:
            text = self.axis_text(self.table.kinds, line)
            return text if text in ("着", "発") else ""
        ending = _KIND_IN_NAME.fullmatch(name)
        return ending[2] if ending else ""

    def axis_text(self, axis: str | None, line: int) -> str:
        """Return what a line along the stops says beside stop `line`."""
        if axis is None:
            return ""
        value = self.grid.spread(*self.position(line_index(axis), line))
        return show(value).strip()

    def head_text(self, axis: str | None, line: int) -> str:
        """Return what a line along the trips says at trip `line`, merged headers included."""
        if axis is None:
            return ""
        return show(self.grid.spread(*self.position(line, line_index(axis)))).strip()


def line_index(line: str) -> int:
    """Return the zero-based position of a row or column named as a spreadsheet does."""
    return int(line) - 1 if line.isdigit() else column_index(line)


def show(cell: Cell) -> str:
    """Return a cell as a person reads it in the workbook."""
    if hasattr(cell, "hour") and not hasattr(cell, "year"):
        return f"{cell.hour}:{cell.minute:02d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
