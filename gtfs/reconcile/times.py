"""Every time of the workbooks held against the feed, and the other way round."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from gtfs.reconcile.places import NOWHERE, Places
from gtfs.reconcile.rawbook import Remembered
from gtfs.reconcile.result import Reconciliation, place_finding
from gtfs.reconcile.secondreader import DAY, SecondReaders, seconds_of, seconds_of_text, text_of_two
from gtfs.timetable.grid import code_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from gtfs.build.parts import Parts
    from gtfs.reconcile.places import Place
    from gtfs.timetable.read import MatrixArea
    from gtfs.timetable.trips import Integers
    from pipeline.findings import Finding

NO_TIME, FORMULA = -1, -2
"""Seconds of what holds no time, and of a formula whose result was never stored."""


def compare_times(
    parts: Parts,
    stop_times: pd.DataFrame,
    provenance: pd.DataFrame,
    areas: Iterable[MatrixArea],
    readers: SecondReaders,
    result: Reconciliation,
) -> None:
    """Count the times of the areas and of the feed, and those that agree."""
    places = Places()
    areas = list(areas)
    source = _source_times(areas, readers, parts, places, result.findings)
    rows = _with_cells(stop_times, provenance)
    row, place, time = _said(rows, places)
    cells = np.array(sorted(source), dtype=np.int64)
    seconds = np.array([source[cell] for cell in cells.tolist()], dtype=np.int64)
    at = np.searchsorted(cells, place)
    known = np.append(cells, NOWHERE - 1)[at] == place
    wrong = ~known | (np.append(seconds, NO_TIME - 1)[at] != time)
    uses = np.bincount(at[known], minlength=len(cells))
    due = _uses_due(areas, places, cells)
    is_wrong = np.bincount(at[known & wrong], minlength=len(cells)) > 0
    result.stop_times = len(rows)
    result.stop_times_matched = len(rows) - len(np.unique(row[wrong]))
    result.time_cells = len(cells)
    result.time_cells_matched = int(((uses == due) & ~is_wrong).sum())
    for i in np.flatnonzero(wrong):
        trip = rows["trip_id"].iloc[row[i]]
        finding = place_finding("stop-time-not-in-source", places.name(place[i]), trip=trip)
        result.findings.append(finding)
    result.findings += [
        place_finding("time-not-in-feed", places.name(cell)) for cell in cells[uses < due]
    ]
    result.findings += _used_twice([places.name(cell) for cell in cells[uses > due]])


def _used_twice(found: list[Place]) -> list[Finding]:
    """Return a finding per sheet: areas that overlap do so in many cells."""
    sheets = Counter((file, sheet) for file, sheet, _ in found)
    first = {place[:2]: place for place in reversed(found)}
    return [
        place_finding("time-used-twice", first[sheet], count=count)
        for sheet, count in sheets.items()
    ]


def _uses_due(areas: Iterable[MatrixArea], places: Places, cells: Integers) -> Integers:
    """Return how often each cell is to be used: once by every revision that declares it."""
    by_sheet: dict[int, dict[str, list[Integers]]] = defaultdict(lambda: defaultdict(list))
    for area in areas:
        first = places.first(area.file, area.sheet)
        by_sheet[first][area.valid].append(first + area.cells)
    due = np.ones(len(cells), dtype=np.int64)
    for revisions in by_sheet.values():
        if len(revisions) > 1:
            own = [np.isin(cells, np.concatenate(used)) for used in revisions.values()]
            due = np.maximum(due, np.sum(own, axis=0))
    return due


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


def _source_times(
    areas: Iterable[MatrixArea],
    readers: SecondReaders,
    parts: Parts,
    places: Places,
    findings: list[Finding],
) -> dict[int, int]:
    """Return the seconds of every cell that looks like a time, by its place, each once."""
    day_starts = seconds_of_text(parts.feed.service_day_starts) or 0

    def read(value: object) -> int:
        if isinstance(value, str) and value.startswith("="):
            return FORMULA
        seconds = seconds_of(value, parts.feed.marks)
        if seconds is None:
            return NO_TIME
        return seconds if seconds >= day_starts else seconds + DAY

    found: dict[int, int] = {}
    known = Remembered(read)  # times repeat
    for area in areas:
        values = readers[area.file, area.encoding].sheet(area.sheet)
        first = places.first(area.file, area.sheet)
        said = _said_in_two(area, values) if area.hours is not None else values
        for cell in area.cells.tolist():
            seconds = known[said.get(cell)]
            if seconds >= 0:
                found[first + cell] = seconds
            elif seconds == FORMULA:
                place = (area.file, area.sheet, code_name(cell))
                findings.append(place_finding("formula-without-value", place, value=values[cell]))
    return found


def _said_in_two(area: MatrixArea, values: Mapping[int, object]) -> dict[int, object]:
    """Return what the minutes of an area say together with the hours beside them."""
    assert area.hours is not None
    said: dict[int, object] = {}
    for number, minutes in enumerate(area.cells.reshape(len(area.hours), -1)):
        said_hour: object = None
        trip_hours: list[int] = area.hours[number].tolist()
        for at_hour, at_minute in zip(trip_hours, minutes.tolist(), strict=True):
            hour = values.get(at_hour)
            said_hour = hour if any(map(str.isdigit, str(hour))) else said_hour
            minute = values.get(at_minute)
            formula = isinstance(minute, str) and minute.startswith("=")
            said[at_minute] = minute if formula else text_of_two(said_hour, minute)
    return said


def formulas_without_value(areas: Iterable[MatrixArea], readers: SecondReaders) -> list[Finding]:
    """Return a finding per formula whose result was never stored: to the build it is a blank."""
    findings = []
    for area in areas:
        values = readers[area.file, area.encoding].sheet(area.sheet)
        for cell in area.cells.tolist():
            value = values.get(cell)
            if isinstance(value, str) and value.startswith("="):
                place = (area.file, area.sheet, code_name(cell))
                findings.append(place_finding("formula-without-value", place, value=value))
    return findings
