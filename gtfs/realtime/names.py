"""Names of routes and stops, and where trips start: two boats at 20:00 differ by their piers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.feed.translations import english_names
from pipeline.config.base import Text

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from gtfs.feed.tables import Feed


def origins_of(feed: Feed, routes: Collection[str]) -> dict[str, Text]:
    """Return the name of the first stop of every trip of some routes."""
    trips = feed.table("trips", "trip_id", "route_id")
    trips = trips[trips.route_id.isin(set(routes))]
    calls = calls_of(feed)
    first = in_order(calls[calls.trip_id.isin(trips.trip_id)]).groupby("trip_id").stop_id.first()
    names = stop_names(feed)
    return {trip: names[stop] for trip, stop in first.items() if stop in names}


def calls_of(feed: Feed) -> pd.DataFrame:
    """Return the calls of a feed at stops."""
    times = feed.table("stop_times", "trip_id", "stop_id", "stop_sequence")
    return times[times.stop_id != ""]  # rides to be booked call at zones


def in_order(calls: pd.DataFrame) -> pd.DataFrame:
    """Return calls in order of trip and sequence."""
    return calls.sort_values(["trip_id", "stop_sequence"], kind="stable")


def stop_names(feed: Feed) -> dict[str, Text]:
    """Return the name of each stop with its platform, by id."""
    english = english_names(feed, "stops", "stop_name")
    stops = feed.table("stops", "stop_id", "stop_name", "platform_code")
    return {
        row["stop_id"]: Text(
            ja=" ".join(filter(None, (row["stop_name"], row["platform_code"]))) or row["stop_id"],
            en=" ".join(
                filter(None, (english(row["stop_id"], row["stop_name"]), row["platform_code"]))
            ),
        )
        for row in stops.to_dict("records")
    }


def route_names(feed: Feed) -> dict[str, Text]:
    """Return the name of each route, by id."""
    routes = feed.table("routes", "route_id", "route_short_name", "route_long_name")
    english = english_names(feed, "routes", "route_long_name")
    return {
        row["route_id"]: Text(
            ja=row["route_long_name"] or row["route_short_name"],
            en=english(row["route_id"], row["route_long_name"]) or row["route_short_name"],
        )
        for row in routes.to_dict("records")
    }
