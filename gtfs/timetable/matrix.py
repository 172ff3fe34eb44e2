"""One matrix of times on a sheet, read by its declaration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

import numpy as np

from gtfs.timetable.calls import Calls, wrapped_calls
from gtfs.timetable.clock import half_width, holds_time
from gtfs.timetable.colours import known_colour
from gtfs.timetable.grid import COLUMNS, cell_name, code_name
from gtfs.timetable.lines import Lines, line_index, show
from gtfs.timetable.times import read_times
from gtfs.timetable.trips import ALIGHT_ONLY, BOARD_ONLY, SourceTrip
from pipeline.config.timetables import DayTypeByColour, DayTypeByLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gtfs.timetable.clock import Reading
    from gtfs.timetable.grid import Cell
    from gtfs.timetable.hours import Joined
    from gtfs.timetable.lines import StopLine
    from gtfs.timetable.times import Times
    from gtfs.timetable.trips import Integers
    from pipeline.config.feed_parts import Mark
    from pipeline.config.timetables import ClockTable, Timetable


@dataclass(kw_only=True)
class Matrix(Lines):
    """A declared matrix with all it takes to read its trips.

    Attributes
    ----------
    timetable
        The declaration of the workbook.
    table
        Its own declaration.
    marks
        Declared footnote marks.
    day_starts
        Seconds before which a time belongs to the night before.
    colours
        Fill of cells by zero-based row and column, for day types told by colour.
    joined
        Where hours and minutes stood apart: what they were joined from.
    """

    timetable: Timetable
    table: ClockTable
    marks: Mapping[str, Mark]
    day_starts: int
    colours: Mapping[tuple[int, int], str] = field(default_factory=dict)
    joined: Joined | None = None
    _patterns: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    _wrapped: list[str] = field(default_factory=list)
    _unwrapped: list[str] = field(default_factory=list)

    def trips(self) -> list[SourceTrip]:
        """Return the trips of the matrix in the order of the sheet."""
        stops = self.stop_lines()
        times = read_times(self, stops, self.reader, self.day_starts)
        if not self.table.upwards and not self.table.wraps and times.all_fall:
            self.report("layout-upwards", cell=self.table.times, count=len(self.trip_lines))
            return []
        limits = np.array([self._limit_of_stop(stop) for stop in stops], dtype=np.int64)
        found = [
            self._trip(number, line, times, limits.copy())
            for number, line in enumerate(self.trip_lines)
        ]
        if not any(found) and not self.findings:
            self.report("matrix-empty", cell=self.table.times)
        if times.moved:
            self.report("after-midnight", count=times.moved)
        if self._wrapped:
            self.report("trips-wrapped", count=len(self._wrapped), cell=self._wrapped[0])
        if self._unwrapped:
            self.report("layout-wraps", count=len(self._unwrapped), cell=self._unwrapped[0])
        return [trip for trip in found if trip]

    # ---- trips

    def _trip(self, number: int, line: int, times: Times, limits: Integers) -> SourceTrip | None:
        """Return the trip of a line; `number` is its position among the trips of `times`."""
        marks = self._glued_marks(times, number, limits)
        turned = wrapped_calls(times, number)
        calls = turned if turned and self.table.wraps else Calls.of(times, number)
        if turned and not self.table.wraps and turned.far_from_end(times):
            self._unwrapped.append(code_name(int(turned.departure_cells[0])))
        elif not calls.wrapped:
            self._report_backwards(number, times)
        name = self.head_text(self.table.trip_names, line)
        if len(calls.at) < 2:
            if not self._explained(number, line, times):
                self._report_short(len(calls.at), line, name, times)
            return None
        starts = code_name(int(calls.departure_cells[0]))
        if calls.wrapped:
            self._wrapped.append(starts)
        marks |= {m for axis in self.table.marks for m in self._marks(axis, line)}
        day_type = self._day_type(line, starts, times.stops)
        if day_type is None:
            return None
        return SourceTrip(
            file=self.grid.file,
            sheet=self.grid.sheet,
            cell=starts,
            name=name,
            route=self.table.route or self.timetable.route,
            direction=self.table.direction,
            headsign=self.table.headsign,
            day_type=day_type,
            marks=tuple(sorted(marks)),
            valid=self.timetable.valid,
            stop_ids=self._pattern(calls, times),
            arrivals=calls.arrivals,
            departures=calls.departures,
            arrival_cells=calls.arrival_cells,
            departure_cells=calls.departure_cells,
            limits=limits[calls.at],
        )

    def _explained(self, number: int, line: int, times: Times) -> bool:
        """Tell whether a finding about a stop or a cell says already why a trip lacks times."""
        if any(reading.unreadable for _, reading in times.odd.get(number, ())):
            return True
        cells = [self.at(line, stop) for stop in self.unresolved]
        return any(self.reader.read(cell).seconds is not None for cell in cells)

    def _report_short(self, calls: int, line: int, name: str, times: Times) -> None:
        first = self.position(line, times.stops[0].departure) if times.stops else None
        cell = cell_name(*first) if first else ""
        self.report("trip-too-short" if calls else "trip-empty", value=name, cell=cell)

    def _pattern(self, calls: Calls, times: Times) -> tuple[str, ...]:
        """Return the ids of the stops a trip calls at; most trips share them."""
        key = calls.at.tobytes()
        if key not in self._patterns:
            self._patterns[key] = tuple(times.stops[i].stop_id for i in calls.at.tolist())
        return self._patterns[key]

    def _glued_marks(self, times: Times, number: int, limits: Integers) -> set[str]:
        """Return the marks beside the times of a trip; report what cannot be read.

        Marks that say what a call is limited to are noted in `limits` instead.
        """
        marks: set[str] = set()
        for code, reading in times.odd.get(number, ()):
            for mark in reading.marks:
                if limit := limit_of(self.marks[mark]):
                    at = (times.arrival_cells[number] == code) | (
                        times.departure_cells[number] == code
                    )
                    limits[at] = limit
                else:
                    marks.add(mark)
            if reading.unreadable:
                cell = self.grid.at(*divmod(code, COLUMNS))
                rule = unreadable_rule(reading, cell)
                self.report(rule, cell=code_name(code), value=show(cell))
        return marks

    def _limit_of_stop(self, stop: StopLine) -> int:
        """Return what the marks beside a stop's name limit its calls to."""
        limit = 0
        places = [
            (axis, line)
            for axis in self.table.stop_marks
            for line in dict.fromkeys((stop.arrival, stop.departure))
        ]
        for axis, line in places:
            for word in _words(self.axis_text(axis, line)):
                known = split_marks(word, self.marks)
                limits = {limit_of(self.marks[mark]) for mark in known or ()} - {0}
                if not limits:
                    cell = cell_name(*self.position(line_index(axis), line))
                    rule = "mark-misplaced" if known else "mark-undefined"
                    self.report(rule, cell=cell, value=word)
                limit = max(limits, default=limit)
        return limit

    def _report_backwards(self, number: int, times: Times) -> None:
        for stop in np.flatnonzero(times.backwards[number]):
            arrival, before = int(times.arrivals[number, stop]), int(times.before[number, stop])
            later = arrival >= before
            codes = times.departure_cells if later else times.arrival_cells
            code = int(codes[number, stop])
            self.report(
                "time-backwards",
                cell=code_name(code),
                value=show(self.grid.at(*divmod(code, COLUMNS))),
                before=clock_text(arrival if later else before),
            )

    def _marks(self, axis: str, line: int) -> set[str]:
        text = self.head_text(axis, line)
        marks: set[str] = set()
        for word in _words(text):
            known = split_marks(word, self.marks)
            limits = any(limit_of(self.marks[mark]) for mark in known or ())
            if known is None or limits:
                cell = cell_name(*self.position(line, line_index(axis)))
                self.report("mark-misplaced" if limits else "mark-undefined", cell=cell, value=word)
            marks |= known or set()
        return marks

    def _day_type(self, line: int, cell: str, stops: Sequence[StopLine]) -> str | None:
        match self.table.day_type:
            case DayTypeByLine(line=axis, values=values):
                text = self.head_text(axis, line)
                if text not in values:
                    where = cell_name(*self.position(line, line_index(axis)))
                    self.report("day-type-unknown", cell=where, value=text)
                return values.get(text)
            case DayTypeByColour(colours=colours, otherwise=otherwise):
                return self._day_type_by_colour(line, cell, stops, colours, otherwise)
            case name:
                return name

    def _day_type_by_colour(
        self,
        line: int,
        cell: str,
        stops: Sequence[StopLine],
        known: Mapping[str, str],
        otherwise: str,
    ) -> str | None:
        fills = [
            self.colours.get(self.position(line, s.departure))
            for s in stops
            if self.reader.read(self.at(line, s.departure)).seconds is not None
        ]
        colour = fills[0] if fills else None
        if colour is None or colour == "FFFFFF":
            return otherwise
        declared = known_colour(colour, known)
        if declared is None:
            self.report("colour-unknown", cell=cell, value=colour)
            return None
        return known[declared]


def split_marks(word: str, known: Iterable[str]) -> set[str] | None:
    """Split ``★◎`` into its marks; None where a part is no known mark."""
    marks: set[str] = set()
    while word:
        mark = next((m for m in sorted(known, key=len, reverse=True) if word.startswith(m)), None)
        if mark is None:
            return None
        marks.add(mark)
        word = word.removeprefix(mark)
    return marks


def _words(text: str) -> list[str]:
    return text.replace("、", " ").replace("・", " ").replace(",", " ").split()


def limit_of(mark: Mark) -> int:
    """Return what a mark limits a call to: boarding, alighting, or 0 for neither."""
    match mark.calls:
        case None:
            return 0
        case "board_only":
            return BOARD_ONLY
        case "alight_only":
            return ALIGHT_ONLY
        case never:
            assert_never(never)


def clock_text(seconds: int) -> str:
    """Return seconds of the service day as ``h:mm``."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"


def unreadable_rule(reading: Reading, cell: Cell) -> str:
    """Return what is to be said about a cell that could not be read."""
    if reading.ambiguous:
        return "time-ambiguous"
    marked = isinstance(cell, str) and "?" not in cell and holds_time(half_width(cell))
    return "mark-undefined" if marked else "time-unreadable"
