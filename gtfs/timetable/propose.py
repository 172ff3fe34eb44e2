"""Looking at an unknown workbook: where its matrices are, as a declaration to correct by hand.

Nothing here is used when a feed is built; a proposal is checked by a person.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gtfs.timetable.clock import CellReader, clock_seconds, half_width, plain
from gtfs.timetable.days import day_type_in
from gtfs.timetable.grid import cell_name, column_name
from gtfs.timetable.lines import show
from gtfs.timetable.proposal import UNKNOWN, PolesFound, Proposal, TableProposal
from gtfs.timetable.propose_poles import find_poles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gtfs.timetable.grid import Book, Cell, Grid

_TRIP_HEAD = re.compile(r"第?\d+便?|[A-Z]?\d+|始発|終便")
_MARK_LABEL = re.compile("記号|備考|注記|運休|摘要")
_BETWEEN = re.compile(r"[~〜～\-−–—ー―→]|から")
_READER = CellReader()


@dataclass(slots=True)
class _Block:
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


def propose(book: Book) -> Proposal:
    """Look through every sheet of a workbook for matrices of times."""
    tables: list[TableProposal] = []
    names: dict[str, None] = {}
    marks: dict[str, None] = {}
    silent: list[str] = []
    on_poles = PolesFound()
    for sheet in book.sheets:
        grid = book.grid(sheet)
        poles = find_poles(grid)
        on_poles = on_poles.joined(poles)
        blocks = find_blocks(grid)
        if not blocks and not poles.poles:
            silent.append(sheet)
        for block in blocks:
            table, found_marks = _describe(block)
            tables.append(replace(table, direction=_direction(table, tables)))
            names |= dict.fromkeys(_names(block))
            marks |= dict.fromkeys(found_marks)
    ends = ((p.first_stop, p.last_stop) for p in on_poles.patterns.values())
    names |= dict.fromkeys(stop for pair in ends for stop in pair if stop != UNKNOWN)
    marks |= dict.fromkeys(on_poles.marks)
    return Proposal(book.file, tuple(tables), tuple(names), tuple(marks), tuple(silent), on_poles)


def _direction(table: TableProposal, before: Iterable[TableProposal]) -> int:
    """Return the direction of an earlier table with the same ends, the other one if reversed."""
    ends = (table.first_stop, table.last_stop)
    for other in before:
        if ends == (other.first_stop, other.last_stop):
            return other.direction
        turned = ends == (other.last_stop, other.first_stop)
        if turned or (table.sheet == other.sheet and table.first_stop == other.last_stop):
            return 1 - other.direction
    return 0


def find_blocks(grid: Grid) -> list[_Block]:
    """Return the matrices of a sheet, whichever way they lie."""
    turned = _transposed(grid)
    split = _split_blocks(grid, transposed=False) or _split_blocks(turned, transposed=True)
    if split:
        return split
    across = _blocks_across(grid, transposed=False)
    down = _blocks_across(turned, transposed=True)
    if not down or not across:
        return across or down
    return across if _rising(across) >= _rising(down) else down


def _transposed(grid: Grid) -> Grid:
    rows = [list(column) for column in zip(*grid.rows, strict=True)]
    merged = {(c, r): (c0, r0) for (r, c), (r0, c0) in grid.merged.items()}
    return type(grid)(grid.file, grid.sheet, rows, merged)


def _rising(blocks: Iterable[_Block]) -> int:
    """Return how many steps from stop to stop take between nothing and half an hour.

    The steps of a block that is read upwards count alike.
    """
    found = 0
    for block in blocks:
        steps = [b - a for c in block.columns for a, b in itertools.pairwise(block.times(c))]
        ways = ([step * way for step in steps] for way in (1, -1))
        found += max(sum(1 if 0 <= step <= 1800 else -1 for step in way) for way in ways)
    return found


def _is_upwards(block: _Block) -> bool:
    steps = [b - a for c in block.columns for a, b in itertools.pairwise(block.times(c))]
    return sum(step < 0 for step in steps) > sum(step > 0 for step in steps)


def _wraps(block: _Block) -> bool:
    """Tell whether some trips start in the middle of the list, and all the others rise."""
    falls = []
    for times in map(block.times, block.columns):
        back = sum(b < a for a, b in itertools.pairwise(times))
        if back > 1 or (back and times[-1] > times[0]):
            return False
        falls.append(back)
    return any(falls)


def _split_blocks(grid: Grid, *, transposed: bool) -> list[_Block]:
    """Return the matrices whose hours and minutes stand apart under 時 and 分."""
    found: list[_Block] = []
    for row in range(grid.height):
        words = [show(cell).strip() for cell in grid.rows[row]]
        hours = [c for c, pair in enumerate(itertools.pairwise(words)) if pair == ("時", "分")]
        rows = _rows_below(grid, row, [c + k for c in hours for k in (0, 1)])
        names = [c for c in range(hours[0]) if _names_stops(grid, rows, c)] if hours else []
        if names and len(rows) > 1:
            found.append(_Block(grid, names[-1], hours, rows, transposed, hour_minute=True))
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
    if seconds is None and _is_window(cell):
        return clock_seconds(_BETWEEN.split(half_width(cell))[0])
    return seconds


def _is_window(cell: Cell) -> bool:
    """Tell whether a cell says from when to when, as in ``8:10～8:20``."""
    parts = _BETWEEN.split(half_width(cell)) if isinstance(cell, str) else []
    return len(parts) == 2 and all(clock_seconds(part) is not None for part in parts)


def _blocks_across(grid: Grid, *, transposed: bool) -> list[_Block]:
    times = {
        (r, c)
        for r in range(grid.height)
        for c in range(grid.width)
        if _time(grid.at(r, c)) is not None
    }
    found: list[_Block] = []
    for rows in _runs(sorted({r for r, _ in times})):
        name_columns = [c for c in range(grid.width) if _names_stops(grid, rows, c)]
        timed = [c for c in range(grid.width) if sum((r, c) in times for r in rows) >= 2]
        before = [c for c in timed if c < name_columns[0]] if name_columns else []
        if before:  # the names stand in the middle: the trips before them are theirs as well
            found.append(_Block(grid, name_columns[0], before, rows, transposed))
        for name_column, end in itertools.pairwise([*name_columns, grid.width]):
            columns = [c for c in timed if name_column < c < end]
            if columns:
                found.append(_Block(grid, name_column, columns, rows, transposed))
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
        and not _TRIP_HEAD.fullmatch(word)
    )


def _describe(block: _Block) -> tuple[TableProposal, list[str]]:
    grid = block.grid
    head = _trip_head(block)
    mark_rows, marks = _marks(block, head)
    columns = (
        block.columns if head is None else [c for c in block.columns if grid.at(head, c) != ""]
    )
    last_column = columns[-1] + block.hour_minute
    first, last = (block.rows[0], columns[0]), (block.rows[-1], last_column)
    upwards = not block.hour_minute and _is_upwards(block)
    kinds = [c for c in range(block.name_column + 1, columns[0]) if _is_kinds(block, c)]
    names = _names(block)
    line, head_line = (_row_name, column_name) if block.transposed else (column_name, _row_name)
    table = TableProposal(
        sheet=grid.sheet,
        trips="down" if block.transposed else "across",
        times=f"{_corner(block, first)}:{_corner(block, last)}",
        stops=line(block.name_column),
        trip_names="" if head is None else head_line(head),
        kinds=line(kinds[0]) if kinds else "",
        marks=tuple(head_line(r) for r in mark_rows),
        day_type=_day_type(block),
        direction=0,
        first_stop=names[-1 if upwards else 0],
        last_stop=names[0 if upwards else -1],
        count=len(columns),
        windows=any(_is_window(grid.at(r, c)) for r in block.rows for c in columns),
        upwards=upwards,
        hour_minute=block.hour_minute,
        wraps=not upwards and not block.hour_minute and _wraps(block),
    )
    return table, marks


def _row_name(row: int) -> str:
    return str(row + 1)


def _corner(block: _Block, place: tuple[int, int]) -> str:
    row, column = place
    return cell_name(column, row) if block.transposed else cell_name(row, column)


def _names(block: _Block) -> list[str]:
    cells = (block.grid.spread(row, block.name_column) for row in block.rows)
    return list(dict.fromkeys(show(c).strip() for c in cells if show(c).strip()))


def _is_kinds(block: _Block, column: int) -> bool:
    words = {show(block.grid.at(row, column)).strip() for row in block.rows} - {""}
    return bool(words) and words <= {"着", "発"}


def _heads(block: _Block) -> range:
    """Return the rows above a matrix up to the matrix before it, at most eight."""
    first = block.rows[0]
    return range(first - 1, max(-1, first - 9), -1)


def _trip_head(block: _Block) -> int | None:
    for row in _heads(block):
        cells = [plain(show(block.grid.at(row, c))) for c in block.columns]
        named = [c for c in cells if c]
        if named and all(_TRIP_HEAD.fullmatch(c) for c in named) and 2 * len(named) >= len(cells):
            return row
    return None


def _marks(block: _Block, head: int | None) -> tuple[list[int], list[str]]:
    """Return the rows of footnote marks: those that are labelled so, else those of short signs."""
    heads = [row for row in _heads(block) if row != head]
    rows = [row for row in heads if _MARK_LABEL.search(_label(block, row))]
    if not rows:
        rows = [row for row in heads if _holds_marks(block, row)]
    words = (w for row in rows for cell in _head_words(block, row) for w in cell.split())
    return rows, list(dict.fromkeys(words))


def _label(block: _Block, row: int) -> str:
    """Return what stands before a row of heads; a title of many words is no label."""
    text = "".join(show(block.grid.at(row, c)) for c in range(block.columns[0]))
    return text if len(text) <= 6 else ""


def _head_words(block: _Block, row: int) -> list[str]:
    return [show(block.grid.spread(row, c)).strip() for c in block.columns]


def _holds_marks(block: _Block, row: int) -> bool:
    words = [w for w in _head_words(block, row) if w]
    return bool(words) and all(len(w) <= 2 and not any(map(str.isalnum, w)) for w in words)


def _day_type(block: _Block) -> str:
    """Guess the day type from the titles above the matrix, the sheet and the file."""
    above = [
        show(block.grid.at(row, c))
        for row in _heads(block)
        for c in range(min(block.grid.width, block.columns[-1] + 1))
    ]
    words = (*above, block.grid.sheet, block.grid.file)
    return next((day for word in words if (day := day_type_in(word))), "daily")
