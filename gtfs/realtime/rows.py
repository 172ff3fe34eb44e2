"""Announcements and their runs as rows of the store, and back."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from gtfs.errors import AlertError
from gtfs.realtime.alert import Alert, CancelledTrip, Cause, Effect
from pipeline.config.base import Text

if TYPE_CHECKING:
    import sqlite3


def row_of(alert: Alert) -> dict[str, object]:
    """Return an announcement as named values of its row."""
    return {
        "feed": alert.feed,
        "cause": alert.cause.value,
        "effect": alert.effect.value,
        "header_ja": alert.header.ja,
        "header_en": alert.header.en,
        "description_ja": alert.description.ja,
        "description_en": alert.description.en,
        "url": alert.url,
        "routes": json.dumps(alert.routes),
        "stops": json.dumps(alert.stops),
        "route_names": json.dumps(alert.route_names, ensure_ascii=False),
        "stop_names": json.dumps(alert.stop_names, ensure_ascii=False),
        "starts": seconds_of(alert.starts),
        "ends": seconds_of(alert.ends),
        "created_at": seconds_of(alert.created_at),
        "created_by": alert.created_by,
    }


def alert_of(row: sqlite3.Row, trips: sqlite3.Cursor) -> Alert:
    """Return the announcement of a row, with the runs it cancels."""
    return Alert(
        id=row["id"],
        feed=row["feed"],
        cause=Cause(row["cause"]),
        effect=Effect(row["effect"]),
        header=Text(ja=row["header_ja"], en=row["header_en"]),
        description=Text(ja=row["description_ja"], en=row["description_en"]),
        url=row["url"],
        routes=tuple(json.loads(row["routes"])),
        stops=tuple(json.loads(row["stops"])),
        route_names=tuple(json.loads(row["route_names"])),
        stop_names=tuple(json.loads(row["stop_names"])),
        starts=moment_of(row["starts"]),
        ends=moment_of(row["ends"]),
        created_at=moment_of(row["created_at"]),
        created_by=row["created_by"],
        withdrawn_at=None if row["withdrawn_at"] is None else moment_of(row["withdrawn_at"]),
        withdrawn_by=row["withdrawn_by"],
        trips=tuple(run_of(t) for t in trips),
    )


def row_of_run(run: CancelledTrip) -> tuple[str | int, ...]:
    """Return a cancelled run as the values of its row, in the order of the columns."""
    key = (run.date.isoformat(), run.trip_id, run.start)
    route = (run.departure, run.arrival, run.route_id, run.route)
    return (*key, *route, run.origin_id, run.origin, run.destination_id, run.destination)


def run_of(row: sqlite3.Row) -> CancelledTrip:
    """Return the cancelled run of a row."""
    names = ("route", "origin_id", "origin", "destination_id", "destination")
    return CancelledTrip(
        dt.date.fromisoformat(row["date"]),
        row["departure"],
        row["arrival"],
        row["trip_id"],
        row["route_id"],
        row["start"],
        *(row[name] for name in names),
    )


def seconds_of(moment: dt.datetime | None) -> int:
    """Return whole seconds since 1970.

    Raises
    ------
    AlertError
        If the moment has no time zone.
    """
    if moment is None or moment.tzinfo is None:
        raise AlertError("a moment needs its time zone")
    return int(moment.timestamp())


def moment_of(seconds: int) -> dt.datetime:
    """Return the moment, in UTC, of seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
