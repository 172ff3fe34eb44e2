"""Windows in cells: ``8:10～8:20`` at a stop, and the trips they make."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gtfs.timetable.clock import (
    after_midnight,
    clock_seconds,
    excel_seconds,
    half_width,
    is_pass,
)
from gtfs.timetable.grid import cell_name
from gtfs.timetable.lines import Lines, StopLine, line_index, show
from gtfs.timetable.trips import Trip
from pipeline.config.timetables import DayTypeByColour, DayTypeByLine

if TYPE_CHECKING:
    from gtfs.timetable.grid import Cell
    from pipeline.config.demand import DemandTable

_BETWEEN = re.compile(r"[~〜～\-−–—ー―→]|から")


class Window(NamedTuple):
    """From when to when, in seconds of the service day; equal for a fixed time."""

    start: int
    end: int


class Place(NamedTuple):
    """Where a vehicle comes in a window: stops served in any order, or zones.

    `cells` are those the stops' windows stand in, in the order of the stops; empty for zones.
    """

    window: Window
    stops: tuple[str, ...]
    zones: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    @property
    def fixed(self) -> bool:
        """Tell whether it is one stop at one time."""
        return self.window.start == self.window.end


@dataclass(frozen=True, kw_only=True)
class DemandTrip(Trip):
    """A trip on demand: where it may be boarded, window after window."""

    places: tuple[Place, ...]
    booking: str

    @property
    def starts(self) -> int:
        """Seconds of its first window."""
        return self.places[0].window.start

    @property
    def last_stop(self) -> str:
        """Id of its last stop where that is one stop."""
        last = self.places[-1].stops
        return last[0] if len(last) == 1 else ""


def read_window(cell: Cell, day_starts: int) -> Window | None:
    """Return the window a cell says, or None if it is none.

    `day_starts` are the seconds before which a time belongs to the night before.
    """
    fixed = excel_seconds(cell)
    if fixed is not None:
        moved = after_midnight(fixed, day_starts)
        return Window(moved, moved)
    parts = [clock_seconds(part) for part in _BETWEEN.split(half_width(str(cell)).strip("頃ごろ"))]
    times = [after_midnight(part, day_starts) for part in parts if part is not None]
    if len(times) != len(parts) or len(times) not in (1, 2):
        return None
    return Window(times[0], times[-1])


@dataclass(kw_only=True)
class WindowMatrix(Lines):
    """A declared matrix of windows.

    Attributes
    ----------
    demand
        Its declaration, the same object as `table`.
    day_starts
        Seconds before which a time belongs to the night before.
    """

    demand: DemandTable
    day_starts: int

    @cached_property
    def trips(self) -> list[DemandTrip]:
        """The trips in the order of the sheet; what is wrong is noted in `findings`."""
        stops = self.stop_lines()
        found = [self._trip(line, stops) for line in self.trip_lines]
        if not any(found):
            self.report("matrix-empty", cell=self.table.times)
        return [trip for trip in found if trip]

    def _trip(self, line: int, stops: list[StopLine]) -> DemandTrip | None:
        at: dict[Window, list[tuple[str, str]]] = defaultdict(list)
        for stop in stops:
            cell = cell_name(*self.position(line, stop.departure))
            window = self._window(self.at(line, stop.departure), cell)
            if window:
                at[window].append((stop.stop_id, cell))
        name = self.head_text(self.table.trip_names, line)
        day_type = self._day_type(line)
        if not at or day_type is None:
            if not at:
                self.report("trip-empty", value=name)
            return None
        places = tuple(place for window in sorted(at) for place in _places(window, at[window]))
        return DemandTrip(
            file=self.grid.file,
            sheet=self.grid.sheet,
            cell=places[0].cells[0],
            name=name,
            route=self.demand.route,
            direction=self.demand.direction,
            headsign=self.demand.headsign,
            day_type=day_type,
            marks=(),
            valid=self.demand.valid,
            places=places,
            booking=self.demand.booking,
        )

    def _window(self, cell: Cell, name: str) -> Window | None:
        word = half_width(show(cell))
        if not word or is_pass(word):
            return None
        window = read_window(cell, self.day_starts)
        if window is None:
            self.report("window-unreadable", cell=name, value=show(cell))
        elif window.end < window.start:
            self.report("window-backwards", cell=name, value=show(cell))
            return None
        return window

    def _day_type(self, line: int) -> str | None:
        match self.table.day_type:
            case DayTypeByLine(line=axis, values=values):
                text = self.head_text(axis, line)
                if text not in values:
                    where = cell_name(*self.position(line, line_index(axis)))
                    self.report("day-type-unknown", cell=where, value=text)
                return values.get(text)
            case DayTypeByColour():
                self.report("colours-unreadable")
                return None
            case name:
                return name


def _places(window: Window, stops: list[tuple[str, str]]) -> list[Place]:
    """Return one place for stops of a window; a fixed time is a place for each stop."""
    if window.start == window.end:
        return [Place(window, (stop,), (), (cell,)) for stop, cell in stops]
    ids, cells = zip(*stops, strict=True)
    return [Place(window, ids, (), cells)]
