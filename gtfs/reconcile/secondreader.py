"""The second reading of cells: shares nothing with the first but the files."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from gtfs.reconcile.rawbook import RawBook
from gtfs.timetable.grid import cell_code, open_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gtfs.timetable.grid import Book

DAY = 86_400


class SecondReaders(dict[tuple[str, str], "SecondReader"]):
    """The readers of all files under a folder, by path and encoding; each file is opened once."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __missing__(self, key: tuple[str, str]) -> SecondReader:
        self[key] = SecondReader(self._root, *key)
        return self[key]


class SecondReader:
    """Reads a workbook again: .xlsx from its XML, other kinds by the reader of the build."""

    def __init__(self, root: Path, file: str, encoding: str) -> None:
        self._root, self._file, self._encoding = root, file, encoding
        self._sheets: dict[str, Mapping[int, object]] = {}
        self._is_xlsx = file.lower().endswith((".xlsx", ".xlsm"))

    def name(self, sheet: str) -> str:
        """Return the name of a sheet, that of the first one for an empty name."""
        return sheet or (self._raw.sheets if self._is_xlsx else self._book.sheets)[0]

    def sheet(self, name: str) -> Mapping[int, object]:
        """Return the values of a sheet by :func:`gtfs.timetable.grid.cell_code`."""
        if name not in self._sheets:
            self._sheets[name] = self._raw.cells(name) if self._is_xlsx else self._grid(name)
        return self._sheets[name]

    @cached_property
    def _raw(self) -> RawBook:
        return RawBook(self._root / self._file)

    @cached_property
    def _book(self) -> Book:
        return open_book(self._root, self._file, encoding=self._encoding)

    def _grid(self, name: str) -> Mapping[int, object]:
        rows = self._book.grid(name).rows
        return {cell_code(r, c): value for r, row in enumerate(rows) for c, value in enumerate(row)}


def seconds_of(value: object, marks: Iterable[str]) -> int | None:
    """Return the seconds a cell says, or None; written apart from the build on purpose."""
    if isinstance(value, dt.timedelta):
        return round(value.total_seconds())
    if isinstance(value, dt.time | dt.datetime):
        days = _days_of(value)
        return (days if days < 2 else 0) * 86_400 + _clock_of(value)
    if isinstance(value, int | float):
        return _seconds_of_number(float(value))
    return _seconds_beside(like(str(value)).strip(), [like(mark) for mark in marks])


def _seconds_beside(text: str, marks: Iterable[str]) -> int | None:
    """Return the seconds of a time with marks before, behind or around it."""
    seconds = seconds_of_text(text)
    for mark in marks if seconds is None and text else ():
        before, after = tuple(mark) if is_pair(mark) else (mark, mark)
        around = text.startswith(before) and text.endswith(after) and len(text) > len(mark)
        ways = [text[len(before) : -len(after)]] if around else []
        if not is_pair(mark):
            ways = [text.removeprefix(mark), text.removesuffix(mark), *ways]
        for rest in (way.strip() for way in ways if way != text):
            seconds = _seconds_beside(rest, marks)
            if seconds is not None:
                return seconds
    return seconds


def _seconds_of_number(value: float) -> int | None:
    hundredths = value * 100
    if 0 <= value < 2:
        return round(value * 86_400)
    if value % 1 == 0:
        return seconds_of_text(str(int(value))) if value >= 100 else None
    if value < 48 and abs(hundredths - round(hundredths)) < 1e-6:
        return seconds_of_text(f"{value:.2f}")
    return round(value % 1 * 86_400) if value > 366 else None  # a date with a time of day


def text_of_two(hour: object, minute: object) -> str:
    """Return an hour and a minute of two cells as one text; empty if they are no time."""
    hours, minutes = (
        re.sub(r"\s", "", like(f"{part:.0f}" if isinstance(part, float) else str(part or "")))
        for part in (hour, 0.0 if minute == 0 else minute)
    )
    whole = re.fullmatch(r"(\D*)(\d{1,2})分?(\D*)", minutes)
    if whole is None or not re.fullmatch(r"\D*\d{1,2}時?", hours):
        return ""
    return f"{whole[1]}{hours.strip('時')}:{whole[2]:0>2}{whole[3]}"


def is_pair(mark: str) -> bool:
    return len(mark) == 2 and unicodedata.category(mark[0]) == "Ps"


def like(text: str) -> str:
    """Return text of full and half width alike, signs such as ① left alone."""
    return "".join(
        c if unicodedata.category(c) == "No" else unicodedata.normalize("NFKC", c) for c in text
    )


def _days_of(value: dt.datetime | dt.time) -> int:
    """Return the days of a serial that Excel shows as a date: its day 0 is 31 December 1899."""
    if isinstance(value, dt.time):
        return 0
    return value.toordinal() - dt.date(1899, 12, 31).toordinal()


_WRITTEN = (
    r"(\d{1,2})[:.;](\d\d)(?:[:.](\d\d))?分?",
    r"(\d{1,2}) ?(\d\d)()",
    r"(\d{1,2})時(\d{1,2})()分?",
)


def seconds_of_text(text: str) -> int | None:
    """Return the seconds of a clock time as text, or None."""
    text = re.sub(r"(?<=\d)\s+(?=\d)", "_", like(text).strip())
    text = re.sub(r"\s", "", text).replace("_", " ").replace("時半", "時30")
    text, next_day = re.subn("^翌日?", "", text)
    text, morning = re.subn(r"午前|[Aa]\.?[Mm]\.?", "", text, count=1)
    text, evening = re.subn(r"午後|[Pp]\.?[Mm]\.?", "", text, count=1)
    found = next((f for form in _WRITTEN if (f := re.fullmatch(form, text))), None)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    if minute > 59 or hour > 47 or (hour > 23 and next_day):
        return None
    if (morning and hour > 11) or (evening and hour == 12):
        return None
    hour += 12 * (evening and hour < 12) + 24 * next_day
    return hour * 3600 + minute * 60 + second


def _clock_of(value: dt.datetime | dt.time) -> int:
    return round(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)


def yen_of(value: object) -> int | None:
    """Return the yen a cell says, or None; written apart from the build on purpose."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if value >= 0 and value % 1 == 0 else None
    text = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", str(value or "")))
    found = re.match(r"^(\d+)(\.0+)?円?$", text)
    return int(found[1]) if found else None
