"""Which trips of a published feed an operator means: a day, a route, from when to when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gtfs.days.calendar import effective_dates
from gtfs.feed.columns import clock
from gtfs.realtime.alert import ONCE, CancelledTrip
from gtfs.realtime.names import route_names, stop_names

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
        Ids; empty for all. A run of a trip of ``frequencies.txt`` is named ``ID@HH:MM:SS``.
    stop
        Only trips that start at this stop (``戸畑発``); empty for all.
    starts
        Only these runs of trips: seconds of the service day at which they depart; empty for all.
    after, before
        Only trips whose first departure lies at or after, and before, this second of the
        service day; 24:10 is 87000.
    """

    date: dt.date
    routes: frozenset[str] = frozenset()
    trips: frozenset[str] = frozenset()
    stop: str = ""
    starts: frozenset[int] = frozenset()
    after: int | None = None
    before: int | None = None


def select_trips(feed: Feed, selection: Selection) -> list[CancelledTrip]:
    """Return the runs that would take place on the day and are meant, in order of departure.

    A trip of ``frequencies.txt`` gives one run for each departure, whether its times are exact or
    not: passengers and journey planners are told of departures, not of headways.
    """
    services = {s for s, dates in effective_dates(feed).items() if selection.date in dates}
    trips = feed.table("trips", "trip_id", "route_id", "service_id")
    trips = trips[trips.service_id.isin(services)]
    trips = trips[_among(trips.route_id, selection.routes)]
    times = feed["stop_times"][feed["stop_times"].trip_id.isin(trips.trip_id)]
    times = times.dropna(subset=["departure_time", "arrival_time"])
    ends = (
        times.sort_values("stop_sequence")
        .groupby("trip_id")
        .agg(
            stop=("stop_id", "first"),
            departure=("departure_time", "first"),
            arrival=("arrival_time", "last"),
            last=("stop_id", "last"),
        )
    )
    rows = trips[["trip_id", "route_id"]].merge(ends, left_on="trip_id", right_index=True)
    starts, routes, stops = _starts(feed), route_names(feed), stop_names(feed)
    found = []
    for row in rows.itertuples():
        for start in starts.get(row.trip_id, [ONCE]):
            shift = 0 if start == ONCE else start - int(row.departure)
            run = CancelledTrip(
                selection.date,
                int(row.departure) + shift,
                int(row.arrival) + shift,
                row.trip_id,
                row.route_id,
                start,
                routes[row.route_id].ja if row.route_id in routes else "",
                row.stop,
                stops[row.stop].ja if row.stop in stops else "",
                row.last,
                stops[row.last].ja if row.last in stops else "",
            )
            if _meant(run, selection):
                found.append(run)
    return sorted(found)


def run_name(run: CancelledTrip) -> str:
    """Return what names a run in a form or on a command line: ``ID``, or ``ID@HH:MM:SS``."""
    return run.trip_id if run.start == ONCE else f"{run.trip_id}@{clock(run.start)}"


def _meant(run: CancelledTrip, selection: Selection) -> bool:
    return (
        (not selection.trips or bool(selection.trips & {run.trip_id, run_name(run)}))
        and (not selection.stop or run.origin_id == selection.stop)
        and (not selection.starts or run.departure in selection.starts)
        and (selection.after is None or run.departure >= selection.after)
        and (selection.before is None or run.departure < selection.before)
    )


def _starts(feed: Feed) -> dict[str, list[int]]:
    """Return when the runs of each trip of ``frequencies.txt`` start."""
    columns = ("trip_id", "start_time", "end_time", "headway_secs")
    table = feed.table("frequencies", *columns).dropna(subset=list(columns[1:]))
    found: dict[str, set[int]] = {}
    for row in table.to_dict("records"):
        runs = range(row["start_time"], row["end_time"], max(int(row["headway_secs"]), 1))
        found.setdefault(row["trip_id"], set()).update(runs)
    return {trip: sorted(runs) for trip, runs in found.items()}


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
