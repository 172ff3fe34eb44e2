"""A declared demand-responsive service into the tables of a feed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.build.japan import Translations
from gtfs.build.rows import (
    Row,
    agency_row,
    attribution_rows,
    feed_info_row,
    route_row,
    stop_rows,
    switched_rows,
    trip_rows,
)
from gtfs.days.calendar import calendar_tables
from gtfs.errors import TimetableUnreadable
from gtfs.fares.rules import attribute_rows, rule_rows
from gtfs.feed.columns import clock
from gtfs.feed.tables import Feed as Tables
from gtfs.flex.windows import DemandTrip, Place, Window, WindowMatrix
from gtfs.flex.zones import area_id, locations, read_zone
from gtfs.notices import notice
from gtfs.timetable.clock import CellReader, after_midnight, clock_seconds
from gtfs.timetable.grid import open_book
from gtfs.timetable.read import MatrixArea

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import shapely

    from gtfs.build.parts import Parts
    from gtfs.stops.poles import StopLedger
    from pipeline.config.demand import BookingRule, Demand, DemandTable
    from pipeline.config.feeds import Feed
    from pipeline.findings import Finding

BOOK_BY_PHONE, NOT_AVAILABLE = 2, 1
"""Values of pickup_type and drop_off_type."""
_BOOKING_TYPES = {"none": 0, "minutes": 1, "days": 2}


@dataclass(slots=True)
class DemandRead:
    """What the files of a demand-responsive service say."""

    trips: list[DemandTrip] = field(default_factory=list)
    shapes: dict[str, shapely.Geometry] = field(default_factory=dict)
    areas: list[MatrixArea] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


def read_demand(feed: Feed, root: Path, stops: StopLedger) -> DemandRead:
    """Read windows and zones; what cannot be read is one finding each."""
    found = DemandRead()
    assert feed.demand is not None
    day_starts = clock_seconds(feed.service_day_starts) or 0
    for table in feed.demand.tables:
        try:
            _read_table(table, root, stops, day_starts, found)
        except TimetableUnreadable as unreadable:
            found.findings.append(unreadable.finding)
    for name, zone in feed.demand.zones.items():
        try:
            found.shapes[name] = read_zone(zone, root, found.findings)
        except TimetableUnreadable as unreadable:
            found.findings.append(unreadable.finding)
        found.sources.append(zone.file)
    found.trips += _zone_trips(feed.demand, day_starts)
    found.findings += _check(found, stops)
    return found


def _read_table(
    table: DemandTable, root: Path, stops: StopLedger, day_starts: int, found: DemandRead
) -> None:
    book = open_book(root, table.file, encoding=table.encoding)
    found.sources.append(table.file)
    found.findings += book.findings
    matrix = WindowMatrix(
        grid=book.grid(table.sheet),
        table=table,
        demand=table,
        reader=CellReader(),
        resolve=stops.resolve,
        day_starts=day_starts,
    )
    found.trips += matrix.trips
    found.findings += matrix.findings
    found.areas.append(MatrixArea(book.file, matrix.grid.sheet, table.encoding, matrix.cells))


def _zone_trips(demand: Demand, day_starts: int) -> list[DemandTrip]:
    """Return a trip per window."""
    trips = []
    for service in demand.services:
        for window in service.windows:
            start, end = (
                after_midnight(clock_seconds(t) or 0, day_starts)
                for t in (window.start, window.end)
            )
            place = Place(Window(start, end), (), tuple(service.zones))
            trips.append(
                DemandTrip(
                    file="",
                    sheet="",
                    cell="",
                    name="",
                    route=service.route,
                    direction=0,
                    headsign=service.headsign,
                    day_type=service.day_type,
                    marks=(),
                    valid=None,
                    places=(place,),
                    booking=service.booking,
                )
            )
    return trips


def build_demand(parts: Parts, read: DemandRead) -> tuple[Tables, pd.DataFrame]:
    """Put the tables of a Flex feed together.

    Returns
    -------
    tables, origins
        `origins` says of every window at a stop where it stands: trip_id, stop_id, file, sheet,
        cell.
    """
    words = Translations()
    trips, ids = trip_rows(parts, read.trips, words, [""] * len(read.trips))
    groups: dict[tuple[str, ...], str] = {}
    stop_times = [
        row
        for trip, trip_id in zip(read.trips, ids, strict=True)
        for row in _stop_times(trip, trip_id, groups)
    ]
    used = {stop for trip in read.trips for place in trip.places for stop in place.stops}
    calendar, calendar_dates = calendar_tables(parts.services, parts.regular)
    rows: dict[str, list[Row]] = {
        "agency": [agency_row(parts, words)],
        "stops": stop_rows(parts, used, words),
        "routes": [route_row(parts, i, r, words) for i, r in sorted(parts.feed.routes.items())],
        "trips": [{k: v for k, v in row.items() if k != "shape_id"} for row in trips],
        "stop_times": stop_times,
        "booking_rules": _booking_rows(parts),
        "location_groups": _group_rows(parts, groups),
        "location_group_stops": [
            {"location_group_id": group, "stop_id": stop}
            for stops, group in groups.items()
            for stop in stops
        ],
        "fare_attributes": attribute_rows(parts.fares, parts.feed.operator.id),
        "fare_rules": rule_rows(parts.fares),
        "feed_info": [feed_info_row(parts, words)],
        "attributions": attribution_rows(parts),
    }
    rows |= switched_rows(parts, rows["stops"])
    rows["translations"] = words.rows
    tables: dict[str, pd.DataFrame] = {"calendar": calendar, "calendar_dates": calendar_dates}
    tables |= {name: pd.DataFrame(table) for name, table in rows.items() if table}
    demand = parts.feed.demand
    assert demand is not None
    areas = locations(demand.services, demand.zones, read.shapes) if demand.services else None
    return Tables(tables, locations=areas), _origins(read.trips, ids)


def _check(read: DemandRead, stops: StopLedger) -> list[Finding]:
    """Return what makes a Flex feed wrong though every cell can be read."""
    findings = [notice("flex-id-clash", value=zone) for zone in read.shapes if zone in stops.stops]
    for trip in read.trips:
        start, end = trip.places[0].window
        if trip.places[0].zones and end <= start:
            findings.append(notice("window-backwards", field=trip.route, value=_clock(start)))
    return findings


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}"


def _stop_times(trip: DemandTrip, trip_id: str, groups: dict[tuple[str, ...], str]) -> list[Row]:
    """Return the rows of a trip.

    Travel inside one group or area takes it twice: first to get on, then to get off. Windows that
    follow each other need each place once.
    """
    places = [(_where(place, trip, groups), place.window) for place in trip.places]
    if len(places) == 1:
        places *= 2
    last = len(places) - 1
    visits = [(where, window, i < last, i > 0) for i, (where, window) in enumerate(places)]
    return [_stop_time(trip, trip_id, i, *visit) for i, visit in enumerate(visits, start=1)]


def _stop_time(
    trip: DemandTrip, trip_id: str, sequence: int, where: Row, window: Window, on: bool, off: bool
) -> Row:
    fixed = window.start == window.end
    times = (
        ("arrival_time", "departure_time")
        if fixed
        else ("start_pickup_drop_off_window", "end_pickup_drop_off_window")
    )
    return (
        where
        | dict(zip(times, window, strict=True))
        | {
            "trip_id": trip_id,
            "stop_sequence": sequence,
            "pickup_type": BOOK_BY_PHONE if on else NOT_AVAILABLE,
            "drop_off_type": BOOK_BY_PHONE if off else NOT_AVAILABLE,
            "pickup_booking_rule_id": trip.booking if on else "",
            "drop_off_booking_rule_id": trip.booking if off else "",
        }
    )


def _where(place: Place, trip: DemandTrip, groups: dict[tuple[str, ...], str]) -> Row:
    if place.zones:
        return {"location_id": area_id(trip.route, place.zones)}
    if len(place.stops) == 1 and place.fixed:
        return {"stop_id": place.stops[0]}
    stops = tuple(sorted(place.stops))
    digest = hashlib.blake2s("\n".join(stops).encode(), digest_size=4).hexdigest()
    return {"location_group_id": groups.setdefault(stops, f"group_{trip.route}_{digest}")}


def _group_rows(parts: Parts, groups: dict[tuple[str, ...], str]) -> list[Row]:
    """Return the groups, named after their first stop."""
    rows = []
    for stops, group in groups.items():
        first = parts.stops.stops[stops[0]].name
        more = f" ほか {len(stops) - 1} か所" if len(stops) > 1 else ""
        rows.append({"location_group_id": group, "location_group_name": first + more})
    return rows


def _booking_rows(parts: Parts) -> list[Row]:
    """Return the rules; translations know no such table, so both languages share the field."""
    demand = parts.feed.demand
    assert demand is not None
    rows = []
    for name, rule in sorted(demand.booking.items()):
        message = rule.message or rule.title
        rows.append(
            {
                "booking_rule_id": name,
                "booking_type": _BOOKING_TYPES[rule.notice],
                "prior_notice_duration_min": rule.minutes,
                "prior_notice_last_day": rule.days,
                "prior_notice_last_time": _gtfs_time(rule.until),
                "message": " / ".join(filter(None, (message.ja, message.en))),
                "phone_number": rule.phone,
                "info_url": rule.url,
                "booking_url": rule.booking_url,
            }
            | _opening(rule)
        )
    return rows


def _opening(rule: BookingRule) -> Row:
    if rule.opens_days is None or rule.notice == "none":
        return {}
    return {
        "prior_notice_start_day": rule.opens_days,
        "prior_notice_start_time": _gtfs_time(rule.opens_at),
    }


def _gtfs_time(text: str | None) -> str:
    return "" if text is None else clock(clock_seconds(text) or 0)


def _origins(trips: Sequence[DemandTrip], ids: Iterable[str]) -> pd.DataFrame:
    rows = [
        (trip_id, stop, trip.file, trip.sheet, cell)
        for trip, trip_id in zip(trips, ids, strict=True)
        for place in trip.places
        for stop, cell in zip(place.stops, place.cells, strict=False)
    ]
    return pd.DataFrame(rows, columns=["trip_id", "stop_id", "file", "sheet", "cell"])
