"""Looking at an unknown workbook: where its matrices are, as a declaration to correct by hand.

Nothing here is used when a feed is built; a proposal is checked by a person.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gtfs.timetable.blocks import TRIP_HEAD, Block, find_blocks, is_upwards, is_window, wraps
from gtfs.timetable.clock import plain
from gtfs.timetable.days import day_type_in
from gtfs.timetable.grid import cell_name, column_name
from gtfs.timetable.lines import show
from gtfs.timetable.proposal import UNKNOWN, PolesFound, Proposal, TableProposal
from gtfs.timetable.propose_poles import find_poles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gtfs.timetable.grid import Book

_MARK_LABEL = re.compile("記号|備考|注記|運休|摘要")


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
    hidden = tuple(sheet for sheet in book.hidden if sheet not in silent)
    said = (tuple(tables), tuple(names), tuple(marks), tuple(silent))
    return Proposal(book.file, *said, on_poles, hidden)


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


def _describe(block: Block) -> tuple[TableProposal, list[str]]:
    grid = block.grid
    head = _trip_head(block)
    mark_rows, marks = _marks(block, head)
    columns = (
        block.columns if head is None else [c for c in block.columns if grid.at(head, c) != ""]
    )
    last_column = columns[-1] + block.hour_minute
    first, last = (block.rows[0], columns[0]), (block.rows[-1], last_column)
    upwards = not block.hour_minute and is_upwards(block)
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
        windows=any(is_window(grid.at(r, c)) for r in block.rows for c in columns),
        upwards=upwards,
        hour_minute=block.hour_minute,
        wraps=not upwards and not block.hour_minute and wraps(block),
    )
    return table, marks


def _row_name(row: int) -> str:
    return str(row + 1)


def _corner(block: Block, place: tuple[int, int]) -> str:
    row, column = place
    return cell_name(column, row) if block.transposed else cell_name(row, column)


def _names(block: Block) -> list[str]:
    cells = (block.grid.spread(row, block.name_column) for row in block.rows)
    return list(dict.fromkeys(show(c).strip() for c in cells if show(c).strip()))


def _is_kinds(block: Block, column: int) -> bool:
    words = {show(block.grid.at(row, column)).strip() for row in block.rows} - {""}
    return bool(words) and words <= {"着", "発"}


def _heads(block: Block) -> range:
    """Return the rows above a matrix up to the matrix before it, at most eight."""
    first = block.rows[0]
    return range(first - 1, max(-1, first - 9), -1)


def _trip_head(block: Block) -> int | None:
    for row in _heads(block):
        cells = [plain(show(block.grid.at(row, c))) for c in block.columns]
        named = [c for c in cells if c]
        if named and all(TRIP_HEAD.fullmatch(c) for c in named) and 2 * len(named) >= len(cells):
            return row
    return None


def _marks(block: Block, head: int | None) -> tuple[list[int], list[str]]:
    """Return the rows of footnote marks: those that are labelled so, else those of short signs."""
    heads = [row for row in _heads(block) if row != head]
    rows = [row for row in heads if _MARK_LABEL.search(_label(block, row))]
    if not rows:
        rows = [row for row in heads if _holds_marks(block, row)]
    words = (w for row in rows for cell in _head_words(block, row) for w in cell.split())
    return rows, list(dict.fromkeys(words))


def _label(block: Block, row: int) -> str:
    """Return what stands before a row of heads; a title of many words is no label."""
    text = "".join(show(block.grid.at(row, c)) for c in range(block.columns[0]))
    return text if len(text) <= 6 else ""


def _head_words(block: Block, row: int) -> list[str]:
    return [show(block.grid.spread(row, c)).strip() for c in block.columns]


def _holds_marks(block: Block, row: int) -> bool:
    words = [w for w in _head_words(block, row) if w]
    return bool(words) and all(len(w) <= 2 and not any(map(str.isalnum, w)) for w in words)


def _day_type(block: Block) -> str:
    """Guess the day type from the titles above the matrix, the sheet and the file."""
    above = [
        show(block.grid.at(row, c))
        for row in _heads(block)
        for c in range(min(block.grid.width, block.columns[-1] + 1))
    ]
    words = (*above, block.grid.sheet, block.grid.file)
    return next((day for word in words if (day := day_type_in(word))), "daily")
