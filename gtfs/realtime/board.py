"""What passengers and journey planners see now: the reading side, made to be asked often.

Journey planners ask every half minute, several server processes answer. Everything is kept in
memory until the store or the feed changes, and all processes say the same to the byte: the message
is a function of the store, the feed and the half minute.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.errors import AlertError
from gtfs.realtime.facts import Facts, identity
from gtfs.realtime.identity import resolved
from gtfs.realtime.message import feed_message, message_bytes, message_json
from gtfs.realtime.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gtfs.realtime.alert import Alert, RunKey
    from gtfs.realtime.facts import Identity
    from gtfs.realtime.identity import Resolved
    from gtfs.realtime.store import AlertStore
    from gtfs.realtime.watch import Version

REFRESH_SECONDS = 30
"""A message says at least this often that it is still true (GTFS Realtime Best Practices)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One GTFS-Realtime message as it is served.

    Attributes
    ----------
    protobuf, json
        The same content in both forms.
    timestamp
        ``header.timestamp``, seconds since 1970.
    """

    protobuf: bytes
    json: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class _Loaded:
    version: Version
    live: tuple[Alert, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class _Made:
    shown: tuple[Alert, ...]
    identity: Identity
    message: Message


class Board:
    """Announcements as they are shown.

    Parameters
    ----------
    store
        Where they are kept; other processes write to it.
    zip_of
        Gives the published zip of a feed by its name; raises KeyError for an unknown one.
    since
        Gives the moment since which these zips are the published ones, seconds since 1970.
    now
        Gives the present moment, seconds since 1970.
    """

    def __init__(
        self,
        store: AlertStore,
        zip_of: Callable[[str], Path],
        *,
        since: Callable[[], float] = lambda: 0.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._zip_of, self._since, self._now = store, zip_of, since, now
        self._watch = Watch(store.path)
        self._lock = threading.Lock()
        self._loaded: dict[str, _Loaded] = {}
        self._made: dict[str, _Made] = {}
        self._facts: dict[str, tuple[Identity, Facts]] = {}
        self._found: dict[str, tuple[Identity, dict[Alert, Resolved]]] = {}

    def alerts(self, feed: str) -> tuple[Alert, ...]:
        """Return what passengers see now, oldest first.

        Raises
        ------
        AlertError
            If the store cannot be read.
        """
        now = dt.datetime.fromtimestamp(self._now(), tz=dt.UTC)
        return tuple(alert for alert in self._load(feed).live if alert.shown_at(now))

    def live(self, feed: str) -> tuple[Alert, ...]:
        """Return also what has yet to begin; neither what is over nor what is withdrawn."""
        now = dt.datetime.fromtimestamp(self._now(), tz=dt.UTC)
        return tuple(alert for alert in self._load(feed).live if alert.ends > now)

    def cancelled(self, feed: str) -> frozenset[RunKey]:
        """Return the key of every run that is cancelled, in the feed published now."""
        shown = tuple(alert for alert in self.alerts(feed) if alert.trips)
        return frozenset(
            trip.key for found in self._resolved(feed, shown) for trip in found.alert.trips
        )

    def message(self, feed: str) -> Message:
        """Return the complete state of a feed as a GTFS-Realtime message.

        Raises
        ------
        KeyError
            If no such feed is published.
        AlertError, FeedUnreadable
            If the store or the feed cannot be read.
        """
        path = self._zip_of(feed)
        known = identity(path)
        shown = self.alerts(feed)
        timestamp = self._timestamp(feed)
        made = self._made.get(feed)
        if (
            made is None
            or made.message.timestamp != timestamp
            or made.identity != known
            or made.shown != shown
        ):
            facts = self._facts_of(feed, path, known)
            made = _Made(shown, known, _message(shown, timestamp, facts))
            self._made[feed] = made
        return made.message

    def orphans(self, feed: str) -> dict[int, int]:
        """Count, by announcement, trips, routes and stops the feed does not have (any more).

        They cannot be told to journey planners: an id nobody knows would void the message, and
        one that was given to something else would be believed.
        """
        return {found.alert.id: found.orphans for found in self.lost(feed)}

    def lost(self, feed: str) -> tuple[Resolved, ...]:
        """Return the announcements, also those to come, with something the feed does not have."""
        return tuple(found for found in self._resolved(feed, self.live(feed)) if found.orphans)

    def _resolved(self, feed: str, alerts: tuple[Alert, ...]) -> tuple[Resolved, ...]:
        about = tuple(alert for alert in alerts if alert.trips or alert.routes or alert.stops)
        if not about:
            return ()
        path = self._zip_of(feed)
        known = identity(path)
        kept = self._found.get(feed)
        if kept is None or kept[0] != known:
            kept = (known, {})
            self._found[feed] = kept
        facts = self._facts_of(feed, path, known)
        for alert in about:
            if alert not in kept[1]:
                kept[1][alert] = resolved(alert, facts)
        return tuple(kept[1][alert] for alert in about)

    def _load(self, feed: str) -> _Loaded:
        with self._lock:
            try:
                version = self._watch.version()
            except sqlite3.Error as error:
                raise AlertError(
                    f"{self._store.path.name} cannot be read: {error}",
                    ja=f"お知らせの記録 {self._store.path.name} が読めません（{error}）。",
                ) from None
            loaded = self._loaded.get(feed)
            if loaded is None or loaded.version != version:
                now = dt.datetime.fromtimestamp(self._now(), tz=dt.UTC)
                changed = self._store.changed(feed, now=now)
                live = tuple(self._store.live(feed, now=now))
                loaded = _Loaded(version, live, int(changed.timestamp()) if changed else 0)
                self._loaded[feed] = loaded
            return loaded

    def _timestamp(self, feed: str) -> int:
        """Return the moment a message of now bears.

        It never decreases and changes with the content, whichever process answers. Moments of the
        store are whole seconds, so what happened within a second counts from its end.
        """
        now, loaded = int(self._now()), self._load(feed)
        edges = [
            int(edge.timestamp()) for alert in loaded.live for edge in (alert.starts, alert.ends)
        ]
        changed = max([loaded.changed, int(self._since()), *(e for e in edges if e <= now)])
        return max(now - now % REFRESH_SECONDS, changed + 1)

    def _facts_of(self, feed: str, path: Path, known: Identity) -> Facts:
        kept = self._facts.get(feed)
        if kept is None or kept[0] != known:
            kept = (known, Facts(path))
            self._facts[feed] = kept
        return kept[1]


def _message(shown: tuple[Alert, ...], timestamp: int, facts: Facts) -> Message:
    told = [resolved(alert, facts).told for alert in shown]
    made = feed_message(
        [alert for alert in told if alert is not None],
        now=dt.datetime.fromtimestamp(timestamp, tz=dt.UTC),
        feed_version=facts.version,
        agency_id=facts.agency_id,
    )
    return Message(message_bytes(made), message_json(made).encode(), timestamp)
