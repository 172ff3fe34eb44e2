"""Which trips of a published feed an operator means: a day, a route, from when to when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gtfs.days.calendar import effective_dates
from gtfs.realtime.alert import CancelledTrip

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from gtfs.feed.tables import Feed

TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Selection:
    """Trips by what a person says.

    Attributes
    ----------
    date
        The service day.
    routes, trips
        Ids; empty for all.
    stop
        Only trips that start at this stop (``戸畑発``); empty for all.
    after, before
        Only trips whose first departure lies at or after, and before, this second of the
        service day; 24:10 is 87000.
    """

    date: dt.date
    routes: frozenset[str] = frozenset()
    trips: frozenset[str] = frozenset()
    stop: str = ""
    after: int | None = None
    before: int | None = None


def select_trips(feed: Feed, selection: Selection) -> list[CancelledTrip]:
    """Return the trips that would run on the day and are meant, in order of departure."""
    services = {s for s, dates in effective_dates(feed).items() if selection.date in dates}
    trips = feed.table("trips", "trip_id", "route_id", "service_id")
    trips = trips[trips.service_id.isin(services)]
    trips = trips[_among(trips.route_id, selection.routes) & _among(trips.trip_id, selection.trips)]
    times = feed["stop_times"][feed["stop_times"].trip_id.isin(trips.trip_id)]
    times = times.dropna(subset=["departure_time", "arrival_time"])
    ends = (
        times.sort_values("stop_sequence")
        .groupby("trip_id")
        .agg(
            stop=("stop_id", "first"),
            departure=("departure_time", "first"),
            arrival=("arrival_time", "last"),
        )
    )
    rows = trips[["trip_id", "route_id"]].merge(ends, left_on="trip_id", right_index=True)
    found = [
        CancelledTrip(selection.date, int(r.departure), int(r.arrival), r.trip_id, r.route_id)
        for r in rows.itertuples()
        if (not selection.stop or r.stop == selection.stop)
        and (selection.after is None or r.departure >= selection.after)
        and (selection.before is None or r.departure < selection.before)
    ]
    return sorted(found)


def moment(date: dt.date, seconds: int, zone: dt.tzinfo = TOKYO) -> dt.datetime:
    """Return the moment of a time of a service day: noon less twelve hours, and `seconds` more."""
    noon = dt.datetime.combine(date, dt.time(12), tzinfo=zone)
    return (
        noon.astimezone(dt.UTC) - dt.timedelta(hours=12) + dt.timedelta(seconds=seconds)
    ).astimezone(zone)


def timezone(feed: Feed) -> dt.tzinfo:
    """Return the time zone of a feed's operator."""
    names = feed.table("agency", "agency_timezone").agency_timezone
    return ZoneInfo(names.iloc[0]) if len(names) and names.iloc[0] else TOKYO


def _among(values: pd.Series, wanted: Collection[str]) -> pd.Series:
    return values.isin(wanted) if wanted else values.notna()
