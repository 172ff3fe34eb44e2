"""What a person who cancels trips is offered and shown: routes, piers, departures in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gtfs.calendar import effective_dates
from gtfs.columns import clock
from gtfs.realtime.sentences import route_names
from gtfs.realtime.trips import moment, timezone
from gtfs.translations import english_names
from pipeline.config.base import Text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    import pandas as pd

    from gtfs.realtime.alert import CancelledTrip
    from gtfs.tables import Feed


def described(
    feed: Feed,
    trips: Sequence[CancelledTrip],
    now: dt.datetime,
    cancelled: Collection[tuple[dt.date, str]],
) -> list[dict[str, Any]]:
    """Say of each trip what a person recognises it by, and whether it can still be cancelled."""
    routes, stops, zone = route_names(feed), _stop_names(feed), timezone(feed)
    calls = _calls(feed)
    calls = calls[calls.trip_id.isin({trip.trip_id for trip in trips})]
    ends = _in_order(calls).groupby("trip_id").stop_id.agg(["first", "last"])
    return [
        {
            "trip_id": trip.trip_id,
            "route_id": trip.route_id,
            "route": routes[trip.route_id].model_dump(),
            "departure": clock(trip.departure)[:5],
            "arrival": clock(trip.arrival)[:5],
            "origin": stops[ends.loc[trip.trip_id, "first"]].model_dump(),
            "destination": stops[ends.loc[trip.trip_id, "last"]].model_dump(),
            "arrived": moment(trip.date, trip.arrival, zone) <= now,
            "cancelled": (trip.date, trip.trip_id) in cancelled,
        }
        for trip in trips
    ]


def choices(feed: Feed) -> dict[str, Any]:
    """Return ids and names of routes and of stops where trips start, and the days there are."""
    days = [day for dates in effective_dates(feed).values() for day in dates]
    origins = set(_in_order(_calls(feed)).groupby("trip_id").stop_id.first())
    return {
        "routes": {key: name.model_dump() for key, name in sorted(route_names(feed).items())},
        "origins": {
            key: name.model_dump()
            for key, name in sorted(_stop_names(feed).items())
            if key in origins
        },
        "first": min(days).isoformat() if days else "",
        "last": max(days).isoformat() if days else "",
    }


def _calls(feed: Feed) -> pd.DataFrame:
    times = feed.table("stop_times", "trip_id", "stop_id", "stop_sequence")
    return times[times.stop_id != ""]  # rides to be booked call at zones


def _in_order(calls: pd.DataFrame) -> pd.DataFrame:
    return calls.sort_values(["trip_id", "stop_sequence"], kind="stable")


def _stop_names(feed: Feed) -> dict[str, Text]:
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
