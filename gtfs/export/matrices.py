"""The trips of a feed as matrices: a sheet per route, a matrix per direction and pattern."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gtfs.notices import notice
from gtfs.timetable.grid import column_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openpyxl
    from openpyxl.worksheet.worksheet import Worksheet

    from gtfs.export.result import Exported
    from gtfs.feed.tables import Feed as Tables
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class SavedTrip:
    name: str
    route: str
    direction: int
    service: str
    calls: tuple[tuple[str, int, int], ...]


def saved_trips(
    feed: Tables, dates: dict[str, frozenset[dt.date]], findings: list[Finding]
) -> list[SavedTrip]:
    """Return the trips a workbook can hold; what it cannot is noted in `findings`."""
    booked = _trips_on_demand(feed)
    calls = _calls(feed, booked, findings)
    trips, left = [], []
    table = feed.table("trips", "direction_id", "trip_short_name").astype(object)
    for row in table.itertuples(index=False):
        if row.trip_id in booked:
            continue
        if row.service_id not in dates or len(calls[row.trip_id]) < 2:
            left.append(row.trip_id)
            continue
        direction = row.direction_id if isinstance(row.direction_id, int) else 0
        trips.append(
            SavedTrip(
                row.trip_id, row.route_id, direction, row.service_id, tuple(calls[row.trip_id])
            )
        )
    for code, some in (("export-on-demand", sorted(booked)), ("export-trip-left", left)):
        if some:
            findings.append(notice(code, file="trips.txt", value=some[0], count=len(some)))
    if not trips:
        findings.append(notice("export-empty", file="trips.txt"))
    return trips


def _trips_on_demand(feed: Tables) -> set[str]:
    times = feed.table("stop_times", "start_pickup_drop_off_window")
    return set(times.loc[times["start_pickup_drop_off_window"].notna(), "trip_id"])


def _calls(
    feed: Tables, booked: set[str], findings: list[Finding]
) -> dict[str, list[tuple[str, int, int]]]:
    times = feed["stop_times"].sort_values(["trip_id", "stop_sequence"])
    calls: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    untimed = 0
    columns = ["trip_id", "stop_id", "arrival_time", "departure_time"]
    for row in times[columns].astype(object).itertuples(index=False):
        known = [t for t in (row.arrival_time, row.departure_time) if isinstance(t, int)]
        if known:
            calls[row.trip_id].append((row.stop_id, known[0], known[-1]))
        untimed += not known and row.trip_id not in booked
    if untimed:
        findings.append(notice("export-untimed", file="stop_times.txt", count=untimed))
    return calls


def write_timetables(
    book: openpyxl.Workbook, trips: Sequence[SavedTrip], exported: Exported
) -> dict[str, list[dict[str, Any]]]:
    """Write a sheet per route and a matrix per direction, service and pattern."""
    groups: dict[str, dict[tuple[Any, ...], list[SavedTrip]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for trip in trips:
        waits = tuple(arrival != departure for _, arrival, departure in trip.calls)
        stops = tuple(stop for stop, _, _ in trip.calls)
        groups[trip.route][trip.direction, trip.service, stops, waits].append(trip)
    declared: dict[str, list[dict[str, Any]]] = {}
    for route, patterns in groups.items():
        title = exported.routes[route]
        sheet = book.create_sheet(title)
        row = 1
        declared[route] = []
        for (direction, service, stops, waits), members in patterns.items():
            members.sort(key=lambda t: t.calls[0][2])
            table, row = _write_matrix(sheet, row, stops, waits, members)
            table |= {
                "sheet": title,
                "direction": direction,
                "day_type": exported.services[service],
            }
            declared[route].append(table)
    return declared


def _write_matrix(
    sheet: Worksheet,
    row: int,
    stops: Sequence[str],
    waits: Sequence[bool],
    trips: Sequence[SavedTrip],
) -> tuple[dict[str, Any], int]:
    """Write one matrix from a row on; return its declaration and the row after it."""
    lines = [
        (i, kind) for i, wait in enumerate(waits) for kind in (("着", "発") if wait else ("",))
    ]
    for column, trip in enumerate(trips, start=3):
        sheet.cell(row, column, f"{column - 2}便")
        for offset, (i, kind) in enumerate(lines, start=1):
            _, arrival, departure = trip.calls[i]
            seconds = arrival if kind == "着" else departure
            cell = sheet.cell(row + offset, column, dt.timedelta(seconds=seconds))
            cell.number_format = "[h]:mm:ss" if seconds % 60 else "[h]:mm"
    for offset, (i, kind) in enumerate(lines, start=1):
        sheet.cell(row + offset, 1, stops[i])
        sheet.cell(row + offset, 2, kind or None)
    last = f"{column_name(1 + len(trips))}{row + len(lines)}"
    table = {"times": f"C{row + 1}:{last}", "stops": "A", "kinds": "B", "trip_names": str(row)}
    return table, row + len(lines) + 2
