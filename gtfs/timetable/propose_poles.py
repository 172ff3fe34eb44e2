"""Looking for pole timetables on an unknown sheet: a line of hours and minutes beside it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.timetable.clock import half_width, is_pass
from gtfs.timetable.days import day_type_in
from gtfs.timetable.grid import cell_name, column_name
from gtfs.timetable.lines import show
from gtfs.timetable.minutes import MINUTE, half_width_spaced, is_minute, tokens_of
from gtfs.timetable.proposal import UNKNOWN, PatternProposal, PoleProposal, PolesFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gtfs.timetable.grid import Grid

_HOUR = re.compile(r"(\d{1,2})時?")
_STOP = re.compile(r"(.+?)(?:バス停|停留所|停留場|のりば|乗り場|乗場|桟橋|時刻表|発)")
_TOWARDS = re.compile(r"[（(]?([^（）()\s]+?)\s*(?:方面|行き|ゆき|行)")
_EXPLAINED = re.compile(r"^\s*(?:印)?\s*[：:…・=＝はが、]*\s*(.+?)\s*$")
_ELSEWHERE = re.compile("行き|ゆき|行$|止|経由|方面|回り|まわり")
_LONGEST_TITLE = 40


@dataclass(frozen=True, slots=True)
class _Hours:
    """A run of hours as seen with hours down: its column, its rows, where its minutes end."""

    column: int
    rows: range
    end: int


def find_poles(grid: Grid) -> PolesFound:
    """Return the pole timetables of a sheet, whichever way they lie."""
    down = _PoleSheet(grid, turned=False)
    across = _PoleSheet(grid.transposed(), turned=True)
    return max((down.found(), across.found()), key=lambda found: len(found.poles))


def _hour(text: str) -> int | None:
    found = _HOUR.fullmatch(half_width(text))
    return int(found[1]) if found and int(found[1]) < 30 else None


@dataclass
class _PoleSheet:
    grid: Grid
    turned: bool

    def found(self) -> PolesFound:
        """Return blocks, the patterns they need, and the marks nobody has explained."""
        hours = self._runs()
        blocks = [(run, columns) for run in hours for columns in self._blocks(run)]
        stops = list(dict.fromkeys(self._stop(run, columns) for run, columns in blocks))
        patterns: dict[str, PatternProposal] = {}
        poles = []
        marks: dict[str, str] = {}
        for run, columns in blocks:
            stop = self._stop(run, columns)
            last = self._last_stop(run, columns, stop, stops)
            main = _pattern(patterns, stop, last)
            used = self._marks(run, columns)
            said = {mark: self._explained(mark) for mark in used}
            elsewhere = {m: t for m, t in said.items() if _ELSEWHERE.search(t)}
            by_mark = {m: _pattern(patterns, stop, UNKNOWN, t) for m, t in elsewhere.items()}
            marks |= {m: t for m, t in said.items() if m not in elsewhere}
            poles.append(
                PoleProposal(
                    sheet=self.grid.sheet,
                    stop=stop,
                    hours=self._line(run.column),
                    minutes=self._area(run.rows, columns),
                    day_type=self._day_type(run, columns),
                    pattern=main,
                    pattern_by_mark=by_mark,
                    count=self._count(run, columns),
                    guessed=bool(self.grid.sheet) and not self._named(run, columns),
                )
            )
        return PolesFound(tuple(poles), patterns, marks)

    # ---- where

    def _text(self, row: int, column: int) -> str:
        return show(self.grid.spread(row, column)).strip()

    def _runs(self) -> list[_Hours]:
        found: list[_Hours] = []
        for column in range(self.grid.width):
            for rows in self._rising_runs(column):
                others = [h.column for h in found if set(h.rows) & set(rows)]
                if any(self._repeats(column, other, rows) for other in others):
                    continue
                end = self._end(column, rows)
                if self._minutes_beside(column, rows, end):
                    found.append(_Hours(column, rows, end))
        return [
            _Hours(h.column, h.rows, min([h.end, *(o.column for o in found if _right(h, o))]))
            for h in found
            if not any(o.column < h.column < o.end and not _right(o, h) for o in found)
        ]

    def _rising_runs(self, column: int) -> list[range]:
        """Return runs of rows that count hours one by one, past midnight too."""
        runs: list[list[int]] = []
        before: int | None = None
        for row in range(self.grid.height):
            hour = _hour(self._text(row, column))
            follows = (
                hour is not None
                and before is not None
                and (hour - before in (0, 1) or (before in (23, 24) and hour < 2))
            )
            if hour is not None and follows:
                runs[-1].append(row)
            elif hour is not None:
                runs.append([row])
            before = hour
        return [
            range(run[0], run[-1] + 1)
            for run in runs
            if len({_hour(self._text(row, column)) for row in run}) >= 3
        ]

    def _repeats(self, column: int, other: int, rows: range) -> bool:
        return all(self._text(r, column) == self._text(r, other) for r in rows)

    def _end(self, column: int, rows: range) -> int:
        """Return the column after the last with minutes in these rows."""
        for other in range(column + 1, self.grid.width):
            repeated = self._repeats(other, column, rows)
            if repeated or not all(_is_minutes(self.grid.at(row, other)) for row in rows):
                return other
        return self.grid.width

    def _minutes_beside(self, column: int, rows: range, end: int) -> bool:
        filled = sum(
            any(is_minute(self.grid.at(row, c)) for c in range(column + 1, end)) for row in rows
        )
        return 2 * filled >= len(rows)

    def _head_rows(self, run: _Hours) -> list[int]:
        first = run.rows[0]
        return list(range(first - 1, max(-1, first - 7), -1))

    def _blocks(self, run: _Hours) -> list[range]:
        """Split the columns of minutes where the heads above them change."""
        columns = range(run.column + 1, run.end)
        heads = [r for r in self._head_rows(run) if self._is_head(r, columns)][:3]
        label: tuple[str, ...] = ()
        groups: list[list[int]] = []
        for column in columns:
            said = tuple(self._text(row, column) for row in heads)
            changed = any(s and s != old for s, old in itertools.zip_longest(said, label))
            if changed or not groups:
                groups.append([])
                label = tuple(
                    s or old for s, old in itertools.zip_longest(said, label, fillvalue="")
                )
            groups[-1].append(column)
        return [self._trimmed(run, g) for g in groups if self._count(run, range(g[0], g[-1] + 1))]

    def _is_head(self, row: int, columns: range) -> bool:
        """Tell whether a row heads the minutes: days or stops, not a title or plain numbers."""
        words = [w for c in columns if (w := self._text(row, c))]
        return bool(words) and not any(w.isdecimal() for w in words)

    def _trimmed(self, run: _Hours, group: Sequence[int]) -> range:
        filled = [c for c in group if self._count(run, range(c, c + 1))]
        return range(group[0], filled[-1] + 1)

    def _count(self, run: _Hours, columns: range) -> int:
        cells = (half_width_spaced(show(self.grid.at(r, c))) for r in run.rows for c in columns)
        return sum(len(tokens_of(cell)) for cell in cells if not is_pass(cell))

    # ---- what it means

    def _heads(self, run: _Hours, columns: Iterable[int]) -> list[str]:
        return [t for r in self._head_rows(run) for c in columns if (t := self._text(r, c))]

    def _title(self, run: _Hours) -> list[str]:
        return [t for r in self._head_rows(run) for c in range(run.end) if (t := self._text(r, c))]

    def _stop(self, run: _Hours, columns: range) -> str:
        return self._named(run, columns) or self.grid.sheet or UNKNOWN

    def _named(self, run: _Hours, columns: range) -> str:
        """Return the stop that the heads or the title name; empty if they name none."""
        for text in (*self._heads(run, columns), *self._title(run)):
            found = _STOP.match(text)
            name = re.sub(r"[「」『』【】\s]", "", found[1]) if found else ""
            if len(name) >= 2 and not day_type_in(name):
                return name
        return ""

    def _last_stop(self, run: _Hours, columns: range, stop: str, stops: Sequence[str]) -> str:
        for text in (*self._heads(run, columns), *self._title(run)):
            found = _TOWARDS.search(text)
            if found and found[1] != stop:
                return found[1]
        others = [other for other in stops if other != stop]
        return others[0] if len(others) == 1 else UNKNOWN

    def _day_type(self, run: _Hours, columns: range) -> str:
        words = (*self._heads(run, columns), *self._title(run), self.grid.sheet, self.grid.file)
        return next((day for word in words if (day := day_type_in(word))), "daily")

    def _marks(self, run: _Hours, columns: range) -> list[str]:
        found: dict[str, None] = {}
        for row, column in itertools.product(run.rows, columns):
            for token in tokens_of(half_width_spaced(show(self.grid.at(row, column)))):
                match = MINUTE.fullmatch(token)
                for part in (match[1], match[3]) if match else ():
                    found |= dict.fromkeys([part] if part else [])
        return list(found)

    def _explained(self, mark: str) -> str:
        """Return what the sheet says about a mark (凡例); ？ if it says nothing."""
        texts = (show(cell).strip() for row in self.grid.rows for cell in row)
        for text in texts:
            for part in re.split(r"[\n　、]|\s{2,}", text):
                word = part.strip()
                if half_width(word).startswith(mark) and not is_minute(word):
                    said = _EXPLAINED.match(half_width(word)[len(mark) :])
                    if said and len(said[1]) <= _LONGEST_TITLE:
                        return said[1]
        return UNKNOWN

    def _line(self, position: int) -> str:
        return str(position + 1) if self.turned else column_name(position)

    def _area(self, rows: range, columns: range) -> str:
        ends = ((rows[0], columns[0]), (rows[-1], columns[-1]))
        return ":".join(cell_name(c, r) if self.turned else cell_name(r, c) for r, c in ends)


def _right(one: _Hours, other: _Hours) -> bool:
    return other.column > one.column and bool(set(one.rows) & set(other.rows))


def _is_minutes(cell: object) -> bool:
    word = half_width_spaced(show(cell))
    return not word or is_pass(word) or is_minute(cell)


def _pattern(patterns: dict[str, PatternProposal], first: str, last: str, why: str = "") -> str:
    """Return the name of the pattern between two stops, a new one if there is none."""
    wanted = PatternProposal(first, last, why)
    for name, known in patterns.items():
        if known == wanted:
            return name
    name = f"pattern{len(patterns) + 1}"
    patterns[name] = wanted
    return name
