"""Hour and minute in two lines beside each other, joined into times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gtfs.timetable.clock import half_width
from gtfs.timetable.grid import Grid, area_of, cell_code, column_name
from gtfs.timetable.lines import line_index, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gtfs.timetable.trips import Integers
    from pipeline.config.timetables import ClockTable

_MINUTE = re.compile(r"(\D*)(\d{1,2})分?(\D*)")
_HOUR = re.compile(r"\D*\d{1,2}時?")


@dataclass(frozen=True, slots=True)
class Joined:
    """A table whose hours were joined to their minutes.

    Attributes
    ----------
    grid
        The sheet with whole times where the minutes stood and nothing where the hours stood.
    table
        The declaration of what it has become: its trips are the lines of the minutes.
    hours, minutes
        The cells of both, shape (trips, stops), stops in the order trips call at them.
    left
        Cells with a number in lines that are no trips.
    """

    grid: Grid
    table: ClockTable
    hours: Integers
    minutes: Integers
    left: tuple[tuple[int, int], ...]


def join_hours(grid: Grid, table: ClockTable) -> Joined:
    """Join the hours of a table of two lines per trip to their minutes."""
    across = table.trips == "across"
    rows, columns = area_of(grid, table.times)
    trips, stops = (columns, rows) if across else (rows, columns)
    order = list(reversed(stops) if table.upwards else stops)
    lines = _hour_lines(grid, table, trips)
    cells = [list(row) for row in grid.rows]

    def place(trip: int, stop: int) -> tuple[int, int]:
        return (stop, trip) if across else (trip, stop)

    for line in lines:
        hour = ""
        for stop in order:
            said, minute = (_word(grid.at(*place(t, stop))) for t in (line, line + 1))
            hour = said.removesuffix("時") if _HOUR.fullmatch(said) else hour
            if said or minute:
                row, column = place(line + 1, stop)
                cells[row][column] = _joined(said, minute, hour)
                row, column = place(line, stop)
                cells[row][column] = ""
    others = [t for t in trips if t not in lines and t - 1 not in lines]
    beside = (place(t, s) for t in others for s in stops)
    left = tuple(at for at in beside if _word(grid.at(*at)).isdecimal())
    at = np.array(lines, dtype=np.int64)[:, None]
    along = np.array(order, dtype=np.int64)[None, :]
    hours, minutes = (cell_code(along, t) if across else cell_code(t, along) for t in (at, at + 1))
    name = column_name if across else _row_name
    minute_lines = tuple(name(line + 1) for line in lines)
    joined = Grid(grid.file, grid.sheet, cells, _heads_of_both(grid, lines, across=across))
    changed = table.model_copy(update={"only": minute_lines})
    return Joined(joined, changed, hours, minutes, left)


def _row_name(row: int) -> str:
    return str(row + 1)


def _hour_lines(grid: Grid, table: ClockTable, trips: range) -> list[int]:
    if table.only:
        return [line_index(line) for line in table.only]
    if table.trip_names is None:
        return list(trips)[::2]
    names = line_index(table.trip_names)
    found: list[int] = []
    for trip in trips:
        head = grid.at(*((names, trip) if table.trips == "across" else (trip, names)))
        if show(head).strip() and trip - 1 not in found:
            found.append(trip)
    return found


def _heads_of_both(
    grid: Grid, lines: Sequence[int], *, across: bool
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the merged cells, empty heads of minutes being those of their hours."""
    merged = dict(grid.merged)
    for line in lines:
        for other in range(grid.height if across else grid.width):
            minute, hour = (
                ((other, line + 1), (other, line)) if across else ((line + 1, other), (line, other))
            )
            if minute not in merged and grid.at(*minute) == "":
                merged[minute] = merged.get(hour, hour)
    return merged


def _word(cell: object) -> str:
    return half_width(show(cell))


def _joined(said: str, minute: str, hour: str) -> str:
    """Return what an hour and a minute say together; what says no time stays as it is written."""
    found = _MINUTE.fullmatch(minute)
    if found and hour and (not said or _HOUR.fullmatch(said)):
        before, digits, after = found.groups()
        return f"{before}{hour}:{int(digits):02d}{after}"
    if said and minute and said != minute:
        return f"{said} ? {minute}"
    alone = said or minute
    # Half a time must not be taken for a whole one: 105 for 1:05.
    return f"{alone}?" if any(map(str.isdecimal, alone)) else alone
