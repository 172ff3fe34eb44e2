"""The feed held against its sources: every time, every fare, every day.

The cells are read a second time and by other means than the build: .xlsx from its XML, where a
time is a serial number, and with a reading of times of its own. What is compared is the finished
tables.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gtfs.calendar import effective_dates
from gtfs.daytypes import each_day
from gtfs.notices import notice
from gtfs.places import NOWHERE, Place, Places
from gtfs.rawbook import RawBook, Remembered
from gtfs.timetable.grid import cell_code, code_name, open_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd

    from gtfs.parts import Parts
    from gtfs.tables import Feed as Tables
    from gtfs.timetable.grid import Book
    from gtfs.timetable.read import MatrixArea
    from gtfs.timetable.trips import Integers
    from pipeline.findings import Finding

DAY = 86_400
NO_TIME, FORMULA = -1, -2
"""Seconds of what holds no time, and of a formula whose result was never stored."""


@dataclass(slots=True)
class Reconciliation:
    """How a feed compares with its sources.

    Attributes
    ----------
    time_cells, time_cells_matched
        Cells of the matrices that hold a time, and those that are exactly one stop_time of the
        same time.
    stop_times, stop_times_matched
        Rows of ``stop_times``, and those that stand in a cell.
    fare_cells, fare_cells_matched
        Prices of the sources, and those the feed gives for the same ride.
    service_days, service_days_matched
        Days times services, and those on which the feed says the same as the declaration.
    """

    time_cells: int = 0
    time_cells_matched: int = 0
    stop_times: int = 0
    stop_times_matched: int = 0
    fare_cells: int = 0
    fare_cells_matched: int = 0
    service_days: int = 0
    service_days_matched: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        """Return the counts, JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "findings"}


def reconcile(
    parts: Parts, tables: Tables, provenance: pd.DataFrame, areas: Iterable[MatrixArea], root: Path
) -> Reconciliation:
    """Compare a finished feed with its sources; every difference is a finding of severity error."""
    result = Reconciliation()
    places = Places()
    source = _source_times(areas, root, parts, places, result.findings)
    _compare_times(tables, provenance, source, places, result)
    compare_fares(parts, tables, result)
    compare_days(parts, tables, result)
    return result


# ---- times


def _source_times(
    areas: Iterable[MatrixArea], root: Path, parts: Parts, places: Places, findings: list[Finding]
) -> dict[int, int]:
    """Return the seconds of every cell that looks like a time, by its place, each once."""
    day_starts = seconds_of_text(parts.feed.service_day_starts) or 0

    def read(value: object) -> int:
        if isinstance(value, str) and value.startswith("="):
            return FORMULA
        seconds = _seconds(value, parts.feed.marks)
        if seconds is None:
            return NO_TIME
        return seconds if seconds >= day_starts else seconds + DAY

    found: dict[int, int] = {}
    readers: dict[str, SecondReader] = {}
    known = Remembered(read)  # times repeat
    for area in areas:
        if area.file not in readers:
            readers[area.file] = SecondReader(root, area.file, area.encoding)
        values = readers[area.file].sheet(area.sheet)
        first = places.first(area.file, area.sheet)
        for cell in area.cells.tolist():
            seconds = known[values.get(cell)]
            if seconds >= 0:
                found[first + cell] = seconds
            elif seconds == FORMULA:
                place = (area.file, area.sheet, code_name(cell))
                findings.append(place_finding("formula-without-value", place, value=values[cell]))
    return found


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


def _seconds(value: object, marks: Iterable[str]) -> int | None:
    """Return the seconds a cell says, or None; written apart from the build on purpose."""
    if isinstance(value, dt.timedelta):
        return round(value.total_seconds())
    if isinstance(value, dt.time | dt.datetime):
        return _days_of(value) * 86_400 + _seconds_of(value)
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


def _seconds_of(value: dt.datetime | dt.time) -> int:
    return round(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)


def _compare_times(
    tables: Tables,
    provenance: pd.DataFrame,
    source: Mapping[int, int],
    places: Places,
    result: Reconciliation,
) -> None:
    rows = _with_cells(tables["stop_times"], provenance)
    row, place, time = _said(rows, places)
    cells = np.array(sorted(source), dtype=np.int64)
    seconds = np.array([source[cell] for cell in cells.tolist()], dtype=np.int64)
    at = np.searchsorted(cells, place)
    known = np.append(cells, NOWHERE - 1)[at] == place
    wrong = ~known | (np.append(seconds, NO_TIME - 1)[at] != time)
    uses = np.bincount(at[known], minlength=len(cells))
    is_wrong = np.bincount(at[known & wrong], minlength=len(cells)) > 0
    result.stop_times = len(rows)
    result.stop_times_matched = len(rows) - len(np.unique(row[wrong]))
    result.time_cells = len(cells)
    result.time_cells_matched = int(((uses == 1) & ~is_wrong).sum())
    for i in np.flatnonzero(wrong):
        trip = rows["trip_id"].iloc[row[i]]
        finding = place_finding("stop-time-not-in-source", places.name(place[i]), trip=trip)
        result.findings.append(finding)
    for code, chosen in (("time-not-in-feed", uses == 0), ("time-used-twice", uses > 1)):
        result.findings += [place_finding(code, places.name(cell)) for cell in cells[chosen]]


def _with_cells(stop_times: pd.DataFrame, provenance: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``stop_times`` with their cells; a row that has none has no file."""
    keys = ["trip_id", "stop_sequence"]
    rows = stop_times[[*keys, "arrival_time", "departure_time"]]
    if len(rows) == len(provenance) and all((rows[k] == provenance[k]).all() for k in keys):
        return rows.assign(**{c: provenance[c] for c in provenance.columns if c not in keys})
    return rows.merge(provenance, on=keys, how="left")


def _said(rows: pd.DataFrame, places: Places) -> tuple[Integers, Integers, Integers]:
    """Return what the feed says each cell says: row, place and seconds, per cell of each row."""
    arrivals, departures = (
        (
            places.numbers(rows["file"], rows["sheet"], rows[f"{end}_cell"]),
            rows[f"{end}_time"].to_numpy(dtype=np.int64, na_value=NO_TIME),
        )
        for end in ("arrival", "departure")
    )
    # One cell may say both; it is used once then.
    both = (arrivals[0] == departures[0]) & (arrivals[1] == departures[1])
    row = np.arange(len(rows))
    return (
        np.concatenate([row, row[~both]]),
        np.concatenate([arrivals[0], departures[0][~both]]),
        np.concatenate([arrivals[1], departures[1][~both]]),
    )


def place_finding(code: str, place: Place, **details: object) -> Finding:
    """Make a finding about a cell."""
    file, sheet, cell = place
    return notice(code, file=file, sheet=sheet, cell=cell, **details)


# ---- fares


def compare_fares(parts: Parts, tables: Tables, result: Reconciliation) -> None:
    """Count the prices of the sources and those the feed gives for the same ride."""
    attributes = tables.table("fare_attributes", "fare_id", "price")
    prices = dict(zip(attributes["fare_id"], attributes["price"], strict=True))
    rules = tables.table("fare_rules", "fare_id", "route_id", "origin_id", "destination_id")
    given: dict[tuple[str, str, str], set[float]] = {}
    for rule in rules.itertuples(index=False):
        key = (rule.route_id, rule.origin_id, rule.destination_id)
        given.setdefault(key, set()).add(prices.get(rule.fare_id, -1.0))
    for fare in parts.fares.rules:
        result.fare_cells += 1
        if given.get((fare.route, fare.origin, fare.destination)) == {fare.price}:
            result.fare_cells_matched += 1
            continue
        place = {"file": fare.file, "sheet": fare.sheet, "cell": fare.cell, "value": fare.price}
        ride = f"{fare.route} {fare.origin} {fare.destination}".strip()
        result.findings.append(notice("fare-not-in-feed", ride=ride, **place))


# ---- days


def compare_days(parts: Parts, tables: Tables, result: Reconciliation) -> None:
    """Count days times services and those on which feed and declaration agree."""
    running = effective_dates(tables)
    examples = {parts.service_id(trip): trip for trip in parts.trips}
    for service, trip in sorted(examples.items()):
        day_type = parts.feed.day_types[trip.day_type]
        marks = [parts.feed.marks[m] for m in trip.marks]
        served = running.get(service, frozenset())
        for date in each_day(parts.feed.period.start, parts.feed.period.end):
            inside = trip.valid is None or trip.valid.start <= date <= trip.valid.end
            expected = inside and parts.days.runs(date, day_type, marks)
            result.service_days += 1
            result.service_days_matched += expected == (date in served)
            if expected != (date in served):
                result.findings.append(
                    notice(
                        "service-day-differs",
                        feature=service,
                        value=date.isoformat(),
                        file=trip.file,
                        sheet=trip.sheet,
                    )
                )
