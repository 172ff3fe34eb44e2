"""Every minute of the pole timetables held against the feed, and the other way round.

Hours, minutes, marks and run times are read again, from the cells and by expressions of their
own; each minute is one trip whose calls are its pattern's.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gtfs.notices import notice
from gtfs.reconcile.secondreader import DAY, is_pair, like, seconds_of_text
from gtfs.timetable.grid import COLUMNS, code_name, column_index, corners
from gtfs.timetable.trips import PoleTrip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from gtfs.build.parts import Parts
    from gtfs.feed.tables import Feed as Tables
    from gtfs.reconcile.result import Reconciliation
    from gtfs.reconcile.secondreader import SecondReader, SecondReaders
    from pipeline.config.feeds import Feed
    from pipeline.config.timetables import Pattern, Pole, Timetable

_MINUTE = re.compile(r"([^\d\s,、;/]*)\s*(\d+)分?([^\d\s,、;/]*)")
Call = tuple[str, int]
"""Stop and seconds from the departure at the pole."""


class _Said(NamedTuple):
    """What one minute of a pole says."""

    file: str
    sheet: str
    cell: int
    seconds: int
    day_type: str
    route: str
    marks: frozenset[str]
    calls: tuple[Call, ...]


def pole_trips(parts: Parts, tables: Tables) -> dict[str, PoleTrip]:
    """Return the trips that came from poles by their ids."""
    pairs = zip(tables["trips"]["trip_id"], parts.trips, strict=True)
    return {str(trip_id): trip for trip_id, trip in pairs if isinstance(trip, PoleTrip)}


def compare_poles(
    parts: Parts,
    stop_times: pd.DataFrame,
    provenance: pd.DataFrame,
    trips: Mapping[str, PoleTrip],
    readers: SecondReaders,
    result: Reconciliation,
) -> None:
    """Count the minutes of the poles and the trips of the feed, and those that agree."""
    expected: Counter[_Said] = Counter()
    for timetable in parts.feed.timetables:
        for pole in timetable.poles:
            reader = readers[timetable.file, timetable.encoding]
            expected.update(_departures(parts, timetable, pole, reader, result))
    found = Counter(_in_feed(stop_times, provenance, trips))
    agreed = expected & found
    calls = {said: len(said.calls) for said in (*expected, *found)}
    result.time_cells += expected.total()
    result.time_cells_matched += agreed.total()
    result.stop_times += sum(calls[said] * n for said, n in found.items())
    result.stop_times_matched += sum(calls[said] * n for said, n in agreed.items())
    for code, left in (
        ("time-not-in-feed", expected - found),
        ("stop-time-not-in-source", found - expected),
    ):
        for said in left:
            place = {"file": said.file, "sheet": said.sheet, "cell": code_name(said.cell)}
            result.findings.append(notice(code, trip=said.route, **place))


def _in_feed(
    stop_times: pd.DataFrame, provenance: pd.DataFrame, trips: Mapping[str, PoleTrip]
) -> Iterator[_Said]:
    cells = provenance.groupby("trip_id", sort=False)["departure_cell"].first()
    rows = stop_times[stop_times["trip_id"].isin(trips)].sort_values(["trip_id", "stop_sequence"])
    for trip_id, calls in rows.groupby("trip_id", sort=False):
        trip = trips[str(trip_id)]
        times = [int(t) for t in calls["departure_time"]]
        at = times[trip.at]
        yield _Said(
            trip.file,
            trip.sheet,
            int(cells[trip_id]),
            at,
            trip.day_type,
            trip.route,
            frozenset(trip.marks),
            tuple((str(s), t - at) for s, t in zip(calls["stop_id"], times, strict=True)),
        )


def _departures(
    parts: Parts,
    timetable: Timetable,
    pole: Pole,
    reader: SecondReader,
    result: Reconciliation,
) -> Iterator[_Said]:
    sheet = reader.name(pole.sheet)
    day_starts = seconds_of_text(parts.feed.service_day_starts) or 0
    courses = {
        name: _course(parts, timetable.patterns[name], pole, reader)
        for name in {pole.pattern, *pole.pattern_by_mark.values()}
    }
    known = sorted({*parts.feed.marks, *pole.pattern_by_mark}, key=len, reverse=True)
    for cell, hour, value in _cells(reader.sheet(sheet), pole):
        if isinstance(value, str) and value.startswith("="):
            place = {"file": timetable.file, "sheet": sheet, "cell": code_name(cell)}
            result.findings.append(notice("formula-without-value", value=value, **place))
            continue
        text = like(_text(value))
        text = text if len(re.findall(r"\d+", text)) > 1 else re.sub(r"\s", "", text)
        for before, minute, after in _MINUTE.findall(text):
            seconds = hour + int(minute) * 60
            marks = _marks(before + "\0" + after, known)
            patterns = [pole.pattern_by_mark[m] for m in marks if m in pole.pattern_by_mark]
            yield _Said(
                timetable.file,
                sheet,
                cell,
                seconds + DAY if seconds < day_starts else seconds,
                pole.day_type,
                pole.route or timetable.route,
                frozenset(_of_trips(parts.feed, marks)),
                courses[patterns[0] if patterns else pole.pattern],
            )


def _cells(values: Mapping[int, object], pole: Pole) -> Iterator[tuple[int, int, object]]:
    """Yield every filled cell of minutes with its number and the seconds of its hour."""
    row, column, last_row, last_column = corners(pole.minutes)
    end = max((code // COLUMNS for code in values), default=0) if last_row is None else last_row
    width = max((code % COLUMNS for code in values), default=0)
    rows, columns = range(row, end + 1), range(column, (last_column or width) + 1)
    down = not pole.hours.isdigit()
    line = column_index(pole.hours) if down else int(pole.hours) - 1
    hour = 0
    for one in rows if down else columns:
        said = _text(values.get(one * COLUMNS + line if down else line * COLUMNS + one))
        seconds = seconds_of_text(f"{said.strip().removesuffix('時')}:00") if said else hour
        hour = hour if seconds is None else seconds
        for other in columns if down else rows:
            cell = one * COLUMNS + other if down else other * COLUMNS + one
            if values.get(cell) not in (None, ""):
                yield cell, hour, values[cell]


def _text(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, int | float) else str(value or "")


def _marks(around: str, known: Iterable[str]) -> list[str]:
    """Return the known marks around a minute."""
    found = []
    for mark in known:
        text = like(mark)
        parts = text if is_pair(text) else (text,)
        if all(part in around for part in parts):
            found.append(mark)
            for part in parts:
                around = around.replace(part, "", 1)
    return found


def _of_trips(feed: Feed, marks: Iterable[str]) -> list[str]:
    return [m for m in marks if m in feed.marks and feed.marks[m].calls is None]


def _course(parts: Parts, pattern: Pattern, pole: Pole, reader: SecondReader) -> tuple[Call, ...]:
    """Return stops and seconds of a pattern, from the departure at the pole."""
    calls = [(_stop(parts, c.stop, c.pole), c.minutes) for c in pattern.calls]
    if pattern.minutes and pattern.stops:
        values = reader.sheet(reader.name(pattern.sheet))
        row, column, last_row, last_column = corners(pattern.minutes)
        for code in sorted(values):
            inside = row <= code // COLUMNS <= (code if last_row is None else last_row)
            inside &= column <= code % COLUMNS <= (COLUMNS if last_column is None else last_column)
            if inside and _text(values[code]).strip():
                named = _name_of(pattern.stops, code)
                name = str(values.get(named, "")).strip()
                calls.append((_stop(parts, name, ""), int(_text(values[code]))))
    here = _stop(parts, pole.stop, pole.pole)
    at = next((minutes for stop, minutes in calls if stop == here), 0)
    return tuple((stop, (minutes - at) * 60) for stop, minutes in calls)


def _name_of(line: str, code: int) -> int:
    if line.isdigit():
        return (int(line) - 1) * COLUMNS + code % COLUMNS
    return code // COLUMNS * COLUMNS + column_index(line)


def _stop(parts: Parts, name: str, pole: str) -> str:
    found = parts.stops.resolve(name, pole)
    return found if isinstance(found, str) else name
