"""The declaration that reads an exported workbook: operator, period, days, routes."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from gtfs.rows import ROUTE_TYPES

if TYPE_CHECKING:
    from gtfs.export.result import Exported
    from gtfs.tables import Feed as Tables

_DAY = dt.timedelta(days=1)


def declaration(
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
        "fares_v2": bool(len(feed.table("rider_categories"))),
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
