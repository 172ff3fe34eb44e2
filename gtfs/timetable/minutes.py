"""The minutes of a pole timetable: hours down, minutes across, marks glued to the minutes."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.timetable.clock import after_midnight, clock_seconds, half_width, is_pass
from gtfs.timetable.grid import area_of, cell_name
from gtfs.timetable.lines import line_index, show
from gtfs.timetable.matrix import split_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gtfs.timetable.grid import Grid
    from pipeline.config.timetables import Pole

MINUTE = re.compile(r"(\D*)(\d{1,2})分?(\D*)")
_BETWEEN = re.compile(r"[ ,、;/]+")
HOUR = re.compile(r"((?:翌日?)?(?:午前|午後|[AaPp][Mm])?\d{1,2})時?")
_PAIRS = frozenset({"()", "[]", "<>", "{}", "【】", "〈〉", "《》", "「」", "〔〕"})


@dataclass(frozen=True, slots=True)
class Departure:
    """One minute of a pole: where it stands (zero-based), its time and its marks."""

    row: int
    column: int
    seconds: int
    marks: frozenset[str]


@dataclass
class PoleBlock:
    """A declared block of a pole timetable on its sheet.

    Parameters
    ----------
    known
        Marks that have a meaning, of days or of the pattern.
    day_starts
        Seconds before which a time belongs to the night before.
    report
        Notes a finding about the sheet.
    """

    grid: Grid
    pole: Pole
    known: Iterable[str]
    day_starts: int
    report: Callable[..., None]
    moved: int = 0
    _marks: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._marks = {half_width(mark): mark for mark in self.known}

    @property
    def down(self) -> bool:
        """Tell whether hours are rows."""
        return not self.pole.hours.isdigit()

    def lines(self) -> tuple[range, range]:
        """Return the lines that have an hour each, and the lines that cross them."""
        rows, columns = area_of(self.grid, self.pole.minutes)
        return (rows, columns) if self.down else (columns, rows)

    def position(self, hour: int, other: int) -> tuple[int, int]:
        """Return the row and column where a line of an hour and another line cross."""
        return (hour, other) if self.down else (other, hour)

    def departures(self) -> list[Departure]:
        """Return every minute of the block with its hour, in the order of the sheet."""
        found: list[Departure] = []
        latest = -1
        hour_lines, others = self.lines()
        for line in hour_lines:
            cells = [self.position(line, other) for other in others]
            said = [(at, word) for at in cells if (word := self._word(*at))]
            if not said:
                continue
            hour = self._hour(line, said[0][0])
            if hour is None:
                continue
            last_minute = after_midnight(hour + 59 * 60, self.day_starts)
            if last_minute < latest:
                self._report("hours-backwards", self.position(line, line_index(self.pole.hours)))
            latest = max(latest, last_minute)
            for at, word in said:
                found += self._minutes(at, word, hour)
        if not found:
            self.report("pole-empty", cell=self.pole.minutes)
        return found

    def _word(self, row: int, column: int) -> str:
        word = half_width_spaced(show(self.grid.at(row, column)))
        return "" if is_pass(word) else word

    def _report(self, code: str, at: tuple[int, int]) -> None:
        self.report(code, cell=cell_name(*at), value=show(self.grid.spread(*at)).strip())

    def _hour(self, line: int, first: tuple[int, int]) -> int | None:
        """Return the seconds of the hour of a line as it is written."""
        at = self.position(line, line_index(self.pole.hours))
        said = half_width(show(self.grid.spread(*at)))
        found = HOUR.fullmatch(said)
        seconds = clock_seconds(f"{found[1]}:00") if found else None
        if seconds is None:
            self._report(*(("hour-unreadable", at) if said else ("hour-missing", first)))
        return seconds

    def _minutes(self, at: tuple[int, int], word: str, hour: int) -> list[Departure]:
        alone = len(re.findall(r"\d+", word)) == 1
        found = []
        for token in [word.replace(" ", "")] if alone else tokens_of(word):
            match = MINUTE.fullmatch(token)
            marks = self._known(match[1], match[3]) if match else None
            if match is None or int(match[2]) > 59:
                self.report("minute-unreadable", cell=cell_name(*at), value=token)
            elif marks is None:
                self.report("mark-undefined", cell=cell_name(*at), value=token)
            else:
                written = hour + int(match[2]) * 60
                seconds = after_midnight(written, self.day_starts)
                self.moved += seconds != written
                found.append(Departure(*at, seconds, frozenset(marks)))
        return found

    def _known(self, before: str, after: str) -> set[str] | None:
        """Return the marks around a minute; None where one of them has no meaning."""
        marks = set()
        for pair in _PAIRS & set(self._marks):
            if before[-1:] == pair[0] and after[:1] == pair[1]:
                before, after = before[:-1], after[1:]
                marks.add(self._marks[pair])
        for part in (before, after):
            split = split_marks(part, self._marks)
            if split is None:
                return None
            marks |= {self._marks[mark] for mark in split}
        return marks


def half_width_spaced(text: str) -> str:
    """Return text as :func:`half_width` does, with one space where there was any."""
    return " ".join(half_width(part) for part in text.split())


def tokens_of(word: str) -> list[str]:
    """Split the minutes of one cell."""
    between = re.sub(r"(?<=[^ ,、;/])・(?=[^ ,、;/])", " ", word)
    return [token for token in _BETWEEN.split(between) if token]


def undeclared(grid: Grid, poles: Iterable[Pole]) -> list[tuple[int, int]]:
    """Return cells with minutes beside the hours of a sheet that no block holds.

    The hours are followed beyond the blocks, so that a block that ends too early is seen.
    """
    held: set[tuple[int, int]] = set()
    beside: set[tuple[int, int]] = set()
    for pole in poles:
        rows, columns = area_of(grid, pole.minutes)
        held |= {(r, c) for r in rows for c in columns}
        hours = line_index(pole.hours)
        down = not pole.hours.isdigit()
        lines = _hour_lines(grid, hours, rows if down else columns, down=down)
        said = [(one, hours) if down else (hours, one) for one in lines]
        for other in range(grid.width if down else grid.height):
            line = [(one, other) if down else (other, one) for one in lines]
            if [grid.spread(*at) for at in line] == [grid.spread(*at) for at in said]:
                held |= set(line)  # the hours, which some print at both ends
            beside |= set(line)
    return [at for at in sorted(beside - held) if is_minute(grid.at(*at))]


def _hour_lines(grid: Grid, hours: int, lines: range, *, down: bool) -> list[int]:
    """Return the lines of a block and those before and after it that go on with hours."""

    def goes_on(one: int) -> bool:
        said = show(grid.spread(*((one, hours) if down else (hours, one))))
        return bool(HOUR.fullmatch(half_width(said)))

    after = itertools.takewhile(goes_on, range(lines.stop, grid.height if down else grid.width))
    before = itertools.takewhile(goes_on, range(lines.start - 1, -1, -1))
    return [*before, *lines, *after]


def is_minute(cell: object) -> bool:
    """Tell whether a cell seems to hold minutes, with short marks or without."""
    tokens = tokens_of(half_width_spaced(show(cell)))
    matches = [MINUTE.fullmatch(token) for token in tokens]
    return bool(tokens) and all(
        m and int(m[2]) < 60 and len(m[1]) + len(m[3]) <= 2 for m in matches
    )
