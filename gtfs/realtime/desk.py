"""The counter at which announcements are made: what the command line and the server's form call.

Everything goes in and comes out as plain values, so that the server can be handed a desk without
knowing this package.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gtfs.errors import AlertError
from gtfs.feed.read import read_feed
from gtfs.realtime.alert import Alert, Cause, Effect
from gtfs.realtime.asked import member_of, require_known, selection_of, trips_meant
from gtfs.realtime.board import Board
from gtfs.realtime.choices import choices, described
from gtfs.realtime.facts import Facts
from gtfs.realtime.identity import orphan_finding, resolved
from gtfs.realtime.names import route_names, stop_names
from gtfs.realtime.sentences import sentences
from gtfs.realtime.trips import Selection, moment, select_trips, timezone
from pipeline.config.base import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gtfs.feed.tables import Feed
    from gtfs.realtime.board import Message
    from gtfs.realtime.store import AlertStore
    from pipeline.findings import Finding


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Desk:
    """Announcements about published feeds.

    Attributes
    ----------
    store
        Where they are kept.
    zip_of
        Gives the published zip of a feed by its name; raises KeyError for an unknown one.
    now
        Gives the present moment with time zone.
    """

    store: AlertStore
    zip_of: Callable[[str], Path]
    now: Callable[[], dt.datetime] = _now

    def departures(
        self,
        feed: str,
        date: str,
        *,
        routes: Sequence[str] = (),
        trips: Sequence[str] = (),
        stop: str = "",
        after: str = "",
        before: str = "",
        starts: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """Return the trips of a service day that are meant, for a person to check.

        Each says whether it has `arrived` by now, which `cancel` leaves alone, and whether it is
        `cancelled` already.
        """
        tables, now = self._feed(feed), self.now()
        wanted = selection_of(date, routes, trips, stop, after, before, starts)
        chosen = select_trips(tables, wanted)
        live, facts = self.store.live(feed, now=now), Facts(self._path(feed))
        found = (resolved(alert, facts) for alert in live if alert.trips)
        cancelled = {run.key for one in found for run in one.alert.trips}
        return described(tables, chosen, now, cancelled)

    def choices(self, feed: str) -> dict[str, Any]:
        """Return what a form can offer: routes, stops where trips start, first and last day."""
        return choices(self._feed(feed))

    def cancel(
        self,
        feed: str,
        date: str,
        *,
        by: str,
        cause: str = "WEATHER",
        routes: Sequence[str] = (),
        trips: Sequence[str] = (),
        stop: str = "",
        after: str = "",
        before: str = "",
        starts: Sequence[str] = (),
        header: Text | None = None,
        description: Text | None = None,
        url: str = "",
        once: bool = False,
    ) -> dict[str, Any]:
        """Cancel trips of a service day; those that have arrived by now are left alone.

        Parameters
        ----------
        feed
            Name of the feed.
        date
            Service day, ``YYYY-MM-DD``.
        by
            Who announces it.
        cause
            One of :class:`gtfs.realtime.alert.Cause`.
        routes, trips, stop, after, before
            Which trips: ids of routes and trips, stop id of the first stop, first departure from
            ``after`` and before ``before`` (``H:MM`` of the service day, ``24:10`` too). All
            empty: every trip of the day.
        starts
            Only departures at these times from the first stop: one run of many in
            ``frequencies.txt``.
        header, description
            Instead of the sentences made from the trips.
        once
            Refuse if one of the trips is cancelled already.

        Returns
        -------
        dict
            The announcement as stored, JSON-ready.

        Raises
        ------
        AlertError
            If a value cannot be understood, a trip that is named does not run, no trip is meant,
            all have arrived, or nobody is named.
        """
        tables, now = self._feed(feed), self.now()
        selection = selection_of(date, routes, trips, stop, after, before, starts)
        meant = trips_meant(tables, feed, selection)
        zone = timezone(tables)
        chosen = [t for t in meant if moment(t.date, t.arrival, zone) > now]
        if not chosen:
            raise AlertError(
                f"all trips of {feed} that are meant on {date} have already arrived",
                "arrived",
                ja=f"{feed} の {date} の選ばれた便は、すべてもう着いています。",
            )
        of_routes = frozenset(trip.route_id for trip in chosen)
        everything = len(chosen) == len(select_trips(tables, Selection(selection.date, of_routes)))
        reason = member_of(Cause, cause)
        made = sentences(tables, chosen, reason, everything)
        alert = Alert(
            feed=feed,
            cause=reason,
            effect=Effect.NO_SERVICE if everything else Effect.REDUCED_SERVICE,
            header=header or made[0],
            description=description or made[1],
            url=url,
            starts=now,
            ends=moment(selection.date, max(t.arrival for t in chosen), zone),
            trips=tuple(chosen),
        )
        return self.store.add(alert, by=by, now=now, once=once).as_dict()

    def announce(
        self,
        feed: str,
        *,
        by: str,
        header: Text,
        ends: dt.datetime,
        starts: dt.datetime | None = None,
        cause: str = "OTHER_CAUSE",
        effect: str = "OTHER_EFFECT",
        description: Text | None = None,
        url: str = "",
        routes: Sequence[str] = (),
        stops: Sequence[str] = (),
        once: bool = False,
    ) -> dict[str, Any]:
        """Announce something that cancels no trip: delays, a moved pier, extra sailings.

        With `once`, the same headline until the same moment is refused.

        Raises
        ------
        AlertError
            If a route or stop is not in the feed, a value cannot be understood, or the time is
            over.
        """
        tables = self._feed(feed)
        require_known("route", routes, set(tables.table("routes", "route_id").route_id))
        require_known("stop", stops, set(tables.table("stops", "stop_id").stop_id))
        alert = Alert(
            feed=feed,
            cause=member_of(Cause, cause),
            effect=member_of(Effect, effect),
            header=header,
            description=description or Text(ja=""),
            url=url,
            starts=starts or self.now(),
            ends=ends,
            routes=tuple(routes),
            stops=tuple(stops),
            route_names=tuple(route_names(tables)[route].ja for route in routes),
            stop_names=tuple(stop_names(tables)[stop].ja for stop in stops),
        )
        return self.store.add(alert, by=by, now=self.now(), once=once).as_dict()

    def withdraw(self, number: int, *, by: str) -> dict[str, Any]:
        """Take an announcement back.

        Raises
        ------
        AlertError
            If there is none to take back or nobody is named.
        """
        return self.store.withdraw(number, by=by, now=self.now()).as_dict()

    def active(self, feed: str) -> list[dict[str, Any]]:
        """Return what passengers see now."""
        lost = self._board().orphans(feed)
        return [
            alert.as_dict() | {"orphans": lost.get(alert.id, 0)}
            for alert in self.store.active(feed, now=self.now())
        ]

    def orphans(self, feed: str) -> list[Finding]:
        """Return a warning for each announcement about what the published feed does not have."""
        return [orphan_finding(feed, lost) for lost in self._board().lost(feed)]

    def history(self, feed: str) -> list[dict[str, Any]]:
        """Return who announced and withdrew what and when, newest first."""
        return [
            {
                "alert": act.alert,
                "at": act.at.isoformat(timespec="seconds"),
                "who": act.who,
                "act": act.act,
                "header": act.header,
            }
            for act in self.store.history(feed)
        ]

    def protobuf(self, feed: str) -> bytes:
        """Return the GTFS-Realtime message of a feed, as ``/gtfs/{feed}/alerts.pb`` serves it."""
        return self._message(feed).protobuf

    def json(self, feed: str) -> str:
        """Return the same message as JSON."""
        return self._message(feed).json.decode()

    def _message(self, feed: str) -> Message:
        try:
            return self._board().message(feed)
        except KeyError:
            raise _no_feed(feed) from None

    def _board(self) -> Board:
        return Board(self.store, self.zip_of, now=lambda: self.now().timestamp())

    def _path(self, name: str) -> Path:
        try:
            return self.zip_of(name)
        except KeyError:
            raise _no_feed(name) from None

    def _feed(self, name: str) -> Feed:
        path = self._path(name)
        return _published(path.resolve(), path.stat().st_mtime_ns)


def _no_feed(name: str) -> AlertError:
    return AlertError(
        f"there is no published feed {name!r}",
        "feed",
        ja=f"「{name}」という公開中のフィードはありません。",
    )


@lru_cache(maxsize=4)
def _published(path: Path, _changed: int) -> Feed:
    return read_feed(path).feed
