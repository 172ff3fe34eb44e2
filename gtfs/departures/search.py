"""What departs next from a stop, by the arrays of an index."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from gtfs.departures.index import Index
    from gtfs.realtime.alert import RunKey
    from pipeline.config.base import Text

DAY = 86_400
WEEK_AHEAD = 8
"""Days looked through for a line that runs seldom; a stop where nothing runs is looked through to
the end of the feed."""
MOST_CANCELLED = 300
"""So many cancelled departures are listed beside those that run."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One departure from a pole.

    Attributes
    ----------
    time
        With the feed's time zone.
    date
        Service day; the day before for a boat at 24:10.
    trip_id, route_id, stop_id
        Ids of the feed.
    route, headsign, platform
        As passengers read them.
    cancelled
        It does not run.
    approximate
        The time is not exact.
    arranged
        Boarding has to be arranged with the operator or the driver.
    """

    time: dt.datetime
    date: dt.date
    trip_id: str
    route_id: str
    stop_id: str
    route: Text
    headsign: Text
    platform: str
    cancelled: bool
    approximate: bool
    arranged: bool


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What departs from a stop from a moment on.

    Attributes
    ----------
    at
        The moment, in the feed's time zone.
    departures
        In order of time.
    first, last
        Service days the timetable answers for; None for a feed without service.
    boarding
        Whether anything ever departs here.
    version
        Version of the feed.
    """

    at: dt.datetime
    departures: tuple[Departure, ...]
    first: dt.date | None
    last: dt.date | None
    boarding: bool
    version: str


@dataclass(frozen=True, slots=True)
class _Found:
    """Departures of one service day: rows of the index and moments in seconds since 1970."""

    date: dt.date
    rows: NDArray[np.int64]
    moments: NDArray[np.int64]


def upcoming(
    index: Index,
    stop_id: str,
    at: dt.datetime,
    *,
    limit: int = 0,
    per_line: int = 0,
    cancelled: Collection[RunKey] = (),
) -> Upcoming:
    """Return the next departures from a stop or pole, at `at` or later.

    Parameters
    ----------
    stop_id
        A stop answers for all its poles.
    at
        With time zone.
    limit
        So many that run; cancelled ones between them are listed too. 0: see `per_line`.
    per_line
        So many that run of each route and headsign, within eight days.
    cancelled
        Keys of what does not run.

    Raises
    ------
    KeyError
        If the feed has no such stop.
    """
    stop = index.stops[stop_id]
    poles = [pole for pole in stop.poles if pole in index.spans]
    rows = np.concatenate(
        [np.empty(0, dtype=np.int64), *(np.arange(*index.spans[pole]) for pole in poles)]
    )
    local = at.astimezone(index.zone)
    wanted = _Wanted(index, rows, limit, per_line, cancelled)
    waiting: list[tuple[int, int, dt.date]] = []
    for found, settled in _days(index, rows, local):
        pairs = zip(found.moments.tolist(), found.rows.tolist(), strict=True)
        waiting += [(moment, row, found.date) for moment, row in pairs]
        waiting.sort()
        # A boat at 24:10 and one at 0:05 of the next service day change places, so a service day
        # is settled only up to the beginning of the next.
        due = [w for w in waiting if w[0] < settled]
        del waiting[: len(due)]
        if wanted.take(due, (found.date - local.date()).days):
            break
    else:
        wanted.take(waiting, 0)
    listed = _described(index, wanted.chosen, poles, cancelled)
    return Upcoming(local, tuple(listed), index.first, index.last, bool(len(rows)), index.version)


class _Wanted:
    """Chooses departures in order of time until there are enough."""

    def __init__(
        self,
        index: Index,
        rows: NDArray[np.int64],
        limit: int,
        per_line: int,
        cancelled: Collection[RunKey],
    ) -> None:
        self._index, self._limit, self._per_line = index, limit, per_line
        self._cancelled = cancelled
        self._lines = len(set(_lines(index, rows).tolist())) if per_line else 1
        self._running: dict[int, int] = defaultdict(int)
        self._refused = 0
        self.chosen: list[tuple[int, int, dt.date]] = []

    def take(self, due: Sequence[tuple[int, int, dt.date]], days: int) -> bool:
        """Choose from what is due and tell whether that is enough, `days` after the question."""
        enough = self._per_line or self._limit
        index = self._index
        for moment, row, date in due:
            line = _line(index, row) if self._per_line else 0
            if self._running[line] >= enough:
                continue
            if self._cancelled and _key(index, row, date) in self._cancelled:
                self._refused += 1
                if self._refused > MOST_CANCELLED:
                    continue
            else:
                self._running[line] += 1
            self.chosen.append((moment, row, date))
        full = sum(count >= enough for count in self._running.values())
        tired = self._per_line and days >= WEEK_AHEAD and any(self._running.values())
        return full >= self._lines or bool(tired)


def _key(index: Index, row: int, date: dt.date) -> RunKey:
    return (date, index.trips[index.trip[row]], int(index.start[row]))


def _line(index: Index, row: int) -> int:
    return int(index.route_of[index.trip[row]]) * len(index.headsigns) + int(index.headsign[row])


def _lines(index: Index, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    routes = index.route_of[index.trip[rows]].astype(np.int64)
    return routes * len(index.headsigns) + index.headsign[rows]


def _days(index: Index, rows: NDArray[np.int64], at: dt.datetime) -> Iterator[tuple[_Found, int]]:
    """Yield what departs on each service day, and up to which moment that is settled."""
    if index.first is None or index.last is None or not len(rows):
        return
    seconds = index.seconds[rows]
    services = index.service_of[index.trip[rows]]
    asked = int(at.timestamp())
    day = max(index.first, at.date() - dt.timedelta(days=index.longest // DAY + 1))
    while day <= index.last:
        begins = _begins(day, index.zone)
        leaving = index.runs[services, (day - index.first).days] & (begins + seconds >= asked)
        chosen = np.flatnonzero(leaving)
        following = day + dt.timedelta(days=1)
        yield (
            _Found(day, rows[chosen], begins + seconds[chosen].astype(np.int64)),
            _begins(following, index.zone),
        )
        day = following


def _begins(day: dt.date, zone: dt.tzinfo) -> int:
    """Return the beginning of a service day, noon less twelve hours, in seconds since 1970."""
    return int(dt.datetime.combine(day, dt.time(12), tzinfo=zone).timestamp()) - DAY // 2


def _described(
    index: Index,
    chosen: Sequence[tuple[int, int, dt.date]],
    poles: Sequence[str],
    cancelled: Collection[RunKey],
) -> Iterator[Departure]:
    spans = [(index.spans[pole], pole) for pole in poles]
    for moment, row, date in chosen:
        trip = int(index.trip[row])
        pole = next(pole for (first, behind), pole in spans if first <= row < behind)
        route = int(index.route_of[trip])
        yield Departure(
            time=dt.datetime.fromtimestamp(moment, tz=index.zone),
            date=date,
            trip_id=index.trips[trip],
            route_id=index.route_ids[route] if route < len(index.route_ids) else "",
            stop_id=pole,
            route=index.routes[route],
            headsign=index.headsigns[index.headsign[row]],
            platform=index.stops[pole].platform if pole in index.stops else "",
            cancelled=_key(index, row, date) in cancelled,
            approximate=bool(index.approximate[row]),
            arranged=bool(index.arranged[row]),
        )
