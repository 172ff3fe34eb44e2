"""Rows of the tables that describe: operator, stops, routes, trips, the feed itself."""

from __future__ import annotations

import re
import string
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from gtfs.build.japan import legacy_tables
from gtfs.fares.rules import category_text
from gtfs.fares.v2 import fares_v2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gtfs.build.japan import Translations
    from gtfs.build.parts import Parts
    from gtfs.timetable.trips import Trip
    from pipeline.config.feed_parts import Route

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
ANYWHERE, AT_STOPS_ONLY = 0, 1
"""Values of continuous_pickup and continuous_drop_off."""


def agency_row(parts: Parts, words: Translations) -> Row:
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


def stop_rows(parts: Parts, used: set[str], words: Translations) -> list[Row]:
    """Return the rows of the stops that are used and of their parents."""
    used = used | {parts.stops.stops[s].parent for s in used} - {""}
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


def route_row(parts: Parts, route_id: str, route: Route, words: Translations) -> Row:
    others = [c for c in parts.fares.categories if c.route == route_id]
    described = [route.description.ja] if route.description else []
    described_en = [route.description.en] if route.description and route.description.en else []
    words.add("routes", "route_long_name", route_id, reading=route.reading, english=route.title.en)
    english = ". ".join([*described_en, category_text(others, "en")]).strip(". ")
    words.add("routes", "route_desc", route_id, english=english)
    row: Row = {
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
    if any(r.hail for r in parts.feed.routes.values()):
        anywhere = ANYWHERE if route.hail else AT_STOPS_ONLY
        row |= {"continuous_pickup": anywhere, "continuous_drop_off": anywhere}
    return row


def trip_rows(
    parts: Parts, trips: Sequence[Trip], words: Translations, shape_ids: Sequence[str]
) -> tuple[list[Row], list[str]]:
    """Return the rows of trips and their ids, in the order given."""
    ids = _trip_ids(parts, trips)
    rows = [
        _trip_row(parts, trip, trip_id, words) | {"shape_id": shape}
        for trip, trip_id, shape in zip(trips, ids, shape_ids, strict=True)
    ]
    return rows, ids


def _trip_row(parts: Parts, trip: Trip, trip_id: str, words: Translations) -> Row:
    bicycles = parts.feed.routes[trip.route].bicycles
    row = {
        "route_id": trip.route,
        "service_id": parts.service_id(trip),
        "trip_id": trip_id,
        "trip_headsign": _headsign(parts, trip, trip_id, words),
        "trip_short_name": trip.name,
        "direction_id": trip.direction,
        "bikes_allowed": 0 if bicycles is None else 2 - bicycles,
    }
    if parts.feed.marks:
        notes = "、".join(parts.feed.marks[m].title.ja for m in trip.marks)
        row |= {"jp_trip_desc": notes, "jp_trip_desc_symbol": "".join(trip.marks)}
    return row


def _headsign(parts: Parts, trip: Trip, trip_id: str, words: Translations) -> str:
    """Return what the vehicle shows: as declared, else the last stop."""
    if trip.headsign:
        words.add_text("trips", "trip_headsign", trip_id, trip.headsign)
        return trip.headsign.ja
    if not trip.last_stop:
        return ""
    last = parts.stops.stops[trip.last_stop]
    words.add("trips", "trip_headsign", trip_id, reading=last.reading, english=last.english)
    return last.name


def _trip_ids(parts: Parts, trips: Sequence[Trip]) -> list[str]:
    """Return ids that say what the trip is, so that an unchanged trip keeps its id.

    Route, direction, service and first departure; trips that agree in all four are told apart by
    a letter in the order of the timetable.
    """
    bases = [f"{t.route}_{t.direction}_{parts.service_id(t)}_{_hhmm(t.starts)}" for t in trips]
    total, seen = Counter(bases), Counter[str]()
    ids = []
    for base in bases:
        suffix = string.ascii_lowercase[seen[base] % 26] + str(seen[base] // 26 or "")
        ids.append(base if total[base] == 1 else f"{base}_{suffix}")
        seen[base] += 1
    return ids


def _hhmm(seconds: int) -> str:
    return f"{seconds // 3600:02d}{seconds % 3600 // 60:02d}"


def feed_info_row(parts: Parts, words: Translations) -> Row:
    feed, publisher = parts.feed, parts.publisher
    words.add("feed_info", "feed_publisher_name", "", english=publisher.name.en)
    contact = publisher.contact
    mail = contact if re.fullmatch(r"\S+@\S+\.\S+", contact) else ""
    page = contact if contact.startswith(("http://", "https://")) else ""
    return {
        "feed_publisher_name": publisher.name.ja,
        "feed_publisher_url": publisher.url or feed.operator.url,
        "feed_lang": "ja",
        "feed_start_date": f"{feed.period.start:%Y%m%d}",
        "feed_end_date": f"{feed.period.end:%Y%m%d}",
        "feed_version": feed.version or f"{feed.period.start:%Y%m%d}",
        "feed_contact_email": mail,
        "feed_contact_url": page or ("" if mail else publisher.url),
    }


def attribution_rows(parts: Parts) -> list[Row]:
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


def switched_rows(parts: Parts, stops: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the tables that the declaration asks for; `stops` are the rows of the feed's stops."""
    rows: dict[str, list[Row]] = {}
    if parts.feed.profile == "jp3":
        rows |= legacy_tables(parts.feed, f"{parts.feed.period.start:%Y%m%d}")
    if parts.feed.fares_v2:
        titles = {route_id: route.title.ja for route_id, route in parts.feed.routes.items()}
        ledger = parts.stops.stops
        zones = {
            row["stop_id"]: (zone, ledger[zone].name if zone in ledger else zone)
            for row in stops
            if (zone := row["zone_id"])
        }
        rows |= fares_v2(parts.fares, titles, zones)
    return rows
