"""A published feed as the workbook a city would keep, with the declaration that reads it.

For a city whose feed was made elsewhere: its timetable comes back as something its staff can
edit, and building it again gives the same trips, times, fares and days.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openpyxl
from ruamel.yaml import YAML

from gtfs.calendar import effective_dates
from gtfs.notices import notice
from gtfs.rows import ROUTE_TYPES
from gtfs.timetable.grid import column_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from gtfs.tables import Feed as Tables
    from pipeline.findings import Finding

BOOK = "timetable.xlsx"
_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Exported:
    """An exported feed.

    Attributes
    ----------
    declaration
        The entry under ``feeds:``, JSON-ready.
    routes, services
        Names of the declaration by the ids of the feed.
    findings
        What the workbook cannot hold.
    """

    declaration: dict[str, Any]
    routes: dict[str, str]
    services: dict[str, str]
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Trip:
    name: str
    route: str
    direction: int
    service: str
    calls: tuple[tuple[str, int, int], ...]


def export_feed(feed: Tables, name: str, folder: Path) -> Exported:
    """Write a feed as ``timetable.xlsx`` and ``feed.yaml`` into a folder.

    Parameters
    ----------
    feed
        The tables.
    name
        Name of the feed in the declaration.
    folder
        Made if it does not exist; files of these names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dates = {s: d for s, d in effective_dates(feed).items() if d}
    services = _names("s", dates)
    routes = _names("r", feed["routes"]["route_id"])
    exported = Exported({}, routes, services)
    book = openpyxl.Workbook()
    book.remove(book.active)
    trips = _trips(feed, dates, exported.findings)
    exported.declaration = _declaration(feed, exported, dates) | {
        "stops": _write_stops(book, feed),
        "timetables": [
            {"file": BOOK, "route": routes[route], "tables": tables}
            for route, tables in _write_timetables(book, trips, exported).items()
        ],
        "fares": _write_fares(book, feed, exported),
    }
    book.save(folder / BOOK)
    with (folder / "feed.yaml").open("w", encoding="utf-8") as file:
        yaml = YAML(typ="safe")
        yaml.allow_unicode = True
        yaml.dump({"feeds": {name: exported.declaration}}, file)
    return exported


def _names(prefix: str, ids: Iterable[str]) -> dict[str, str]:
    """Return names for ids: the id itself where it can be one, else the prefix and a number."""
    found: dict[str, str] = {}
    for number, id_ in enumerate(ids, start=1):
        plain = re.fullmatch(r"[a-z][a-z0-9_]{0,62}", id_) and id_ not in found.values()
        found[id_] = id_ if plain else f"{prefix}{number}"
    return found


def _trips(
    feed: Tables, dates: dict[str, frozenset[dt.date]], findings: list[Finding]
) -> list[_Trip]:
    times = feed["stop_times"].sort_values(["trip_id", "stop_sequence"])
    calls: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    untimed = 0
    columns = ["trip_id", "stop_id", "arrival_time", "departure_time"]
    for row in times[columns].astype(object).itertuples(index=False):
        known = [t for t in (row.arrival_time, row.departure_time) if isinstance(t, int)]
        if known:
            calls[row.trip_id].append((row.stop_id, known[0], known[-1]))
        untimed += not known
    if untimed:
        findings.append(notice("export-untimed", file="stop_times.txt", count=untimed))
    trips, left = [], []
    table = feed.table("trips", "direction_id", "trip_short_name").astype(object)
    for row in table.itertuples(index=False):
        if row.service_id not in dates or len(calls[row.trip_id]) < 2:
            left.append(row.trip_id)
            continue
        direction = row.direction_id if isinstance(row.direction_id, int) else 0
        trips.append(
            _Trip(row.trip_id, row.route_id, direction, row.service_id, tuple(calls[row.trip_id]))
        )
    if left:
        findings.append(
            notice("export-trip-left", file="trips.txt", value=left[0], count=len(left))
        )
    return trips


def _declaration(
    feed: Tables, exported: Exported, dates: dict[str, frozenset[dt.date]]
) -> dict[str, Any]:
    agency = feed["agency"].iloc[0]
    every = [date for days in dates.values() for date in days]
    modes = {number: mode for mode, number in ROUTE_TYPES.items()}
    routes = {}
    for row in feed.table("routes", "route_short_name", "route_long_name").itertuples(index=False):
        title = row.route_long_name or row.route_short_name or row.route_id
        mode = modes.get(row.route_type, "bus")
        routes[exported.routes[row.route_id]] = {"title": {"ja": title}, "mode": mode}
    return {
        "title": {"ja": agency["agency_name"]},
        "operator": {
            "id": re.sub(r"\D", "", str(agency.get("agency_id", "")))[:13].rjust(13, "0"),
            "name": {"ja": agency["agency_name"]},
            "url": agency["agency_url"],
        },
        "period": {"start": min(every).isoformat(), "end": max(every).isoformat()},
        "service_day_starts": "0:00",
        "unpriced": "report",
        "days": {
            f"{name}_days": {"title": {"ja": service}, "dates": _intervals(dates[service])}
            for service, name in exported.services.items()
        },
        "day_types": {
            name: {"title": {"ja": service}, "runs": [f"{name}_days"]}
            for service, name in exported.services.items()
        },
        "routes": routes,
    }


def _intervals(dates: frozenset[dt.date]) -> list[str]:
    """Return dates as ISO 8601 intervals of days that follow each other."""
    runs: list[list[dt.date]] = []
    for date in sorted(dates):
        if runs and date - runs[-1][1] == _DAY:
            runs[-1][1] = date
        else:
            runs.append([date, date])
    return [f"{a}/{b}" if a != b else f"{a}" for a, b in runs]


def _write_stops(book: openpyxl.Workbook, feed: Tables) -> dict[str, Any]:
    sheet = book.create_sheet("停留所")
    headers = {
        "id": "番号",
        "name": "名称",
        "lat": "緯度",
        "lon": "経度",
        "platform": "のりば",
        "parent": "親",
        "zone": "区間",
        "reading": "よみ",
        "english": "英語",
    }
    sheet.append(list(headers.values()))
    readings = _translations(feed, "ja-Hrkt")
    english = _translations(feed, "en")
    stops = feed.table("stops", "platform_code", "parent_station", "zone_id", "location_type")
    for row in stops.astype(object).itertuples(index=False):
        if not isinstance(row.location_type, int) or row.location_type in (0, 1):
            sheet.append(
                [
                    row.stop_id,
                    row.stop_name,
                    row.stop_lat,
                    row.stop_lon,
                    row.platform_code,
                    row.parent_station,
                    row.zone_id,
                    readings.get(row.stop_id) or readings.get(row.stop_name, ""),
                    english.get(row.stop_id) or english.get(row.stop_name, ""),
                ]
            )
    return {"file": BOOK, "sheet": "停留所", "fields": headers}


def _translations(feed: Tables, language: str) -> dict[str, str]:
    words = feed.table(
        "translations",
        "table_name",
        "field_name",
        "language",
        "translation",
        "record_id",
        "field_value",
    )
    chosen = words[(words["language"] == language) & (words["field_name"] == "stop_name")]
    return {row.record_id or row.field_value: row.translation for row in chosen.itertuples()}


def _write_timetables(
    book: openpyxl.Workbook, trips: Sequence[_Trip], exported: Exported
) -> dict[str, list[dict[str, Any]]]:
    """Write a sheet per route and a matrix per direction, service and pattern."""
    groups: dict[str, dict[tuple[Any, ...], list[_Trip]]] = defaultdict(lambda: defaultdict(list))
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
    sheet: Worksheet, row: int, stops: Sequence[str], waits: Sequence[bool], trips: Sequence[_Trip]
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


def _write_fares(book: openpyxl.Workbook, feed: Tables, exported: Exported) -> list[dict[str, Any]]:
    """Write prices between zones, a sheet per route; a price for a whole route needs no sheet."""
    attributes = feed.table("fare_attributes", "fare_id", "price")
    prices = {r.fare_id: round(float(r.price)) for r in attributes.itertuples(index=False)}
    rules = feed.table("fare_rules", "fare_id", "route_id", "origin_id", "destination_id")
    if not prices:
        exported.findings.append(notice("export-no-fares", file="fare_attributes.txt"))
        return [{"kind": "flat", "price": 0}]
    if rules.empty:
        return [{"kind": "flat", "price": min(prices.values())}]
    declared: list[dict[str, Any]] = []
    for route, chosen in rules.groupby("route_id"):
        routes = [exported.routes[route]] if route else []
        flat = sorted({prices[r.fare_id] for r in chosen.itertuples() if not r.origin_id})
        declared += [{"kind": "flat", "price": price, "routes": routes} for price in flat]
        pairs = sorted(
            {
                (r.origin_id, r.destination_id, prices[r.fare_id])
                for r in chosen.itertuples()
                if r.origin_id
            }
        )
        if pairs:
            title = f"運賃_{routes[0] if routes else '全線'}"
            sheet = book.create_sheet(title)
            sheet.append(["から", "まで", "運賃"])
            for pair in pairs:
                sheet.append(list(pair))
            declared.append(
                {
                    "kind": "zones",
                    "file": BOOK,
                    "sheet": title,
                    "origin": "から",
                    "destination": "まで",
                    "price": "運賃",
                    "both_ways": False,
                    "routes": routes,
                }
            )
    return declared
