"""One matrix of times on a sheet, read by its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from gtfs.notices import notice
from gtfs.timetable.clock import after_midnight, clock_seconds, plain
from gtfs.timetable.grid import cell_name, column_index, corners
from gtfs.timetable.trips import Call, SourceTrip
from pipeline.config.timetables import DayTypeByColour, DayTypeByLine
from pipeline.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.timetable.clock import CellReader
    from gtfs.timetable.grid import Cell, Grid
    from pipeline.config.timetables import Table, Timetable

StopResolver = Callable[[str, str], "str | Finding"]
"""Gives the stop id of a name and a pole as a timetable writes them, or the finding why not."""


_KIND_IN_NAME = re.compile(r"(.+?)[\s（(・]*([着発])[)）]?")


@dataclass(frozen=True, slots=True)
class StopLine:
    """One stop of a matrix: one line of cells, or two where arrival and departure are given."""

    stop_id: str
    arrival: int
    departure: int


@dataclass
class Matrix:
    """A declared matrix on its sheet; reading it fills `findings` and `moved`.

    Attributes
    ----------
    grid, table, timetable
        The sheet and the two levels of the declaration.
    reader
        Reads cells.
    marks
        Declared footnote marks.
    day_starts
        Seconds before which a time belongs to the night before.
    resolve
        Finds stops.
    colours
        Fill of cells by zero-based row and column, for day types told by colour.
    moved
        Number of times that were moved past midnight.
    """

    grid: Grid
    table: Table
    timetable: Timetable
    reader: CellReader
    marks: frozenset[str]
    day_starts: int
    resolve: StopResolver
    colours: Mapping[tuple[int, int], str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    moved: int = 0

    def trips(self) -> list[SourceTrip]:
        """Return the trips of the matrix in the order of the sheet."""
        stops = self._stop_lines()
        found = [self._trip(line, stops) for line in self.trip_lines]
        if not any(found):
            self._report("matrix-empty", cell=self.table.times)
        if self.moved:
            self._report("after-midnight", count=self.moved)
        return [trip for trip in found if trip]

    # ---- geometry of the sheet

    @property
    def across(self) -> bool:
        """Tell whether trips are columns."""
        return self.table.trips == "across"

    def position(self, trip: int, stop: int) -> tuple[int, int]:
        """Return the zero-based row and column where a trip line and a stop line cross."""
        return (stop, trip) if self.across else (trip, stop)

    def bounds(self) -> tuple[range, range]:
        """Return the lines of the trips and the lines of the stops that the area covers."""
        row, column, last_row, last_column = corners(self.table.times)
        rows = range(row, 1 + (self.grid.height - 1 if last_row is None else last_row))
        columns = range(column, 1 + (self.grid.width - 1 if last_column is None else last_column))
        return (columns, rows) if self.across else (rows, columns)

    @cached_property
    def trip_lines(self) -> list[int]:
        """Return the lines that are trips: the named ones, else those with something in them."""
        trips, stops = self.bounds()
        if self.table.trip_names is None:
            return [t for t in trips if any(self._says_something(self._at(t, s)) for s in stops)]
        names = line_index(self.table.trip_names)
        named = [t for t in trips if str(self._at(t, names)).strip()]
        unnamed = set(trips) - set(named)
        self._report_unnamed([self.position(t, s) for t in sorted(unnamed) for s in stops])
        return named

    def _says_something(self, cell: Cell) -> bool:
        reading = self.reader.read(cell)
        return reading.seconds is not None or reading.unreadable

    def _report_unnamed(self, cells: list[tuple[int, int]]) -> None:
        times = [
            cell
            for cell in cells
            if not isinstance(self.grid.at(*cell), int | float)
            and self.reader.read(self.grid.at(*cell)).seconds is not None
        ]
        if times:
            self._report(
                "time-without-trip",
                count=len(times),
                cell=cell_name(*times[0]),
                value=show(self.grid.at(*times[0])),
            )

    def _at(self, trip: int, stop: int) -> Cell:
        return self.grid.at(*self.position(trip, stop))

    def _report(self, code: str, **place: object) -> None:
        finding = notice(code, file=self.grid.file, sheet=self.grid.sheet, **place)
        self.findings.append(finding)

    # ---- stops

    def _stop_lines(self) -> list[StopLine]:
        lines: list[StopLine] = []
        pending: tuple[str, int] | None = None
        for line, name in self._stop_names():
            stop = self._resolve(line, name)
            kind = self._kind(line, name)
            if pending and kind == "発" and pending[0] == stop:
                lines[-1] = StopLine(stop, pending[1], line)
            elif stop:
                lines.append(StopLine(stop, line, line))
            pending = (stop, line) if kind == "着" and stop else None
        return lines

    def _stop_names(self) -> list[tuple[int, str]]:
        names_line = line_index(self.table.stops)
        trips, stops = self.bounds()
        names = [(s, str(self.grid.spread(*self.position(names_line, s))).strip()) for s in stops]
        nameless = [
            (t, s)
            for s, name in names
            if not name
            for t in trips
            if self.reader.read(self._at(t, s)).seconds is not None
        ]
        if nameless:
            cell = self.position(*nameless[0])
            self._report(
                "time-without-stop",
                cell=cell_name(*cell),
                count=len(nameless),
                value=show(self.grid.at(*cell)),
            )
        return [(s, name) for s, name in names if name]

    def _resolve(self, line: int, name: str) -> str:
        cell = cell_name(*self.position(line_index(self.table.stops), line))
        pole = self.table.stops_at.get(cell) or self._axis_text(self.table.poles, line)
        found = self.resolve(name, pole)
        ending = _KIND_IN_NAME.fullmatch(name)
        if isinstance(found, Finding) and ending:
            shorter = self.resolve(ending[1], pole)
            found = found if isinstance(shorter, Finding) else shorter
        if isinstance(found, str):
            return found
        self._report(found.code, cell=cell, value=name, pole=pole)
        return ""

    def _kind(self, line: int, name: str) -> str:
        if self.table.kinds:
            text = self._axis_text(self.table.kinds, line)
            return text if text in ("着", "発") else ""
        ending = _KIND_IN_NAME.fullmatch(name)
        return ending[2] if ending else ""

    def _axis_text(self, axis: str | None, line: int) -> str:
        """Return what a line along the stops says beside stop `line`."""
        if axis is None:
            return ""
        value = self.grid.spread(*self.position(line_index(axis), line))
        return show(value).strip()

    # ---- trips

    def _trip(self, line: int, stops: list[StopLine]) -> SourceTrip | None:
        calls, glued = self._calls(line, stops)
        name = self._head_text(self.table.trip_names, line)
        if len(calls) < 2:
            cell = cell_name(*self.position(line, stops[0].departure)) if stops else ""
            self._report("trip-too-short" if calls else "trip-empty", value=name, cell=cell)
            return None
        marks = {m for axis in self.table.marks for m in self._marks(axis, line)} | glued
        day_type = self._day_type(line, calls[0].departure_cell, stops)
        if day_type is None:
            return None
        return SourceTrip(
            file=self.grid.file,
            sheet=self.grid.sheet,
            cell=calls[0].departure_cell,
            name=name,
            route=self.table.route or self.timetable.route,
            direction=self.table.direction,
            headsign=self.table.headsign,
            day_type=day_type,
            marks=tuple(sorted(marks)),
            valid=self.timetable.valid,
            calls=tuple(calls),
        )

    def _calls(self, trip: int, stops: list[StopLine]) -> tuple[list[Call], set[str]]:
        calls: list[Call] = []
        marks: set[str] = set()
        before = 0
        for stop in stops:
            departure = self._time(trip, stop.departure)
            single = stop.arrival == stop.departure
            arrival = departure if single else self._time(trip, stop.arrival)
            if arrival is None and departure is None:
                continue
            cells = [cell_name(*self.position(trip, s)) for s in (stop.arrival, stop.departure)]
            call = _call(stop.stop_id, arrival, departure, cells)
            if call.arrival < before or call.departure < call.arrival:
                self._report_backwards(trip, stop, call, before)
            calls.append(call)
            before = max(before, call.departure)
            marks |= self._glued(trip, stop)
        return calls, marks

    def _time(self, trip: int, stop: int) -> int | None:
        cell = self._at(trip, stop)
        reading = self.reader.read(cell)
        if reading.unreadable:
            code = "mark-undefined" if _starts_with_time(cell) else "time-unreadable"
            self._report(code, cell=cell_name(*self.position(trip, stop)), value=show(cell))
        if reading.seconds is None:
            return None
        seconds = after_midnight(reading.seconds, self.day_starts)
        self.moved += seconds != reading.seconds
        return seconds

    def _glued(self, trip: int, stop: StopLine) -> set[str]:
        lines = {stop.arrival, stop.departure}
        return {mark for s in lines for mark in self.reader.read(self._at(trip, s)).marks}

    def _report_backwards(self, trip: int, stop: StopLine, call: Call, before: int) -> None:
        later = call.arrival >= before
        cell = call.departure_cell if later else call.arrival_cell
        line = stop.departure if later else stop.arrival
        self._report(
            "time-backwards",
            cell=cell,
            value=show(self._at(trip, line)),
            before=clock_text(call.arrival if later else before),
        )

    def _head_text(self, axis: str | None, line: int) -> str:
        """Return what a line along the trips says at trip `line`, merged headers included."""
        if axis is None:
            return ""
        return show(self.grid.spread(*self.position(line, line_index(axis)))).strip()

    def _marks(self, axis: str, line: int) -> set[str]:
        text = self._head_text(axis, line)
        marks: set[str] = set()
        for word in text.replace("、", " ").replace("・", " ").replace(",", " ").split():
            known = split_marks(word, self.marks)
            if known is None:
                cell = cell_name(*self.position(line, line_index(axis)))
                self._report("mark-undefined", cell=cell, value=word)
            marks |= known or set()
        return marks

    def _day_type(self, line: int, cell: str, stops: list[StopLine]) -> str | None:
        match self.table.day_type:
            case DayTypeByLine(line=axis, values=values):
                text = self._head_text(axis, line)
                if text not in values:
                    where = cell_name(*self.position(line, line_index(axis)))
                    self._report("day-type-unknown", cell=where, value=text)
                return values.get(text)
            case DayTypeByColour(colours=colours, otherwise=otherwise):
                return self._day_type_by_colour(line, cell, stops, colours, otherwise)
            case name:
                return name

    def _day_type_by_colour(
        self, line: int, cell: str, stops: list[StopLine], known: Mapping[str, str], otherwise: str
    ) -> str | None:
        fills = [
            self.colours.get(self.position(line, s.departure))
            for s in stops
            if self.reader.read(self._at(line, s.departure)).seconds is not None
        ]
        colour = fills[0] if fills else None
        if colour is None or colour == "FFFFFF":
            return otherwise
        if colour not in known:
            self._report("colour-unknown", cell=cell, value=colour)
        return known.get(colour)


def line_index(line: str) -> int:
    """Return the zero-based position of a row or column named as a spreadsheet does."""
    return int(line) - 1 if line.isdigit() else column_index(line)


def split_marks(word: str, known: frozenset[str]) -> set[str] | None:
    """Split ``★◎`` into its marks; None where a part is no known mark."""
    marks: set[str] = set()
    while word:
        mark = next((m for m in sorted(known, key=len, reverse=True) if word.startswith(m)), None)
        if mark is None:
            return None
        marks.add(mark)
        word = word.removeprefix(mark)
    return marks


def show(cell: Cell) -> str:
    """Return a cell as a person reads it in the workbook."""
    if hasattr(cell, "hour") and not hasattr(cell, "year"):
        return f"{cell.hour}:{cell.minute:02d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def clock_text(seconds: int) -> str:
    """Return seconds of the service day as ``h:mm``."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"


def _call(stop_id: str, arrival: int | None, departure: int | None, cells: list[str]) -> Call:
    if arrival is None or departure is None:
        time = departure if arrival is None else arrival
        cell = cells[1] if arrival is None else cells[0]
        assert time is not None
        return Call(stop_id, time, time, cell, cell)
    return Call(stop_id, arrival, departure, *cells)


def _starts_with_time(cell: Cell) -> bool:
    word = plain(cell) if isinstance(cell, str) else ""
    return any(
        clock_seconds(word[:n]) is not None or clock_seconds(word[-n:]) is not None
        for n in (4, 5)
        if n < len(word)
    )
