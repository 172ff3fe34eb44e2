"""Looking at an unknown workbook: where its matrices are, as a declaration to correct by hand.

Nothing here is used when a feed is built; a proposal is checked by a person.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gtfs.timetable.clock import CellReader, clock_seconds, half_width, plain
from gtfs.timetable.grid import cell_name, column_name
from gtfs.timetable.lines import show
from gtfs.timetable.proposal import Proposal, TableProposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gtfs.timetable.grid import Book, Cell, Grid

DAY_WORDS = (
    ("土日祝", "holiday"),
    ("土・日・祝", "holiday"),
    ("土曜・日曜・祝日", "holiday"),
    ("日祝", "sunday_holiday"),
    ("日・祝", "sunday_holiday"),
    ("休日", "holiday"),
    ("weekend", "holiday"),
    ("土曜", "saturday"),
    ("平日", "weekday"),
    ("月～金", "weekday"),
    ("月〜金", "weekday"),
    ("weekday", "weekday"),
    ("毎日", "daily"),
    ("全日", "daily"),
)
"""What titles and names of sheets say about days, the longer words first."""

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


def propose(book: Book) -> Proposal:
    """Look through every sheet of a workbook for matrices of times."""
    tables: list[TableProposal] = []
    names: dict[str, None] = {}
    marks: dict[str, None] = {}
    silent: list[str] = []
    for sheet in book.sheets:
        grid = book.grid(sheet)
        blocks = find_blocks(grid)
        if not blocks:
            silent.append(sheet)
        for block in blocks:
            table, found_marks = _describe(block)
            tables.append(replace(table, direction=_direction(table, tables)))
            names |= dict.fromkeys(_names(block))
            marks |= dict.fromkeys(found_marks)
    return Proposal(book.file, tuple(tables), tuple(names), tuple(marks), tuple(silent))


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
    across = _blocks_across(grid, transposed=False)
    down = _blocks_across(_transposed(grid), transposed=True)
    if not down or not across:
        return across or down
    return across if _rising(across) >= _rising(down) else down


def _transposed(grid: Grid) -> Grid:
    rows = [list(column) for column in zip(*grid.rows, strict=True)]
    merged = {(c, r): (c0, r0) for (r, c), (r0, c0) in grid.merged.items()}
    return type(grid)(grid.file, grid.sheet, rows, merged)


def _rising(blocks: Iterable[_Block]) -> int:
    """Return how many steps from stop to stop take between nothing and half an hour."""
    steps = 0
    for block in blocks:
        for column in block.columns:
            times = [t for r in block.rows if (t := _time(block.grid.at(r, column))) is not None]
            steps += sum(0 <= b - a <= 1800 for a, b in itertools.pairwise(times))
            steps -= sum(b < a or b - a > 1800 for a, b in itertools.pairwise(times))
    return steps


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
        for place, name_column in enumerate(name_columns):
            end = name_columns[place + 1] if place + 1 < len(name_columns) else grid.width
            columns = [
                c for c in range(name_column + 1, end) if sum((r, c) in times for r in rows) >= 2
            ]
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
    return len(words) >= max(2, 0.8 * len(rows)) and len(set(words)) >= max(2, len(words) // 3)


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
    first, last = (block.rows[0], columns[0]), (block.rows[-1], columns[-1])
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
        first_stop=names[0],
        last_stop=names[-1],
        count=len(columns),
        windows=any(_is_window(grid.at(r, c)) for r in block.rows for c in columns),
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
    for text in (*above, block.grid.sheet, block.grid.file):
        for word, name in DAY_WORDS:
            if word in text:
                return name
    return "daily"
