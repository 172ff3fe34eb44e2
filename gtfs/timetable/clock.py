"""What a cell of a timetable says: a time, a pass mark, nothing, or something unreadable.

Cities write times as Excel times, as serial numbers, as durations past 24 hours, as ``９：１０``,
``9.10``, ``9時10分`` or ``910``, and glue footnote marks to them.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gtfs.timetable.grid import Cell

DAY = 86_400
PASS_MARKS = frozenset("レﾚ｜|…‥・↓↑→=＝≡‖∥＿_－-ー―─│┃") | {
    "通過",
    "...",
    "・・・",
    "--",
    "×",
    "／",
    "/",
    "〃",
}
"""What means "does not stop here" in timetables. 〃 is not among them: it repeats a time."""

_EXCEL_ZERO = dt.datetime(1899, 12, 31)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.;]|時)([0-5]\d)(?:[:.]([0-5]\d))?分?")
_DIGITS = re.compile(r"(\d{1,2})([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cell says.

    Attributes
    ----------
    seconds
        Seconds of the service day, not yet moved past midnight; None where there is no time.
    marks
        Footnote marks glued to the time, in the order of writing.
    passes
        The trip passes the stop.
    unreadable
        There is something that is neither.
    """

    seconds: int | None = None
    marks: tuple[str, ...] = ()
    passes: bool = False
    unreadable: bool = False


BLANK = Reading()
PASS = Reading(passes=True)
UNREADABLE = Reading(unreadable=True)


class CellReader:
    """Reads cells; remembers what it has read, because times repeat.

    Parameters
    ----------
    pass_marks
        Declared marks beside the usual ones.
    footnotes
        Declared footnote marks, which may stand beside a time.
    """

    def __init__(self, pass_marks: Iterable[str] = (), footnotes: Iterable[str] = ()) -> None:
        self._passes = PASS_MARKS | {plain(m) for m in pass_marks} | set(pass_marks)
        self._footnotes: Sequence[str] = sorted(footnotes, key=len, reverse=True)
        self._known = _Numbered(self._read)

    def read(self, cell: Cell) -> Reading:
        """Return what a cell says."""
        return self._known.readings[self._known[type(cell), cell]]

    def number(self, cells: Iterable[Cell]) -> list[int]:
        """Return which of :attr:`readings` each cell is."""
        known = self._known
        return [known[type(cell), cell] for cell in cells]

    @property
    def readings(self) -> Sequence[Reading]:
        """Everything that was read so far, each once."""
        return self._known.readings

    def _read(self, cell: Cell) -> Reading:
        seconds = excel_seconds(cell)
        if seconds is not None:
            return Reading(seconds)
        if not isinstance(cell, str):
            return UNREADABLE
        return self._read_text(cell)

    def _read_text(self, cell: str) -> Reading:
        text, marks = self._without_marks(cell.strip())
        word = plain(text)
        if not word:
            return UNREADABLE if marks else BLANK  # a mark without a time says nothing here
        if word in self._passes or text in self._passes:
            return PASS
        seconds = clock_seconds(word)
        if seconds is None:
            return UNREADABLE
        return Reading(seconds, marks)

    def _without_marks(self, text: str) -> tuple[str, tuple[str, ...]]:
        marks: list[str] = []
        changed = True
        while changed and text:
            changed = False
            for mark in self._footnotes:
                if text.startswith(mark) or text.endswith(mark):
                    text = (
                        text.removeprefix(mark)
                        if text.startswith(mark)
                        else text.removesuffix(mark)
                    )
                    text, changed = text.strip(), True
                    marks.append(mark)
                    break
        return text, tuple(marks)


class _Numbered(dict[tuple[type, "Cell"], int]):
    """Numbers of readings by cell; what is asked for the first time is read.

    The type is part of the key because 1, 1.0 and True are the same key and different cells.
    """

    def __init__(self, read: Callable[[Cell], Reading]) -> None:
        super().__init__()
        self.readings: list[Reading] = []
        self._read = read

    def __missing__(self, key: tuple[type, Cell]) -> int:
        self.readings.append(self._read(key[1]))
        self[key] = len(self.readings) - 1
        return self[key]


def plain(text: str) -> str:
    """Return text for comparison: half-width digits and letters, no spaces inside."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def clock_seconds(word: str) -> int | None:
    """Return the seconds of ``9:10``, ``24:10``, ``9.10``, ``9時10分``, ``910`` or None.

    `word` is half-width and without spaces, as :func:`plain` returns it.
    """
    match = _CLOCK.fullmatch(word) or _DIGITS.fullmatch(word)
    if match is None:
        return None
    hours, minutes, rest = (int(part) if part else 0 for part in (*match.groups(), None)[:3])
    return hours * 3600 + minutes * 60 + rest if hours < 48 else None


def excel_seconds(cell: Cell) -> int | None:
    """Return the seconds of a cell that Excel holds as a time, a duration or a number.

    A number below 2 with a fraction is a serial time; one of three or four digits is read as
    ``hmm``. Seconds are rounded, because a serial is a binary fraction of a day.
    """
    match cell:
        case bool():
            return None
        case dt.datetime():
            since = round((cell - _EXCEL_ZERO).total_seconds())
            return since if 0 <= since < 2 * DAY else None
        case dt.time():
            exact = cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6
            return round(exact)
        case dt.timedelta():
            since = round(cell.total_seconds())
            return since if 0 <= since < 2 * DAY else None
        case int() | float():
            return _number_seconds(float(cell))
        case _:
            return None


def _number_seconds(number: float) -> int | None:
    if number != int(number):
        return round(number * DAY) if 0 < number < 2 else None
    return clock_seconds(f"{int(number):d}") if 100 <= number < 4800 else None


def after_midnight(seconds: int, day_starts: int) -> int:
    """Return a time of the service day: what is before its start belongs to the night before."""
    return seconds + DAY if seconds < day_starts else seconds
