"""One matrix of times on a sheet, read by its declaration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gtfs.timetable.clock import half_width, holds_time
from gtfs.timetable.colours import known_colour
from gtfs.timetable.grid import COLUMNS, cell_name, code_name
from gtfs.timetable.lines import Lines, line_index, show
from gtfs.timetable.times import read_times
from gtfs.timetable.trips import SourceTrip
from pipeline.config.timetables import DayTypeByColour, DayTypeByLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gtfs.timetable.clock import Reading
    from gtfs.timetable.grid import Cell
    from gtfs.timetable.lines import StopLine
    from gtfs.timetable.times import Times
    from gtfs.timetable.trips import Integers
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
    """

    timetable: Timetable
    marks: frozenset[str]
    day_starts: int
    colours: Mapping[tuple[int, int], str] = field(default_factory=dict)
    _patterns: dict[bytes, tuple[Integers, tuple[str, ...]]] = field(default_factory=dict)

    def trips(self) -> list[SourceTrip]:
        """Return the trips of the matrix in the order of the sheet."""
        times = read_times(self, self.stop_lines(), self.reader, self.day_starts)
        found = [self._trip(number, line, times) for number, line in enumerate(self.trip_lines)]
        if not any(found) and not self.findings:
            self.report("matrix-empty", cell=self.table.times)
        if times.moved:
            self.report("after-midnight", count=times.moved)
        return [trip for trip in found if trip]

    # ---- trips

    def _trip(self, number: int, line: int, times: Times) -> SourceTrip | None:
        """Return the trip of a line; `number` is its position among the trips of `times`."""
        marks = self._glued_marks(times.odd.get(number, ()))
        self._report_backwards(number, times)
        at, stop_ids = self._pattern(number, times)
        name = self.head_text(self.table.trip_names, line)
        if len(at) < 2:
            if not self._explained(number, line, times):
                self._report_short(len(at), line, name, times)
            return None
        cells = times.departure_cells[number, at]
        starts = code_name(int(cells[0]))
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
            stop_ids=stop_ids,
            arrivals=times.arrivals[number, at],
            departures=times.departures[number, at],
            arrival_cells=times.arrival_cells[number, at],
            departure_cells=cells,
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

    def _pattern(self, number: int, times: Times) -> tuple[Integers, tuple[str, ...]]:
        """Return where among the stops of the matrix a trip stops, and their ids."""
        stopping = times.stopping[number]
        key = stopping.tobytes()
        if key not in self._patterns:
            at = np.flatnonzero(stopping)
            self._patterns[key] = at, tuple(times.stops[i].stop_id for i in at.tolist())
        return self._patterns[key]

    def _glued_marks(self, odd: Iterable[tuple[int, Reading]]) -> set[str]:
        """Return the marks beside the times of a trip; report what cannot be read."""
        marks: set[str] = set()
        for code, reading in odd:
            marks.update(reading.marks)
            if reading.unreadable:
                cell = self.grid.at(*divmod(code, COLUMNS))
                rule = unreadable_rule(reading, cell)
                self.report(rule, cell=code_name(code), value=show(cell))
        return marks

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
        for word in text.replace("、", " ").replace("・", " ").replace(",", " ").split():
            known = split_marks(word, self.marks)
            if known is None:
                cell = cell_name(*self.position(line, line_index(axis)))
                self.report("mark-undefined", cell=cell, value=word)
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


def unreadable_rule(reading: Reading, cell: Cell) -> str:
    """Return what is to be said about a cell that could not be read."""
    if reading.ambiguous:
        return "time-ambiguous"
    marked = isinstance(cell, str) and holds_time(half_width(cell))
    return "mark-undefined" if marked else "time-unreadable"
