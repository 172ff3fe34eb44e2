"""One matrix of times on a sheet, read by its declaration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.timetable.clock import after_midnight, clock_seconds, plain
from gtfs.timetable.grid import cell_name
from gtfs.timetable.lines import Lines, StopLine, line_index, show
from gtfs.timetable.trips import Call, SourceTrip
from pipeline.config.timetables import DayTypeByColour, DayTypeByLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.timetable.grid import Cell
    from pipeline.config.timetables import Timetable


@dataclass(kw_only=True)
class Matrix(Lines):
    """A declared matrix with all it takes to read its trips.

    Attributes
    ----------
    timetable
        The declaration of the workbook.
    marks
        Declared footnote marks.
    day_starts
        Seconds before which a time belongs to the night before.
    colours
        Fill of cells by zero-based row and column, for day types told by colour.
    moved
        Number of times that were moved past midnight.
    """

    timetable: Timetable
    marks: frozenset[str]
    day_starts: int
    colours: Mapping[tuple[int, int], str] = field(default_factory=dict)
    moved: int = 0

    def trips(self) -> list[SourceTrip]:
        """Return the trips of the matrix in the order of the sheet."""
        stops = self.stop_lines()
        found = [self._trip(line, stops) for line in self.trip_lines]
        if not any(found):
            self.report("matrix-empty", cell=self.table.times)
        if self.moved:
            self.report("after-midnight", count=self.moved)
        return [trip for trip in found if trip]

    # ---- trips

    def _trip(self, line: int, stops: list[StopLine]) -> SourceTrip | None:
        calls, glued = self._calls(line, stops)
        name = self.head_text(self.table.trip_names, line)
        if len(calls) < 2:
            cell = cell_name(*self.position(line, stops[0].departure)) if stops else ""
            self.report("trip-too-short" if calls else "trip-empty", value=name, cell=cell)
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
            place = self.position(trip, stop.departure)
            departure = self._time(place, marks)
            if stop.arrival == stop.departure:
                if departure is None:
                    continue
                cell = cell_name(*place)
                call = Call(stop.stop_id, departure, departure, cell, cell)
            else:
                first = self.position(trip, stop.arrival)
                arrival = self._time(first, marks)
                if arrival is None and departure is None:
                    continue
                cells = [cell_name(*first), cell_name(*place)]
                call = _call(stop.stop_id, arrival, departure, cells)
            if call.arrival < before or call.departure < call.arrival:
                self._report_backwards(trip, stop, call, before)
            calls.append(call)
            before = max(before, call.departure)
        return calls, marks

    def _time(self, place: tuple[int, int], marks: set[str]) -> int | None:
        """Return the seconds of a cell; marks glued to its time are added to `marks`."""
        cell = self.grid.at(*place)
        reading = self.reader.read(cell)
        seconds = reading.seconds
        if seconds is None:
            if reading.unreadable:
                code = "mark-undefined" if _starts_with_time(cell) else "time-unreadable"
                self.report(code, cell=cell_name(*place), value=show(cell))
            return None
        if reading.marks:
            marks.update(reading.marks)
        if seconds < self.day_starts:
            self.moved += 1
            return after_midnight(seconds, self.day_starts)
        return seconds

    def _report_backwards(self, trip: int, stop: StopLine, call: Call, before: int) -> None:
        later = call.arrival >= before
        cell = call.departure_cell if later else call.arrival_cell
        line = stop.departure if later else stop.arrival
        self.report(
            "time-backwards",
            cell=cell,
            value=show(self.at(trip, line)),
            before=clock_text(call.arrival if later else before),
        )

    def _marks(self, axis: str, line: int) -> set[str]:
        text = self.head_text(axis, line)
        marks: set[str] = set()
        for word in text.replace("、", " ").replace("・", " ").replace(",", " ").split():
            known = split_marks(word, self.marks)
            if known is None:
                cell = cell_name(*self.position(line, line_index(axis)))
                self.report("mark-undefined", cell=cell, value=word)
            marks |= known or set()
        return marks

    def _day_type(self, line: int, cell: str, stops: list[StopLine]) -> str | None:
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
        self, line: int, cell: str, stops: list[StopLine], known: Mapping[str, str], otherwise: str
    ) -> str | None:
        fills = [
            self.colours.get(self.position(line, s.departure))
            for s in stops
            if self.reader.read(self.at(line, s.departure)).seconds is not None
        ]
        colour = fills[0] if fills else None
        if colour is None or colour == "FFFFFF":
            return otherwise
        if colour not in known:
            self.report("colour-unknown", cell=cell, value=colour)
        return known.get(colour)


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
