"""Which trips run on which days, without ids: a trip is its stops and times.

Every date has a timetable per route and direction, a multiset of trips. Dates are compared where
both feeds have service; days of the week that have no common date are compared by their most
usual timetable.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gtfs.days.calendar import effective_dates

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from gtfs.feed.tables import Feed

Call = tuple[str, int, int]
"""Where, arrival and departure; -1 where there is no time."""
Trip = tuple[Call, ...]
Timetable = Counter[Trip]
Group = tuple[str, str]
"""Route and direction."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The trips of a feed by day.

    Attributes
    ----------
    trips
        Group to service id to its trips.
    running
        Date to the services that run.
    """

    trips: Mapping[Group, Mapping[str, Timetable]]
    running: Mapping[dt.date, frozenset[str]]

    def days(self) -> list[dt.date]:
        """Return the dates from the first to the last day of service that have any."""
        return sorted(self.running)

    def on(self, group: Group, services: frozenset[str]) -> Timetable:
        """Return the trips of a route and direction when some services run."""
        total: Timetable = Counter()
        for service, trips in self.trips.get(group, {}).items():
            if service in services:
                total += trips
        return total

    def by_day(self, group: Group) -> dict[dt.date, Timetable]:
        """Return the timetable of every date; equal ones are one object."""
        own = frozenset(self.trips.get(group, {}))
        known: dict[frozenset[str], Timetable] = {}
        found: dict[dt.date, Timetable] = {}
        for day, services in self.running.items():
            relevant = services & own
            if relevant not in known:
                known[relevant] = self.on(group, relevant)
            found[day] = known[relevant]
        return found


def schedule(feed: Feed, places: Mapping[str, str], routes: Mapping[str, str]) -> Schedule:
    """Gather the trips of a feed.

    Parameters
    ----------
    places, routes
        Keys that mean the same in both feeds, by stop and route id.
    """
    calls = _calls(feed, places)
    trips: dict[Group, dict[str, Timetable]] = defaultdict(lambda: defaultdict(Counter))
    columns = ("trip_id", "route_id", "service_id", "direction_id")
    for row in feed.table("trips", *columns).to_dict("records"):
        trip = calls.get(row["trip_id"])
        if trip:
            direction = row["direction_id"]
            side = str(direction) if pd.notna(direction) else f"{trip[0][0]}|{trip[-1][0]}"
            trips[routes.get(row["route_id"], row["route_id"]), side][row["service_id"]][trip] += 1
    running: dict[dt.date, set[str]] = defaultdict(set)
    used = {service for by_service in trips.values() for service in by_service}
    for service, dates in effective_dates(feed).items():
        for day in dates if service in used else ():
            running[day].add(service)
    return Schedule(trips, {day: frozenset(services) for day, services in running.items()})


def departure(trip: Trip) -> int:
    """Return the first time of a trip in seconds of the service day, -1 if it has none."""
    return next((t for _, arrival, leaving in trip for t in (leaving, arrival) if t >= 0), -1)


def _calls(feed: Feed, places: Mapping[str, str]) -> dict[str, Trip]:
    """Return the stops and times of every trip by its id; of Flex trips, zones and windows."""
    columns = (
        "trip_id",
        "stop_sequence",
        "arrival_time",
        "departure_time",
        "stop_id",
        "location_group_id",
        "location_id",
        "start_pickup_drop_off_window",
        "end_pickup_drop_off_window",
    )
    rows = feed.table("stop_times", *columns).sort_values(["trip_id", "stop_sequence"])
    where = rows.stop_id.where(rows.stop_id != "", rows.location_group_id)
    where = where.where(where != "", rows.location_id)
    start = rows.arrival_time.fillna(rows.start_pickup_drop_off_window)
    end = rows.departure_time.fillna(rows.end_pickup_drop_off_window)
    calls = list(
        zip(
            where.map(lambda stop: places.get(stop, stop)),
            _numbers(start),
            _numbers(end),
            strict=True,
        )
    )
    ids = rows.trip_id.to_numpy(dtype=object)
    edges = np.flatnonzero(ids[1:] != ids[:-1]) + 1
    starts = [0, *edges.tolist()] if len(ids) else []
    ends = [*starts[1:], len(ids)]
    trips = {ids[a]: tuple(calls[a:b]) for a, b in zip(starts, ends, strict=True)} if starts else {}
    return _with_frequencies(feed, trips)


def _with_frequencies(feed: Feed, trips: dict[str, Trip]) -> dict[str, Trip]:
    """Let a trip that runs every so often say so: interval, last and first time count as a call."""
    rows = feed.table("frequencies", "trip_id", "start_time", "end_time", "headway_secs")
    for row in rows.sort_values(["trip_id", "start_time"]).to_dict("records"):
        if row["trip_id"] in trips:
            every: Call = (f"*{row['headway_secs']}", int(row["end_time"]), int(row["start_time"]))
            trips[row["trip_id"]] = (every, *trips[row["trip_id"]])
    return trips


def _numbers(times: pd.Series) -> list[int]:
    return [int(t) for t in times.to_numpy(dtype="int64", na_value=-1)]
