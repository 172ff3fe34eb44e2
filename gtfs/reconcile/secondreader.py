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

    def sheet(self, name: str) -> Mapping[int, object]:
        """Return the values of a sheet by :func:`gtfs.timetable.grid.cell_code`."""
        if name not in self._sheets:
            is_xlsx = self._file.lower().endswith((".xlsx", ".xlsm"))
            self._sheets[name] = self._raw.cells(name) if is_xlsx else self._grid(name)
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
        return _days_of(value) * 86_400 + _clock_of(value)
    if isinstance(value, float) and 0 <= value < 2:
        return round(value * 86_400)
    if isinstance(value, int | float):
        return seconds_of_text(str(int(value))) if value >= 100 and value % 1 == 0 else None
    text = str(value)
    for mark in sorted(marks, key=len, reverse=True):
        text = text.replace(mark, "")
    return seconds_of_text(text)


def _days_of(value: dt.datetime | dt.time) -> int:
    """Return the days of a serial that Excel shows as a date: its day 0 is 31 December 1899."""
    if isinstance(value, dt.time):
        return 0
    return value.toordinal() - dt.date(1899, 12, 31).toordinal()


def seconds_of_text(text: str) -> int | None:
    """Return the seconds of a clock time as text, or None."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    found = re.match(r"^(\d{1,2})[:.;時]?(\d\d)(?:[:.](\d\d))?分?$", text)
    if not found or int(found[2]) > 59 or int(found[1]) > 47:
        return None
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)


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
