"""What a person who cancels trips is offered and shown: routes, piers, departures in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gtfs.days.calendar import effective_dates
from gtfs.feed.columns import clock
from gtfs.realtime.names import calls_of, in_order, route_names, stop_names
from gtfs.realtime.trips import moment, run_name, timezone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from gtfs.feed.tables import Feed
    from gtfs.realtime.alert import CancelledTrip, RunKey


def described(
    feed: Feed,
    trips: Sequence[CancelledTrip],
    now: dt.datetime,
    cancelled: Collection[RunKey],
) -> list[dict[str, Any]]:
    """Say of each trip what a person recognises it by, and whether it can still be cancelled."""
    routes, stops, zone = route_names(feed), stop_names(feed), timezone(feed)
    calls = calls_of(feed)
    calls = calls[calls.trip_id.isin({trip.trip_id for trip in trips})]
    ends = in_order(calls).groupby("trip_id").stop_id.agg(["first", "last"])
    return [
        {
            "trip_id": trip.trip_id,
            "name": run_name(trip),
            "route_id": trip.route_id,
            "route": routes[trip.route_id].model_dump(),
            "departure": clock(trip.departure)[:5],
            "arrival": clock(trip.arrival)[:5],
            "origin": stops[ends.loc[trip.trip_id, "first"]].model_dump(),
            "destination": stops[ends.loc[trip.trip_id, "last"]].model_dump(),
            "arrived": moment(trip.date, trip.arrival, zone) <= now,
            "cancelled": trip.key in cancelled,
        }
        for trip in trips
    ]


def choices(feed: Feed) -> dict[str, Any]:
    """Return ids and names of routes and of stops where trips start, and the days there are."""
    days = [day for dates in effective_dates(feed).values() for day in dates]
    origins = set(in_order(calls_of(feed)).groupby("trip_id").stop_id.first())
    return {
        "routes": {key: name.model_dump() for key, name in sorted(route_names(feed).items())},
        "origins": {
            key: name.model_dump()
            for key, name in sorted(stop_names(feed).items())
            if key in origins
        },
        "first": min(days).isoformat() if days else "",
        "last": max(days).isoformat() if days else "",
    }
