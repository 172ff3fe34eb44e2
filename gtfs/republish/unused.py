"""What nothing in a feed uses: trips without stops, routes without trips, stops without trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gtfs.feed.ids import RECORDS, ids

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gtfs.republish.change import Changing

_CALLS = 2
"""A trip that stops once takes nobody anywhere."""


def drop_unused(work: Changing) -> None:
    """Drop what no passenger can use, from the trips down; parents of stops in use stay."""
    feed = work.feed
    _trips_without_stops(work)
    trips = feed.table("trips", "trip_id", "route_id", "service_id", "shape_id")
    _keep(work, "stop_times", "trip_id", set(trips.trip_id))
    _keep(work, "frequencies", "trip_id", set(trips.trip_id))
    _keep(work, "routes", "route_id", set(trips.route_id))
    _keep(work, "routes_jp", "route_id", set(trips.route_id))
    _keep(work, "shapes", "shape_id", set(trips.shape_id))
    _keep(work, "calendar", "service_id", set(trips.service_id))
    _keep(work, "calendar_dates", "service_id", set(trips.service_id))
    _keep(work, "stops", "stop_id", _stops_in_use(work))
    rules = feed.table("fare_rules", "fare_id", "route_id")
    if len(rules):
        kept = rules.route_id.isin({"", *trips.route_id})
        feed["fare_rules"] = rules[kept]
        work.say("unused-dropped", file="fare_rules", count=int((~kept).sum()))
        _keep(work, "fare_attributes", "fare_id", set(feed["fare_rules"].fare_id))
    _translations_of_nothing(work)


def _translations_of_nothing(work: Changing) -> None:
    rows = work.feed.table("translations", "table_name", "record_id")
    gone = pd.Series(False, index=rows.index)
    for kind, table in RECORDS.items():
        named = (rows.table_name == table) & (rows.record_id != "")
        gone |= named & ~rows.record_id.isin(ids(work.feed, kind))
    if gone.any():
        value = rows.record_id[gone].iloc[0]
        work.say("unused-dropped", file="translations", value=value, count=int(gone.sum()))
        work.feed["translations"] = rows[~gone]


def _trips_without_stops(work: Changing) -> None:
    """Drop trips with fewer than two calls, unless they call at a zone or group of Flex."""
    times = work.feed.table("stop_times", "trip_id", "location_group_id", "location_id")
    calls = times.groupby("trip_id").size()
    flexible = times.trip_id[(times.location_group_id != "") | (times.location_id != "")]
    _keep(work, "trips", "trip_id", {*calls[calls >= _CALLS].index, *flexible})


def _stops_in_use(work: Changing) -> set[str]:
    feed = work.feed
    used = set(feed.table("stop_times", "stop_id").stop_id)
    for table, fields in (
        ("location_group_stops", ("stop_id",)),
        ("pathways", ("from_stop_id", "to_stop_id")),
    ):
        for field in fields:
            used |= set(feed.table(table, field)[field])
    stops = feed.table("stops", "stop_id", "parent_station")
    parents = dict(zip(stops.stop_id, stops.parent_station, strict=True))
    waiting = [parents.get(stop, "") for stop in used]
    while waiting:
        parent = waiting.pop()
        if parent and parent not in used:
            used.add(parent)
            waiting.append(parents.get(parent, ""))
    return used


def _keep(work: Changing, table: str, field: str, used: AbstractSet[str]) -> None:
    if table not in work.feed:
        return
    frame = work.feed.table(table, field)
    kept = frame[field].isin(used)
    if not kept.all():
        gone = frame[field][~kept]
        work.say("unused-dropped", file=table, column=field, value=gone.iloc[0], count=len(gone))
        work.feed[table] = frame[kept]
