"""Where the matrices of an unknown sheet are, whichever way they lie."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.timetable.clock import CellReader, clock_seconds, half_width, plain
from gtfs.timetable.lines import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gtfs.timetable.grid import Cell, Grid

TRIP_HEAD = re.compile(r"第?\d+便?|[A-Z]?\d+|始発|終便")
"""What names a trip."""

_BETWEEN = re.compile(r"[~〜～\-−–—ー―→]|から")
_READER = CellReader()


@dataclass(slots=True)
class Block:
    """A matrix as seen with trips across: rows are stops, columns are trips."""

    grid: Grid
    name_column: int
    columns: list[int]
    rows: list[int]
    transposed: bool = False
    hour_minute: bool = False

    @property
    def first_column(self) -> int:
        """The first column of the matrix, names included."""
        return min(self.name_column, self.columns[0])

    def times(self, column: int) -> list[int]:
        """Return the times of a trip in the order of the sheet."""
        return [t for r in self.rows if (t := _time(self.grid.at(r, column))) is not None]


def find_blocks(grid: Grid) -> list[Block]:
    """Return the matrices of a sheet, whichever way they lie."""
    turned = grid.transposed()
    split = _split_blocks(grid, transposed=False) or _split_blocks(turned, transposed=True)
    if split:
        return split
    across = _blocks_across(grid, transposed=False)
    down = _blocks_across(turned, transposed=True)
    if not down or not across:
        return across or down
    return across if _rising(across) >= _rising(down) else down


def _rising(blocks: Iterable[Block]) -> int:
    """Return how many steps from stop to stop take between nothing and half an hour.

    The steps of a block that is read upwards count alike.
    """
    found = 0
    for block in blocks:
        steps = [b - a for c in block.columns for a, b in itertools.pairwise(block.times(c))]
        ways = ([step * way for step in steps] for way in (1, -1))
        found += max(sum(1 if 0 <= step <= 1800 else -1 for step in way) for way in ways)
    return found


def is_upwards(block: Block) -> bool:
    steps = [b - a for c in block.columns for a, b in itertools.pairwise(block.times(c))]
    return sum(step < 0 for step in steps) > sum(step > 0 for step in steps)


def wraps(block: Block) -> bool:
    """Tell whether some trips start in the middle of the list, and all the others rise."""
    falls = []
    for times in map(block.times, block.columns):
        back = sum(b < a for a, b in itertools.pairwise(times))
        if back > 1 or (back and times[-1] > times[0]):
            return False
        falls.append(back)
    return any(falls)


def _split_blocks(grid: Grid, *, transposed: bool) -> list[Block]:
    """Return the matrices whose hours and minutes stand apart under 時 and 分."""
    found: list[Block] = []
    for row in range(grid.height):
        words = [show(cell).strip() for cell in grid.rows[row]]
        hours = [c for c, pair in enumerate(itertools.pairwise(words)) if pair == ("時", "分")]
        rows = _rows_below(grid, row, [c + k for c in hours for k in (0, 1)])
        names = [c for c in range(hours[0]) if _names_stops(grid, rows, c)] if hours else []
        if names and len(rows) > 1:
            found.append(Block(grid, names[-1], hours, rows, transposed, hour_minute=True))
    return found


def _rows_below(grid: Grid, head: int, columns: Sequence[int]) -> list[int]:
    """Return the rows below a head up to the first that is empty in these columns."""
    rows: list[int] = []
    for row in range(head + 1, grid.height):
        if not any(show(grid.at(row, c)).strip() for c in columns):
            break
        rows.append(row)
    return rows


def _time(cell: Cell) -> int | None:
    """Return the seconds of what surely is a time or a window: bare numbers may be codes."""
    if isinstance(cell, int | float) or (isinstance(cell, str) and plain(cell).isdigit()):
        return None
    seconds = _READER.read(cell).seconds
    if seconds is None and is_window(cell):
        return clock_seconds(_BETWEEN.split(half_width(cell))[0])
    return seconds


def is_window(cell: Cell) -> bool:
    """Tell whether a cell says from when to when, as in ``8:10～8:20``."""
    parts = _BETWEEN.split(half_width(cell)) if isinstance(cell, str) else []
    return len(parts) == 2 and all(clock_seconds(part) is not None for part in parts)


def _blocks_across(grid: Grid, *, transposed: bool) -> list[Block]:
    times = {
        (r, c)
        for r in range(grid.height)
        for c in range(grid.width)
        if _time(grid.at(r, c)) is not None
    }
    found: list[Block] = []
    for rows in _runs(sorted({r for r, _ in times})):
        name_columns = [c for c in range(grid.width) if _names_stops(grid, rows, c)]
        timed = [c for c in range(grid.width) if sum((r, c) in times for r in rows) >= 2]
        before = [c for c in timed if c < name_columns[0]] if name_columns else []
        if before:  # the names stand in the middle: the trips before them are theirs as well
            found.append(Block(grid, name_columns[0], before, rows, transposed))
        for name_column, end in itertools.pairwise([*name_columns, grid.width]):
            columns = [c for c in timed if name_column < c < end]
            if columns:
                found.append(Block(grid, name_column, columns, rows, transposed))
    return found


def _runs(rows: Sequence[int]) -> list[list[int]]:
    """Split row numbers where a row without times lies between; single rows are no matrix."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row - runs[-1][-1] == 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [run for run in runs if len(run) >= 2]


def _names_stops(grid: Grid, rows: Sequence[int], column: int) -> bool:
    if all(grid.merged.get((row, column), (row, column))[1] < column for row in rows):
        return False  # the right part of names merged with the column before
    cells = [grid.spread(row, column) for row in rows]
    words = [c for c in cells if isinstance(c, str) and _is_name(c)]
    beside = (show(grid.at(row, column + 1)).strip() for row in rows)
    pairs = zip(cells, beside, strict=True)
    second = sum(cell == "" and kind in ("着", "発") for cell, kind in pairs)
    enough = max(2, 0.8 * (len(rows) - second))
    return len(words) >= enough and len(set(words)) >= max(2, len(words) // 3)


def _is_name(text: str) -> bool:
    word = plain(text)
    reading = _READER.read(text)
    return (
        len(word) >= 2
        and _time(text) is None
        and not reading.passes
        and not word.isdigit()
        and not TRIP_HEAD.fullmatch(word)
    )
