"""What nothing in a feed uses, and what was said about things that are gone.

``gtfs/data/references.csv`` tells which column of which table names what, and whether the row
keeps it in use. Whoever takes rows out of a feed calls :func:`settle` afterwards, so that no id is
left over that names nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gtfs.feed.ids import HOMES, LOCATION, ids, record_kinds, references, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from gtfs.feed.tables import Feed
    from gtfs.republish.change import Changing

    Known = Mapping[str, AbstractSet[str]]

_CALLS = 2
"""A trip that stops once takes nobody anywhere."""
_DROPPED = ("route", "shape", "service", "stop")
"""Kinds whose rows go when nothing uses them; anything else unused does no harm."""
_WINDOWS = ("start_pickup_drop_off_window", "end_pickup_drop_off_window")
_PART = 2
"""From this location_type on, a stop is part of its station: entrance, node, boarding area."""


def known_ids(feed: Feed) -> dict[str, set[str]]:
    """Return the ids of every kind a feed defines."""
    return {kind: ids(feed, kind) for kind in (*HOMES, LOCATION)}


def drop_unused(work: Changing, before: Known) -> None:
    """Drop what no passenger can use, from the trips down; what anything refers to stays.

    `before` is as for :func:`settle`.
    """
    _trips_without_stops(work)
    settle(work, before, unused=True)


def settle(work: Changing, before: Known, *, unused: bool = False) -> None:
    """Take out, after rows were dropped, what named them, until nothing names what is gone.

    Parameters
    ----------
    work
        The feed being changed.
    before
        Ids there were before rows were dropped, from :func:`known_ids`: what named nothing
        already is not ours to take out.
    unused
        Drop also routes, shapes, services and stops that nothing uses any more.
    """
    ruled = values(work.feed, "fare_rules", "fare_id")
    while True:
        size = sum(map(len, work.feed.values()))
        _drop_dangling(work, before)
        _drop_fares_of_gone_rules(work, ruled)
        if unused:
            for kind in _DROPPED:
                _drop_kind(work, kind)
        if sum(map(len, work.feed.values())) == size:
            return


def dangling(feed: Feed, known: Known) -> dict[tuple[str, str], set[str]]:
    """Return, by table and column, ids that name nothing of a feed although `known` has them."""
    found = {
        (table, column): gone & set().union(*(known[kind] for kind in of))
        for table, column, of, gone in _undefined(feed)
    }
    return {place: lost for place, lost in found.items() if lost}


def unknown(feed: Feed) -> dict[tuple[str, str], set[str]]:
    """Return, by table and column, ids that name nothing of a feed."""
    return {(table, column): gone for table, column, _, gone in _undefined(feed)}


def _undefined(feed: Feed) -> Iterator[tuple[str, str, list[str], set[str]]]:
    """Yield columns of ids with the kinds they may name and those that name nothing."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for reference in references():
        kinds.setdefault((reference.table, reference.column), []).append(reference.kind)
    for (table, column), of in kinds.items():
        if table in feed and column in feed[table].columns:
            defined = set().union(*(ids(feed, kind) for kind in of), {""})
            gone = set(feed[table][column]) - defined
            if gone:
                yield table, column, of, gone


def note_lost(work: Changing, before: Known) -> None:
    """Say as errors which ids name nothing any more: a feed that has them is not to be written."""
    for (table, column), lost in dangling(work.feed, before).items():
        count = int(work.feed[table][column].isin(lost).sum())
        work.say("reference-lost", file=table, column=column, value=min(lost), count=count)


def _drop_dangling(work: Changing, before: Known) -> None:
    for (table, column), lost in dangling(work.feed, before).items():
        frame = work.feed[table]
        gone = frame[column].isin(lost)
        if table == "fare_rules" and column == "contains_id":
            # The rows of a fare mean all of its zones together: without one of them it is another.
            gone = frame.fare_id.isin(set(frame.fare_id[gone]))
        _drop(work, table, column, gone)
    _drop_translations(work, before)


def _drop_translations(work: Changing, before: Known) -> None:
    rows = work.feed.table("translations", "table_name", "record_id")
    gone = pd.Series(False, index=rows.index)
    for table in set(rows.table_name):
        for kind in record_kinds(table):
            lost = before[kind] - ids(work.feed, kind)
            gone |= (rows.table_name == table) & rows.record_id.isin(lost)
    if len(rows):
        _drop(work, "translations", "record_id", gone)


def _drop_fares_of_gone_rules(work: Changing, ruled: AbstractSet[str]) -> None:
    """Drop fares all of whose rules are gone: without rules they would hold everywhere."""
    fares = work.feed.table("fare_attributes", "fare_id")
    left = values(work.feed, "fare_rules", "fare_id")
    if len(fares):
        _drop(work, "fare_attributes", "fare_id", fares.fare_id.isin(ruled - left))


def _drop_kind(work: Changing, kind: str) -> None:
    used = _used(work.feed, kind)
    for home in HOMES[kind]:
        table, _, column = home.partition(".")
        if table in work.feed and column in work.feed[table].columns:
            _drop(work, table, column, ~work.feed[table][column].isin(used))


def _used(feed: Feed, kind: str) -> set[str]:
    used: set[str] = set()
    for reference in references():
        if reference.kind == kind and reference.keeps and reference.column != "parent_station":
            used |= values(feed, reference.table, reference.column)
    return (_with_stations(feed, used) if kind == "stop" else used) - {""}


def _with_stations(feed: Feed, used: AbstractSet[str]) -> set[str]:
    """Add the stations of stops in use, and the entrances and nodes of those stations."""
    stops = feed.table("stops", "stop_id", "parent_station", "location_type")
    part = (stops.location_type >= _PART).fillna(False).astype(bool)
    found = set(used)
    while True:
        parents = set(stops.parent_station[stops.stop_id.isin(found)])
        parts = set(stops.stop_id[part & stops.parent_station.isin(found - {""})])
        if found >= parents | parts:
            return found
        found |= parents | parts


def _trips_without_stops(work: Changing) -> None:
    """Drop trips with fewer than two calls, unless they are on demand, in any draft of Flex."""
    feed = work.feed
    times = feed.table("stop_times", "trip_id", "stop_id", "location_group_id", "location_id")
    times = times.assign(flexible=times.location_group_id.ne("") | times.location_id.ne(""))
    areas = (ids(feed, "location_group") | ids(feed, LOCATION)) - ids(feed, "stop")
    flexible = times.flexible | times.stop_id.isin(areas)
    for window in _WINDOWS:
        if window in times.columns:
            flexible |= times[window].notna()
    calls = times.groupby("trip_id").size()
    kept = {*calls[calls >= _CALLS].index, *times.trip_id[flexible]}
    trips = feed.table("trips", "trip_id")
    if len(trips):
        _drop(work, "trips", "trip_id", ~trips.trip_id.isin(kept), code="trip-without-calls")


def _drop(
    work: Changing, table: str, column: str, gone: pd.Series, *, code: str = "unused-dropped"
) -> None:
    if gone.any():
        frame = work.feed.table(table, column)
        first = frame[column][gone].iloc[0]
        work.say(code, file=table, column=column, value=first, count=int(gone.sum()))
        work.feed[table] = frame[~gone]
