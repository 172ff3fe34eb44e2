"""Naming the layout of a declared table that is no matrix of clock times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.timetable.blocks import find_blocks
from gtfs.timetable.grid import area_of
from gtfs.timetable.propose_poles import find_poles

if TYPE_CHECKING:
    from gtfs.timetable.clock import CellReader
    from gtfs.timetable.grid import Grid
    from pipeline.config.timetables import ClockTable

_FEWEST = 4
"""Unreadable cells from which on it is the layout that is wrong, not a cell."""


def other_layout(grid: Grid, table: ClockTable, reader: CellReader) -> str:
    """Return the finding that names the layout of an area without one time; empty if it has any.

    Wrong cells are found one by one; a layout that is declared as another one is one finding.
    """
    rows, columns = area_of(grid, table.times)
    readings = [reader.read(grid.at(r, c)) for r in rows for c in columns]
    if any(r.seconds is not None for r in readings):
        return ""
    if sum(r.unreadable for r in readings) < _FEWEST:
        return ""
    overlapping = (
        pole
        for pole in find_poles(grid).poles
        if _overlap((rows, columns), area_of(grid, pole.minutes))
    )
    if any(overlapping):
        return "layout-pole"
    split = any(
        set(block.rows) & set(columns if block.transposed else rows)
        for block in find_blocks(grid)
        if block.hour_minute
    )
    return "layout-hour-minute" if split else "layout-unknown"


def _overlap(one: tuple[range, range], other: tuple[range, range]) -> bool:
    return all(set(a) & set(b) for a, b in zip(one, other, strict=True))
