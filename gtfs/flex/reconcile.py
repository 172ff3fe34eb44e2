"""A Flex feed held against its sources: every window, every fare, every day."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from gtfs.reconcile.days import compare_days
from gtfs.reconcile.fares import compare_fares
from gtfs.reconcile.result import Reconciliation, place_finding
from gtfs.reconcile.secondreader import DAY, SecondReaders, seconds_of_text
from gtfs.timetable.grid import code_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd

    from gtfs.build.parts import Parts
    from gtfs.feed.tables import Feed as Tables
    from gtfs.reconcile.places import Place
    from gtfs.timetable.read import MatrixArea

Span = tuple[int, int]
"""Start and end in seconds of the service day."""


def reconcile_demand(
    parts: Parts, tables: Tables, origins: pd.DataFrame, areas: Iterable[MatrixArea], root: Path
) -> Reconciliation:
    """Compare a finished Flex feed with its sources; every difference is an error.

    A cell is matched when the feed lets passengers board or leave at its stop in exactly its
    window on the trip of its column.
    """
    result = Reconciliation()
    readers = SecondReaders(root)
    source = _source_windows(areas, readers, parts)
    _compare_windows(tables, origins, source, result)
    compare_fares(parts, tables, readers, result)
    compare_days(parts, tables, result)
    return result


def _source_windows(
    areas: Iterable[MatrixArea], readers: SecondReaders, parts: Parts
) -> dict[Place, Span]:
    day_starts = seconds_of_text(parts.feed.service_day_starts) or 0
    found: dict[Place, Span] = {}
    for area in areas:
        values = readers[area.file, area.encoding].sheet(area.sheet)
        for cell in area.cells.tolist():
            times = _times(values.get(cell))
            moved = [t + DAY if t < day_starts else t for t in times]
            if moved:
                place = (area.file, area.sheet, code_name(cell))
                found[place] = (moved[0], moved[-1])
    return found


def _times(value: object) -> list[int]:
    """Return the clock times in a cell; written apart from the build on purpose."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value or "")))
    found = (seconds_of_text(word) for word in re.findall(r"\d{1,2}[:時]\d\d", text))
    return [time for time in found if time is not None]


def _compare_windows(
    tables: Tables, origins: pd.DataFrame, source: Mapping[Place, Span], result: Reconciliation
) -> None:
    offered = _offered(tables)
    said: dict[Place, int] = defaultdict(int)
    wrong: set[Place] = set()
    for row in origins.itertuples(index=False):
        place = (row.file, row.sheet, row.cell)
        said[place] += 1
        span = source.get(place)
        if span is None or span not in offered.get((row.trip_id, row.stop_id), set()):
            wrong.add(place)
            result.findings.append(
                place_finding("stop-time-not-in-source", place, trip=row.trip_id)
            )
    result.time_cells = len(source)
    result.time_cells_matched = sum(said[p] == 1 and p not in wrong for p in source)
    result.stop_times = len(origins)
    result.stop_times_matched = len(origins) - len(wrong)
    result.findings += [place_finding("time-not-in-feed", p) for p in source if not said[p]]
    result.findings += [place_finding("time-used-twice", p) for p in source if said[p] > 1]


def _offered(tables: Tables) -> dict[tuple[str, str], set[Span]]:
    """Return when each trip of the feed serves each stop, groups taken apart."""
    members: dict[str, list[str]] = defaultdict(list)
    groups = tables.table("location_group_stops", "location_group_id", "stop_id")
    for row in groups.itertuples(index=False):
        members[row.location_group_id].append(row.stop_id)
    columns = (
        "trip_id",
        "stop_id",
        "location_group_id",
        "arrival_time",
        "departure_time",
        "start_pickup_drop_off_window",
        "end_pickup_drop_off_window",
    )
    offered: dict[tuple[str, str], set[Span]] = defaultdict(set)
    for row in tables.table("stop_times", *columns).itertuples(index=False):
        span = (row.start_pickup_drop_off_window, row.end_pickup_drop_off_window)
        if row.stop_id:
            offered[row.trip_id, row.stop_id].add((row.arrival_time, row.departure_time))
        for stop in members.get(row.location_group_id, []):
            offered[row.trip_id, stop].add(span)
    return offered
