"""What a person asks of the desk, held against the feed and understood, or refused."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeVar

from gtfs.errors import AlertError
from gtfs.feed.columns import seconds
from gtfs.realtime.alert import Cause, Effect
from gtfs.realtime.trips import Selection, run_name, select_trips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gtfs.feed.tables import Feed
    from gtfs.realtime.alert import CancelledTrip


E = TypeVar("E", Cause, Effect)


def trips_meant(tables: Feed, feed: str, selection: Selection) -> list[CancelledTrip]:
    """Return the runs that are meant; refuse a selection of none and runs of another day."""
    meant = select_trips(tables, selection)
    if not meant:
        day = selection.date
        raise AlertError(
            f"no trip of {feed} on {day} is meant; check day, route and times",
            "none",
            ja=f"{feed} の {day} に当てはまる便がありません。日付・路線・時刻を確かめてください。",
        )
    unknown = selection.trips - {n for trip in meant for n in (trip.trip_id, run_name(trip))}
    if unknown:
        raise AlertError(
            f"trip {min(unknown)!r} of {feed} does not run on {selection.date}",
            "unknown",
            ja=f"{feed} の便 {min(unknown)} は {selection.date} には走りません。",
        )
    return meant


def selection_of(
    date: str,
    routes: Sequence[str],
    trips: Sequence[str],
    stop: str,
    after: str,
    before: str,
    starts: Sequence[str],
) -> Selection:
    """Return which runs somebody means by date, routes, trips, stop and clock times."""
    try:
        return Selection(
            dt.date.fromisoformat(date),
            frozenset(routes),
            frozenset(trips),
            stop,
            frozenset(seconds(f"{start}:00") for start in starts),
            seconds(f"{after}:00") if after else None,
            seconds(f"{before}:00") if before else None,
        )
    except ValueError as error:
        raise AlertError(
            f"cannot be understood: {error}",
            "understand",
            ja=f"日付か時刻の書き方がわかりません（{error}）。",
        ) from None


def member_of(kind: type[E], name: str) -> E:
    """Return the cause or effect of that name."""
    try:
        return kind(name)
    except ValueError:
        choices = ", ".join(member.value for member in kind)
        raise AlertError(
            f"{name!r} is none of {choices}", ja=f"{name} は使えません。使えるもの: {choices}"
        ) from None


def require_known(kind: str, wanted: Sequence[str], known: set[str]) -> None:
    """Refuse the first name that the feed does not have."""
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise AlertError(
            f"the feed has no {kind} {unknown[0]!r}",
            ja=f"このフィードに「{unknown[0]}」はありません（{kind}）。",
        )
