"""Pole timetables into trips: each departure runs its pattern."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gtfs.notices import notice
from gtfs.timetable.clock import clock_seconds
from gtfs.timetable.grid import area_of, cell_code, cell_name
from gtfs.timetable.lines import line_index, show
from gtfs.timetable.matrix import limit_of
from gtfs.timetable.minutes import PoleBlock, undeclared
from gtfs.timetable.trips import PoleTrip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gtfs.stops.poles import StopLedger
    from gtfs.timetable.grid import Book, Grid
    from gtfs.timetable.minutes import Departure
    from gtfs.timetable.trips import Integers
    from pipeline.config.feeds import Feed
    from pipeline.config.timetables import Pattern, Pole, Timetable
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class Course:
    """A pattern that can be run: stop ids and seconds from the first stop."""

    stop_ids: tuple[str, ...]
    after: Integers


@dataclass
class Poles:
    """The poles of one workbook.

    Attributes
    ----------
    trips, findings
        What they say, and what is wrong with them.
    """

    feed: Feed
    timetable: Timetable
    book: Book
    stops: StopLedger
    trips: list[PoleTrip] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def read(self) -> None:
        """Read every pole.

        Raises
        ------
        TimetableUnreadable
            If the workbook has no sheet of a declared name.
        """
        courses = {name: self._course(name, p) for name, p in self.timetable.patterns.items()}
        by_sheet: dict[str, list[Pole]] = defaultdict(list)
        for pole in self.timetable.poles:
            grid = self.book.grid(pole.sheet)
            by_sheet[grid.sheet].append(pole)
            self._read_pole(grid, pole, courses)
        for sheet, poles in by_sheet.items():
            grid = self.book.grid(sheet)
            left = undeclared(grid, poles)
            if left:
                value = show(grid.at(*left[0]))
                self._report(
                    grid,
                    "minutes-undeclared",
                    cell=cell_name(*left[0]),
                    value=value,
                    count=len(left),
                )

    def _report(self, grid: Grid, code: str, **place: object) -> None:
        self.findings.append(notice(code, file=grid.file, sheet=grid.sheet, **place))

    # ---- patterns

    def _course(self, name: str, pattern: Pattern) -> Course | None:
        """Return a pattern with its stops looked up; None where a finding says what it lacks."""
        field_name = f"patterns.{name}"
        before = len(self.findings)
        calls = [
            (stop, minutes)
            for said, pole, minutes, place in self._calls(name, pattern)
            if (stop := self._stop(said, pole, **place))
        ]
        if len(self.findings) > before:
            return None
        after = np.array([minutes * 60 for _, minutes in calls], dtype=np.int64)
        if (np.diff(after) < 0).any():
            self.findings.append(
                notice("run-times-backwards", file=self.book.file, field=field_name, pattern=name)
            )
            return None
        return Course(tuple(stop for stop, _ in calls), after)

    def _calls(
        self, name: str, pattern: Pattern
    ) -> Iterator[tuple[str, str, int, dict[str, object]]]:
        """Yield name, pole, minutes and place of every call of a pattern."""
        if pattern.calls:
            for call in pattern.calls:
                yield call.stop, call.pole, call.minutes, {"field": f"patterns.{name}"}
            return
        assert pattern.stops is not None
        assert pattern.minutes is not None
        grid = self.book.grid(pattern.sheet)
        names = line_index(pattern.stops)
        rows, columns = area_of(grid, pattern.minutes)
        for at in ((r, c) for r in rows for c in columns):
            said = show(grid.at(*at)).strip()
            place: dict[str, object] = {"sheet": grid.sheet, "cell": cell_name(*at)}
            stop = grid.spread(*((names, at[1]) if pattern.stops.isdigit() else (at[0], names)))
            if said and not said.isdecimal():
                self._report(grid, "run-time-unreadable", cell=cell_name(*at), value=said)
            elif said:
                yield show(stop).strip(), "", int(said), place

    def _stop(self, name: str, pole: str, **place: object) -> str:
        """Return the id of a stop named in the declaration, or by its own id."""
        found = self.stops.resolve(name, pole)
        if isinstance(found, str):
            return found
        if name in self.stops.stops:
            return name
        self.findings.append(
            notice(found.code, file=self.book.file, value=name, pole=pole, **place)
        )
        return ""

    # ---- poles

    def _read_pole(self, grid: Grid, pole: Pole, courses: Mapping[str, Course | None]) -> None:
        stop = self._stop(pole.stop, pole.pole, sheet=grid.sheet, field="poles.stop")
        day_starts = clock_seconds(self.feed.service_day_starts)
        assert day_starts is not None  # the declaration's pattern of a clock says so
        block = PoleBlock(
            grid=grid,
            pole=pole,
            known=[*self.feed.marks, *pole.pattern_by_mark],
            day_starts=day_starts,
            report=lambda code, **place: self._report(grid, code, **place),
        )
        departures = block.departures()
        if block.moved:
            self._report(grid, "after-midnight", count=block.moved)
        lacking: set[str] = set()
        for departure in departures:
            name = self._pattern(grid, pole, departure)
            course = courses[name] if name else None
            if not course or not stop:
                continue
            if stop not in course.stop_ids[:-1]:
                lacking.add(name)
                continue
            at = course.stop_ids.index(stop)
            self.trips.append(self._trip(grid, pole, departure, name, course, at))
        for name in sorted(lacking):
            self._report(grid, "pole-not-in-pattern", stop=pole.stop, pattern=name)

    def _pattern(self, grid: Grid, pole: Pole, departure: Departure) -> str:
        said = {pole.pattern_by_mark[m] for m in departure.marks if m in pole.pattern_by_mark}
        if len(said) > 1:
            cell = cell_name(departure.row, departure.column)
            value = " ".join(sorted(departure.marks))
            self._report(
                grid, "pattern-ambiguous", cell=cell, value=value, patterns=", ".join(sorted(said))
            )
            return ""
        return said.pop() if said else pole.pattern

    def _trip(
        self,
        grid: Grid,
        pole: Pole,
        departure: Departure,
        name: str,
        course: Course,
        at: int,
    ) -> PoleTrip:
        times = course.after - course.after[at] + departure.seconds
        cells = np.full(len(times), cell_code(departure.row, departure.column), dtype=np.int64)
        marks = sorted(m for m in departure.marks if m in self.feed.marks)
        limits = [limit_of(self.feed.marks[m]) for m in marks]
        limit = np.zeros(len(times), dtype=np.int64)
        limit[at] = max(limits, default=0)
        pattern = self.timetable.patterns[name]
        return PoleTrip(
            file=grid.file,
            sheet=grid.sheet,
            cell=cell_name(departure.row, departure.column),
            name="",
            route=pole.route or self.timetable.route,
            direction=pattern.direction,
            headsign=pattern.headsign,
            day_type=pole.day_type,
            marks=tuple(m for m, one in zip(marks, limits, strict=True) if not one),
            valid=self.timetable.valid,
            stop_ids=course.stop_ids,
            arrivals=times,
            departures=times,
            arrival_cells=cells,
            departure_cells=cells,
            limits=limit,
            pattern=name,
            at=at,
        )
