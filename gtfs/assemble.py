"""Trips, stops, days and fares into the tables of GTFS."""

from __future__ import annotations

import re
import string
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gtfs.calendar import calendar_tables
from gtfs.fares import attribute_rows, category_text, fares_v2, rule_rows
from gtfs.japan import Translations, legacy_tables
from gtfs.notices import notice
from gtfs.shapes import FAR_OFF_ROUTE_M, OFF_ROUTE_M, Shape, cut, shape_id
from gtfs.tables import Feed as Tables

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from gtfs.build import Publisher
    from gtfs.daytypes import Days
    from gtfs.fares import Fares
    from gtfs.shapes import Floats
    from gtfs.stops import StopLedger
    from gtfs.timetable.trips import SourceTrip
    from pipeline.config.feed_parts import Route
    from pipeline.config.feeds import Feed
    from pipeline.findings import Finding

ROUTE_TYPES = {
    "tram": 0,
    "subway": 1,
    "rail": 2,
    "bus": 3,
    "ferry": 4,
    "cable_tram": 5,
    "aerial_lift": 6,
    "funicular": 7,
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a feed is put together from.

    Attributes
    ----------
    lines
        Longitude and latitude of the line of each route that has one.
    """

    name: str
    feed: Feed
    publisher: Publisher
    days: Days
    stops: StopLedger
    trips: Sequence[SourceTrip]
    fares: Fares
    lines: Mapping[str, Floats]

    def rules(self, trip: SourceTrip) -> list[str]:
        """Return the footnote marks of a trip that change its days."""
        return [m for m in trip.marks if not self.feed.marks[m].note]

    def service_id(self, trip: SourceTrip) -> str:
        """Return the ASCII id of the service of a trip: what decides its days, in words."""
        words = [trip.day_type]
        for mark in (self.feed.marks[m] for m in self.rules(trip)):
            words += ["only", *mark.only] if mark.only else []
            words += ["not", *mark.but_not] if mark.but_not else []
        if trip.valid:
            words.append(f"from_{trip.valid.start:%Y%m%d}")
        return "_".join(words)

    def service_dates(self, trip: SourceTrip) -> frozenset[dt.date]:
        """Return the dates of the service of a trip."""
        marks = [self.feed.marks[m] for m in self.rules(trip)]
        return self.days.dates(self.feed.day_types[trip.day_type], marks, trip.valid)


def assemble(parts: Parts) -> tuple[Tables, pd.DataFrame, list[Finding]]:
    """Put the tables of a feed together.

    Returns
    -------
    tables, provenance, findings
        `provenance` has a row per stop_time: trip_id, stop_sequence, file, sheet, arrival_cell,
        departure_cell.
    """
    findings: list[Finding] = []
    services = _services(parts, findings)
    running = [t for t in parts.trips if parts.service_id(t) in services]
    calendar, calendar_dates = calendar_tables(services)
    shapes = _shapes(parts, running, findings)
    words = Translations()
    trips, ids = _trips(parts, running, words)
    stop_times, provenance = _stop_times(running, ids, shapes)
    tables: dict[str, pd.DataFrame] = {
        "calendar": calendar,
        "calendar_dates": calendar_dates,
        "stop_times": stop_times,
        "shapes": _shape_table(shapes.values()),
    }
    rows: dict[str, list[Row]] = {
        "agency": [_agency(parts, words)],
        "stops": _stops(parts, running, words),
        "routes": [_route(parts, i, r, words) for i, r in sorted(parts.feed.routes.items())],
        "trips": trips,
        "fare_attributes": attribute_rows(parts.fares, parts.feed.operator.id),
        "fare_rules": rule_rows(parts.fares),
        "feed_info": [_feed_info(parts, words)],
        "attributions": _attributions(parts),
    }
    rows |= _switched(parts)
    rows["translations"] = words.rows
    tables |= {name: pd.DataFrame(table) for name, table in rows.items() if table}
    return Tables(tables), provenance, findings


def _services(parts: Parts, findings: list[Finding]) -> dict[str, frozenset[dt.date]]:
    services: dict[str, frozenset[dt.date]] = {}
    for trip in parts.trips:
        service = parts.service_id(trip)
        if service in services:
            continue
        services[service] = parts.service_dates(trip)
        if not services[service]:
            findings.append(
                notice(
                    "service-never-runs",
                    file=trip.file,
                    sheet=trip.sheet,
                    cell=trip.cell,
                    value=parts.feed.day_types[trip.day_type].title.ja,
                )
            )
    return {service: dates for service, dates in services.items() if dates}


def _switched(parts: Parts) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    if parts.feed.profile == "jp3":
        rows |= legacy_tables(parts.feed, f"{parts.feed.period.start:%Y%m%d}")
    if parts.feed.fares_v2:
        titles = {route_id: route.title.ja for route_id, route in parts.feed.routes.items()}
        rows |= fares_v2(parts.fares, titles)
    return rows


def _agency(parts: Parts, words: Translations) -> Row:
    operator = parts.feed.operator
    words.add(
        "agency", "agency_name", operator.id, reading=operator.reading, english=operator.name.en
    )
    return {
        "agency_id": operator.id,
        "agency_name": operator.name.ja,
        "agency_url": operator.url,
        "agency_timezone": "Asia/Tokyo",
        "agency_lang": "ja",
        "agency_phone": operator.phone,
        "agency_fare_url": operator.fare_url,
        "agency_email": operator.email,
    }


def _stops(parts: Parts, trips: Sequence[SourceTrip], words: Translations) -> list[Row]:
    used = {call.stop_id for trip in trips for call in trip.calls}
    used |= {parts.stops.stops[s].parent for s in used} - {""}
    rows: list[Row] = []
    for stop in (parts.stops.stops[s] for s in sorted(used)):
        words.add("stops", "stop_name", stop.id, reading=stop.reading, english=stop.english)
        rows.append(
            {
                "stop_id": stop.id,
                "stop_code": stop.code if stop.code != stop.id else "",
                "stop_name": stop.name,
                "stop_desc": stop.description,
                "stop_lat": stop.lat,
                "stop_lon": stop.lon,
                "zone_id": _zone(parts, stop.id),
                "location_type": stop.location_type,
                "parent_station": stop.parent,
                "wheelchair_boarding": stop.wheelchair,
                "platform_code": stop.platform,
            }
        )
    return rows


def _zone(parts: Parts, stop_id: str) -> str:
    """Return the fare zone of a stop: the fares decide, then the ledger, then the stop itself."""
    stop = parts.stops.stops[stop_id]
    if stop.location_type == 1:
        return ""
    return parts.fares.zones.get(stop_id, stop.zone or stop_id)


def _route(parts: Parts, route_id: str, route: Route, words: Translations) -> Row:
    others = [c for c in parts.fares.categories if c.route == route_id]
    described = [route.description.ja] if route.description else []
    described_en = [route.description.en] if route.description and route.description.en else []
    words.add("routes", "route_long_name", route_id, reading=route.reading, english=route.title.en)
    english = ". ".join([*described_en, category_text(others, "en")]).strip(". ")
    words.add("routes", "route_desc", route_id, english=english)
    return {
        "route_id": route_id,
        "agency_id": parts.feed.operator.id,
        "route_short_name": route.short,
        "route_long_name": route.title.ja,
        "route_desc": "。".join([*described, category_text(others, "ja")]).strip("。"),
        "route_type": ROUTE_TYPES[route.mode or parts.feed.mode],
        "route_url": route.url,
        "route_color": route.color or "",
        "route_text_color": route.text_color or "",
    }


def _trips(
    parts: Parts, trips: Sequence[SourceTrip], words: Translations
) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    ids = _trip_ids(parts, trips)
    for trip, trip_id in zip(trips, ids, strict=True):
        last = parts.stops.stops[trip.calls[-1].stop_id]
        headsign = trip.headsign.ja if trip.headsign else last.name
        if trip.headsign:
            words.add_text("trips", "trip_headsign", trip_id, trip.headsign)
        else:
            words.add("trips", "trip_headsign", trip_id, reading=last.reading, english=last.english)
        bicycles = parts.feed.routes[trip.route].bicycles
        described = {
            "jp_trip_desc": "、".join(parts.feed.marks[m].title.ja for m in trip.marks),
            "jp_trip_desc_symbol": "".join(trip.marks),
        }
        rows.append(
            {
                "route_id": trip.route,
                "service_id": parts.service_id(trip),
                "trip_id": trip_id,
                "trip_headsign": headsign,
                "trip_short_name": trip.name,
                "direction_id": trip.direction,
                "shape_id": shape_id(trip.route, trip.direction, [c.stop_id for c in trip.calls]),
                "bikes_allowed": 0 if bicycles is None else 2 - bicycles,
            }
            | (described if parts.feed.marks else {})
        )
    return rows, ids


def _trip_ids(parts: Parts, trips: Sequence[SourceTrip]) -> list[str]:
    """Return ids that say what the trip is, so that an unchanged trip keeps its id.

    Route, direction, service and first departure; trips that agree in all four are told apart by
    a letter in the order of the timetable.
    """
    bases = [
        f"{t.route}_{t.direction}_{parts.service_id(t)}_{_hhmm(t.calls[0].departure)}"
        for t in trips
    ]
    total, seen = Counter(bases), Counter[str]()
    ids = []
    for base in bases:
        suffix = string.ascii_lowercase[seen[base] % 26] + str(seen[base] // 26 or "")
        ids.append(base if total[base] == 1 else f"{base}_{suffix}")
        seen[base] += 1
    return ids


def _hhmm(seconds: int) -> str:
    return f"{seconds // 3600:02d}{seconds % 3600 // 60:02d}"


def _stop_times(
    trips: Sequence[SourceTrip], ids: list[str], shapes: Mapping[str, Shape]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lengths = np.array([len(t.calls) for t in trips], dtype=np.int64)
    calls = [call for trip in trips for call in trip.calls]
    columns = list(zip(*calls, strict=True)) or [()] * 5
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    sequence = np.arange(len(calls)) - np.repeat(first, lengths)
    is_last = np.zeros(len(calls), dtype=np.int64)
    is_last[first + lengths - 1] = 1
    keys = [shape_id(t.route, t.direction, [c.stop_id for c in t.calls]) for t in trips]
    trip_ids = np.repeat(np.array(ids, dtype=object), lengths)
    stop_times = pd.DataFrame(
        {
            "trip_id": trip_ids,
            "arrival_time": columns[1],
            "departure_time": columns[2],
            "stop_id": columns[0],
            "stop_sequence": sequence + 1,
            "pickup_type": is_last,
            "drop_off_type": (sequence == 0).astype(np.int64),
            "shape_dist_traveled": np.concatenate([shapes[k].stop_distances for k in keys]),
            "timepoint": 1,
        }
    )
    provenance = pd.DataFrame(
        {
            "trip_id": trip_ids,
            "stop_sequence": sequence + 1,
            "file": np.repeat(np.array([t.file for t in trips], dtype=object), lengths),
            "sheet": np.repeat(np.array([t.sheet for t in trips], dtype=object), lengths),
            "arrival_cell": columns[3],
            "departure_cell": columns[4],
        }
    )
    return stop_times, provenance


def _shapes(parts: Parts, trips: Sequence[SourceTrip], findings: list[Finding]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    reported: set[tuple[str, str]] = set()
    for trip in trips:
        stop_ids = [call.stop_id for call in trip.calls]
        key = shape_id(trip.route, trip.direction, stop_ids)
        if key in shapes:
            continue
        found = [parts.stops.stops[s] for s in stop_ids]
        points = np.array([(s.lon, s.lat) for s in found])
        shapes[key] = cut(key, points, parts.lines.get(trip.route))
        findings += _off_route(parts, trip.route, stop_ids, shapes[key], reported)
    for route_id in sorted({t.route for t in trips} - set(parts.lines)):
        route = parts.feed.routes[route_id]
        mode = route.mode or parts.feed.mode
        code = "sea-lane-missing" if mode == "ferry" else "line-straight"
        findings.append(notice(code, field=f"routes.{route_id}.line"))
    return shapes


def _off_route(
    parts: Parts, route_id: str, stop_ids: list[str], shape: Shape, reported: set[tuple[str, str]]
) -> list[Finding]:
    findings = []
    line = parts.feed.routes[route_id].line
    for stop_id, offset in zip(stop_ids, shape.offsets, strict=True):
        if offset <= OFF_ROUTE_M or (route_id, stop_id) in reported:
            continue
        reported.add((route_id, stop_id))
        findings.append(
            notice(
                "stop-far-off-route" if offset > FAR_OFF_ROUTE_M else "stop-off-route",
                file=line.file if line else "",
                feature=parts.stops.stops[stop_id].name,
                field=route_id,
                metres=round(offset),
            )
        )
    return findings


def _shape_table(shapes: Iterable[Shape]) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "shape_id": shape.id,
                "shape_pt_lat": shape.points[:, 1],
                "shape_pt_lon": shape.points[:, 0],
                "shape_pt_sequence": np.arange(1, 1 + len(shape.points)),
                "shape_dist_traveled": shape.distances,
            }
        )
        for shape in shapes
    ]
    return pd.concat(frames) if frames else pd.DataFrame()


def _feed_info(parts: Parts, words: Translations) -> Row:
    feed, publisher = parts.feed, parts.publisher
    words.add("feed_info", "feed_publisher_name", "", english=publisher.name.en)
    contact = publisher.contact
    return {
        "feed_publisher_name": publisher.name.ja,
        "feed_publisher_url": publisher.url or feed.operator.url,
        "feed_lang": "ja",
        "feed_start_date": f"{feed.period.start:%Y%m%d}",
        "feed_end_date": f"{feed.period.end:%Y%m%d}",
        "feed_version": feed.version or f"{feed.period.start:%Y%m%d}",
        "feed_contact_email": contact if re.fullmatch(r"\S+@\S+\.\S+", contact) else "",
        "feed_contact_url": contact if contact.startswith("http") else "",
    }


def _attributions(parts: Parts) -> list[Row]:
    publisher, operator = parts.publisher, parts.feed.operator
    rows: dict[str, Row] = defaultdict(dict)
    rows[publisher.name.ja] |= {"is_producer": 1, "attribution_url": publisher.url or operator.url}
    rows[operator.name.ja] |= {"is_operator": 1, "attribution_url": operator.url}
    return [
        {
            "attribution_id": f"attribution_{number}",
            "organization_name": name,
            "is_producer": 0,
            "is_operator": 0,
            "is_authority": 0,
        }
        | row
        for number, (name, row) in enumerate(rows.items(), start=1)
    ]
