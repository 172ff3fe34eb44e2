"""The declaration that reads an exported workbook: operator, period, days, routes."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from gtfs.build.japan import check_digit
from gtfs.build.rows import ROUTE_TYPES
from gtfs.feed.translations import english_names
from gtfs.notices import notice

if TYPE_CHECKING:
    from gtfs.export.result import Exported
    from gtfs.feed.tables import Feed as Tables

_DAY = dt.timedelta(days=1)


def declaration(
    feed: Tables, exported: Exported, dates: dict[str, frozenset[dt.date]]
) -> dict[str, Any]:
    agency = feed["agency"].iloc[0]
    every = [date for days in dates.values() for date in days]
    number = str(agency.get("agency_id", ""))
    if not re.fullmatch(r"\d{13}", number) or int(number[0]) != check_digit(number[1:]):
        exported.findings.append(
            notice("export-no-corporate-number", file="agency.txt", field="agency_id", value=number)
        )
    return {
        "title": {"ja": agency["agency_name"]},
        "operator": {
            "id": re.sub(r"\D", "", number)[:13].rjust(13, "0"),
            "name": {"ja": agency["agency_name"]},
            "url": agency["agency_url"],
        },
        "period": {"start": min(every).isoformat(), "end": max(every).isoformat()},
        "service_day_starts": "0:00",
        "unpriced": "report",
        "fares_v2": bool(len(feed.table("rider_categories"))),
        "days": {
            f"{name}_days": {"title": {"ja": service}, "dates": _intervals(dates[service])}
            for service, name in exported.services.items()
        },
        "day_types": {
            name: {"title": {"ja": service}, "runs": [f"{name}_days"]}
            for service, name in exported.services.items()
        },
        "routes": _routes(feed, exported),
    }


def _routes(feed: Tables, exported: Exported) -> dict[str, dict[str, Any]]:
    modes = {number: mode for mode, number in ROUTE_TYPES.items()}
    columns = ("route_short_name", "route_long_name", "route_color", "route_text_color")
    english = english_names(feed, "routes", "route_long_name")
    routes: dict[str, dict[str, Any]] = {}
    for row in feed.table("routes", *columns).itertuples(index=False):
        name = row.route_long_name or row.route_short_name or row.route_id
        title = {"ja": name}
        if english(row.route_id, name) != name:
            title["en"] = english(row.route_id, name)
        more = {
            "short": row.route_short_name if row.route_long_name else "",
            "color": _colour(row.route_color),
            "text_color": _colour(row.route_text_color),
        }
        routes[exported.routes[row.route_id]] = {
            "title": title,
            "mode": modes.get(row.route_type, "bus"),
        } | {key: value for key, value in more.items() if value}
    return routes


def _colour(text: str) -> str:
    return text.upper() if re.fullmatch(r"[0-9A-Fa-f]{6}", text) else ""


def _intervals(dates: frozenset[dt.date]) -> list[str]:
    """Return dates as ISO 8601 intervals of days that follow each other."""
    runs: list[list[dt.date]] = []
    for date in sorted(dates):
        if runs and date - runs[-1][1] == _DAY:
            runs[-1][1] = date
        else:
            runs.append([date, date])
    return [f"{a}/{b}" if a != b else f"{a}" for a, b in runs]
