"""The indexes of the feeds being served, each made once until the feed changes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pyarrow as pa

from gtfs.departures.index import build_index
from gtfs.departures.search import upcoming
from gtfs.feed.read import read_feed
from gtfs.realtime.facts import identity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from gtfs.departures.index import Index
    from gtfs.departures.search import Upcoming
    from gtfs.departures.stops import Stop
    from gtfs.realtime.facts import Identity


class Timetables:
    """Departures of published feeds, for threads that ask at once.

    Parameters
    ----------
    zip_of
        Gives the published zip of a feed by its name; raises KeyError for an unknown one.
    cancelled
        Gives service day and trip id of what does not run.
    """

    def __init__(
        self,
        zip_of: Callable[[str], Path],
        cancelled: Callable[[str], Collection[tuple[dt.date, str, int]]],
    ) -> None:
        self._zip_of, self._cancelled = zip_of, cancelled
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._made: dict[str, tuple[Identity, Index]] = {}

    def stops(self, feed: str) -> Mapping[str, Stop]:
        """Return stops and poles by id, in the order of their names; KeyError without the feed."""
        return self._index(feed).stops

    def stops_with_departures(self, feed: str) -> Collection[str]:
        """Return ids of the poles from which anything departs."""
        return self._index(feed).spans.keys()

    def upcoming(
        self, feed: str, stop_id: str, at: dt.datetime, *, limit: int = 0, per_line: int = 0
    ) -> Upcoming:
        """Return the next departures from a stop; see :func:`gtfs.departures.search.upcoming`.

        Raises
        ------
        KeyError
            If there is no such feed or stop.
        FeedUnreadable, AlertError
            If the feed or the cancellations cannot be read.
        """
        return upcoming(
            self._index(feed),
            stop_id,
            at,
            limit=limit,
            per_line=per_line,
            cancelled=self._cancelled(feed),
        )

    def _index(self, feed: str) -> Index:
        path = self._zip_of(feed)
        known = identity(path)
        made = self._made.get(feed)
        if made is None or made[0] != known:
            with self._lock:
                lock = self._locks.setdefault(feed, threading.Lock())
            with lock:  # whoever comes second waits for the index instead of making another
                made = self._made.get(feed)
                if made is None or made[0] != known:
                    made = (known, build_index(read_feed(path).feed))
                    self._made[feed] = made
                    # The tables are gone; a server process lives on and should not keep their room.
                    pa.default_memory_pool().release_unused()
        return made[1]
