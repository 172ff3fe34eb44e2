"""What a cell of a timetable says: a time, a pass mark, nothing, or something unreadable.

Cities write times as Excel times, as serial numbers, as durations past 24 hours, as ``９：１０``,
``9.10``, ``9時10分``, ``午後1:05``, ``翌0:10`` or ``910``, and glue footnote marks to them.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gtfs.timetable.grid import Cell

DAY = 86_400
_PASSING = frozenset("レﾚ｜|…‥・↓↑→=＝‖∥/／－-ー―─│┃")
_PASSING_WORDS = frozenset({"通過", "...", ".."})

_EXCEL_ZERO = dt.datetime(1899, 12, 31)
_CLOCK = re.compile(
    r"(?P<next>翌日?)?(?P<half>午前|午後|[AP]M)?(?P<h>\d{1,2})"
    r"(?:[:.;](?P<m>[0-5]\d)(?:[:.](?P<s>[0-5]\d))?分?"
    r"|時(?:(?P<jm>[0-5]?\d)分?|(?P<thirty>半))"
    r"| ?(?P<mm>[0-5]\d))(?P<after>[AP]M)?"
)
_ONE_DIGIT = re.compile(r"\d{1,2}[:.;]\d")
_ANY_TIME = re.compile(r"(?<!\d)\d{1,2}(?:[:.;時][0-5]?\d|[0-5]\d)(?!\d)")
_BRACKETS = frozenset({"()", "[]", "<>", "{}", "【】", "〈〉", "《》", "「」", "〔〕"})


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
    ambiguous
        It is unreadable because it can mean more than one time, as ``7.5`` and ``午後12:10`` do.
    """

    seconds: int | None = None
    marks: tuple[str, ...] = ()
    passes: bool = False
    unreadable: bool = False
    ambiguous: bool = False


BLANK = Reading()
PASS = Reading(passes=True)
UNREADABLE = Reading(unreadable=True)
AMBIGUOUS = Reading(unreadable=True, ambiguous=True)


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
        self._passes = {half_width(m) for m in pass_marks} | set(pass_marks)
        known = {half_width(m): m for m in footnotes}
        self._pairs = {m: known.pop(m) for m in list(known) if m in _BRACKETS}
        self._footnotes = sorted(known.items(), key=lambda m: len(m[0]), reverse=True)
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
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            return _number(float(cell))
        seconds = excel_seconds(cell)
        if seconds is not None:
            return Reading(seconds)
        return self._read_text(cell) if isinstance(cell, str) else UNREADABLE

    def _read_text(self, cell: str) -> Reading:
        word = half_width(cell)
        if not word:
            return BLANK
        if is_pass(word) or word in self._passes or cell.strip() in self._passes:
            return PASS
        whole = _text(word)
        if not whole.unreadable:
            return whole
        rest, marks = self._without_marks(word)
        if not marks:
            return whole
        if not rest:
            return UNREADABLE  # a mark without a time says nothing here
        found = PASS if is_pass(rest) or rest in self._passes else _text(rest)
        return found if found.unreadable or found.passes else Reading(found.seconds, marks)

    def _without_marks(self, text: str) -> tuple[str, tuple[str, ...]]:
        marks: list[str] = []
        while text and _text(text).unreadable and (found := self._one_mark(text)):
            text = found[0].strip()
            marks.append(found[1])
        return text, tuple(marks)

    def _one_mark(self, text: str) -> tuple[str, str] | None:
        """Return a text without one of the marks at its ends, and that mark."""
        for pair, mark in self._pairs.items():
            if text[0] == pair[0] and text[-1] == pair[1] and len(text) > 1:
                return text[1:-1], mark
        for word, mark in self._footnotes:
            rest = text.removeprefix(word)
            if rest != text and not (word[-1:] + (rest[:1] or "-")).isdecimal():
                return rest, mark
            rest = text.removesuffix(word)
            if rest != text and not ((rest[-1:] or "-") + word[:1]).isdecimal():
                return rest, mark
        return None


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


def half_width(text: str) -> str:
    """Return text for reading: as :func:`plain`, but ``①7:05`` does not become ``17:05``.

    Signs that hide a digit stay what they are, and so does a space between two digits.
    """
    if text.isascii():
        folded = text
    else:
        folded = "".join(
            part if part and _hides_digit(part) else unicodedata.normalize("NFKC", part)
            for part in _parts(text)
        )
    return re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", re.sub(r"\s+", " ", folded))


def _parts(text: str) -> list[str]:
    """Split text into signs that hide a digit and what lies between them."""
    parts = [""]
    for sign in text:
        if _hides_digit(sign):
            parts += [sign, ""]
        else:
            parts[-1] += sign
    return parts


@cache
def _hides_digit(sign: str) -> bool:
    if len(sign) != 1 or sign.isdecimal():
        return False
    return any(c.isdecimal() for c in unicodedata.normalize("NFKC", sign))


def is_pass(word: str) -> bool:
    """Tell whether a word means "does not stop here" in timetables.

    What repeats the cell before it (〃, 々, 同) is not among them, nor is × (no service, full).
    """
    return word in _PASSING_WORDS or (len(set(word)) == 1 and word[0] in _PASSING)


def holds_time(word: str) -> bool:
    """Tell whether there is something like a time anywhere in a word."""
    return _ANY_TIME.search(word) is not None


def clock_seconds(word: str) -> int | None:
    """Return the seconds of ``9:10``, ``9時5分``, ``翌0:10``, ``午後1:05`` or ``910``, or None.

    `word` is half-width and without spaces, as :func:`half_width` returns it.
    """
    return _text(word).seconds


def _text(word: str) -> Reading:
    upper = word.upper().replace("A.M.", "AM").replace("P.M.", "PM")
    match = _CLOCK.fullmatch(upper)
    if match is None:
        return AMBIGUOUS if _ONE_DIGIT.fullmatch(upper) else UNREADABLE
    if match["half"] and match["after"]:
        return UNREADABLE
    minutes = 30 if match["thirty"] else int(match["m"] or match["jm"] or match["mm"] or 0)
    hours = _hours(int(match["h"]), match["half"] or match["after"], nextday=bool(match["next"]))
    return (
        hours
        if isinstance(hours, Reading)
        else Reading(hours * 3600 + minutes * 60 + int(match["s"] or 0))
    )


def _hours(hours: int, half: str | None, *, nextday: bool) -> int | Reading:
    """Return hours of the service day; 12 of either half of the day is noon or midnight."""
    if half and hours == 12:
        return AMBIGUOUS
    if half in ("午前", "AM") and hours > 12:
        return UNREADABLE
    if half in ("午後", "PM") and hours < 12:
        hours += 12
    if nextday:
        return UNREADABLE if hours >= 24 else hours + 24
    return hours if hours < 48 else UNREADABLE


def excel_seconds(cell: Cell) -> int | None:
    """Return the seconds of a cell that Excel holds as a time, a duration or a number.

    A date with a time of day is that time: Excel shows no more of it in a timetable. Of a date
    alone nothing is known. Numbers: see :func:`_number`. Seconds are rounded, because a serial is
    a binary fraction of a day.
    """
    match cell:
        case bool():
            return None
        case dt.datetime():
            since = round((cell - _EXCEL_ZERO).total_seconds())
            return since if 0 <= since < 2 * DAY else since % DAY or None
        case dt.time():
            exact = cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6
            return round(exact)
        case dt.timedelta():
            since = round(cell.total_seconds())
            return since if 0 <= since < 2 * DAY else None
        case int() | float():
            return _number(float(cell)).seconds
        case _:
            return None


def _number(number: float) -> Reading:
    """Read a number that carries no format of a time.

    Three or four digits are ``hmm``; two decimals from 2 on are ``h.mm``; more decimals below 2
    are a serial. ``7.5`` and ``0.5`` can mean two things: how Excel shows them would tell.
    """
    if number == int(number):
        known = clock_seconds(f"{int(number):d}") if 100 <= number < 4800 else None
        return UNREADABLE if known is None else Reading(known)
    decimals = len(repr(number).partition(".")[2])
    if decimals > 2:
        return Reading(round(number * DAY)) if 0 < number < 2 else UNREADABLE
    return AMBIGUOUS if decimals == 1 or number < 2 else _text(f"{number:.2f}")


def after_midnight(seconds: int, day_starts: int) -> int:
    """Return a time of the service day: what is before its start belongs to the night before."""
    return seconds + DAY if seconds < day_starts else seconds
