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

import pandas as pd

from gtfs.calendar import effective_dates
from gtfs.daytypes import each_day
from gtfs.notices import notice
from gtfs.rawbook import RawBook
from gtfs.timetable.grid import cell_name, open_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gtfs.parts import Parts
    from gtfs.tables import Feed as Tables
    from gtfs.timetable.grid import Book
    from gtfs.timetable.read import MatrixArea
    from pipeline.findings import Finding

DAY = 86_400
Place = tuple[str, str, str]
"""File, sheet, cell."""
_PLACE = ["file", "sheet", "cell"]


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
    source = _source_times(areas, root, parts, result.findings)
    _compare_times(tables, provenance, source, result)
    compare_fares(parts, tables, result)
    compare_days(parts, tables, result)
    return result


# ---- times


def _source_times(
    areas: Iterable[MatrixArea], root: Path, parts: Parts, findings: list[Finding]
) -> pd.DataFrame:
    """Return file, sheet, cell and seconds of every cell that looks like a time, each once."""
    day_starts = _seconds(parts.feed.service_day_starts, ())
    assert day_starts is not None
    found: dict[Place, int] = {}
    readers: dict[str, SecondReader] = {}
    known: dict[object, int | None] = {}  # times repeat
    for area in areas:
        if area.file not in readers:
            readers[area.file] = SecondReader(root, area.file, area.encoding)
        values = readers[area.file].sheet(area.sheet)
        for row, column in sorted(area.cells):
            value = values.get((row, column))
            if value is None:
                continue
            place = (area.file, area.sheet, cell_name(row, column))
            if isinstance(value, str) and value.startswith("="):
                findings.append(place_finding("formula-without-value", place, value=value))
                continue
            if value not in known:
                known[value] = _seconds(value, parts.feed.marks)
            seconds = known[value]
            if seconds is not None:
                found[place] = seconds + (DAY if seconds < day_starts else 0)
    places = pd.DataFrame(list(found), columns=_PLACE, dtype=object)
    return places.assign(seconds=list(found.values()))


class SecondReader:
    """Reads a workbook again: .xlsx from its XML, other kinds by the reader of the build."""

    def __init__(self, root: Path, file: str, encoding: str) -> None:
        self._root, self._file, self._encoding = root, file, encoding
        self._sheets: dict[str, Mapping[tuple[int, int], object]] = {}

    def sheet(self, name: str) -> Mapping[tuple[int, int], object]:
        """Return the values of a sheet by zero-based row and column."""
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

    def _grid(self, name: str) -> Mapping[tuple[int, int], object]:
        rows = self._book.grid(name).rows
        return {(r, c): value for r, row in enumerate(rows) for c, value in enumerate(row)}


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
    tables: Tables, provenance: pd.DataFrame, source: pd.DataFrame, result: Reconciliation
) -> None:
    columns = ["trip_id", "stop_sequence", "arrival_time", "departure_time"]
    rows = tables["stop_times"][columns].merge(provenance, on=columns[:2], how="left")
    said = _said(rows).merge(source, on=_PLACE, how="left")
    said["wrong"] = (said["seconds"] != said["time"]).fillna(value=True).astype(bool)
    by_place = said.groupby(_PLACE, sort=False, as_index=False).agg(
        uses=("time", "size"), wrong=("wrong", "any")
    )
    cells = source.merge(by_place, on=_PLACE, how="left")
    uses, wrong = cells["uses"].fillna(0), cells["wrong"].fillna(value=False).astype(bool)
    result.stop_times = len(rows)
    result.stop_times_matched = len(rows) - said.loc[said["wrong"], "row"].nunique()
    result.time_cells = len(source)
    result.time_cells_matched = int(((uses == 1) & ~wrong).sum())
    for row in said[said["wrong"]].itertuples():
        place = (str(row.file), str(row.sheet), str(row.cell))
        finding = place_finding("stop-time-not-in-source", place, trip=row.trip_id)
        result.findings.append(finding)
    for code, chosen in (("time-not-in-feed", uses == 0), ("time-used-twice", uses > 1)):
        places = cells.loc[chosen, _PLACE].itertuples(index=False, name=None)
        result.findings += [place_finding(code, place) for place in places]


def _said(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the feed says each cell says: a line per cell of each stop_time."""
    shared = rows[["trip_id", "file", "sheet"]].assign(row=range(len(rows)))
    arrivals = shared.assign(cell=rows["arrival_cell"], time=rows["arrival_time"])
    departures = shared.assign(cell=rows["departure_cell"], time=rows["departure_time"])
    same = rows["arrival_cell"] == rows["departure_cell"]
    same &= rows["arrival_time"] == rows["departure_time"]
    return pd.concat([arrivals, departures[~same.to_numpy(dtype=bool)]], ignore_index=True)


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
