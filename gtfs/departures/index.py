"""A feed as arrays that answer what departs next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gtfs.days.calendar import effective_dates
from gtfs.departures.calls import boarding_calls
from gtfs.departures.stops import stops_of
from gtfs.feed.translations import english_names
from gtfs.realtime.trips import timezone
from pipeline.config.base import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gtfs.departures.calls import Calls
    from gtfs.departures.stops import Stop
    from gtfs.feed.tables import Feed


@dataclass(frozen=True, slots=True)
class Index:
    """Departures of a feed in order of stop and time, and what they refer to by number.

    Attributes
    ----------
    version, zone
        ``feed_version`` and time zone.
    first, last
        Service days the feed answers for, both included: those of ``feed_info.txt``, else those
        on which anything runs; None for a feed without service.
    runs
        Whether a service runs on a day, shape (services + 1, days from `first`); the last row
        belongs to trips whose service no calendar has.
    spans
        First row and the row behind the last of each stop id.
    seconds, trip, start, headsign, approximate, arranged
        Columns of the departures, shape (n,); `headsign` numbers `headsigns`.
    trips
        Trip ids; `route_of` and `service_of` give the numbers of route and service of each.
    routes, route_ids, headsigns
        What the numbers mean.
    longest
        Latest departure in seconds of the service day: how far back a service day reaches.
    stops
        Stops and poles by id.
    """

    version: str
    zone: dt.tzinfo
    first: dt.date | None
    last: dt.date | None
    runs: NDArray[np.bool_]
    spans: Mapping[str, tuple[int, int]]
    seconds: NDArray[np.int32]
    trip: NDArray[np.int32]
    start: NDArray[np.int32]
    headsign: NDArray[np.int32]
    approximate: NDArray[np.bool_]
    arranged: NDArray[np.bool_]
    trips: Sequence[str]
    route_of: NDArray[np.int32]
    service_of: NDArray[np.int32]
    routes: Sequence[Text]
    route_ids: Sequence[str]
    headsigns: Sequence[Text]
    longest: int
    stops: Mapping[str, Stop]

    def nbytes(self) -> int:
        """Return the bytes of the arrays."""
        names = ("runs", "seconds", "trip", "start", "headsign", "approximate", "arranged")
        return sum(getattr(self, n).nbytes for n in (*names, "route_of", "service_of"))


def build_index(feed: Feed) -> Index:
    """Put the departures of a feed in order.

    Raises
    ------
    FeedUnreadable
        If a date of the calendar cannot be read.
    """
    trips = feed.table("trips", "trip_id", "route_id", "service_id", "trip_headsign")
    calls = boarding_calls(feed, {trip: n for n, trip in enumerate(trips.trip_id)})
    services, first, last, runs = _calendar(feed)
    stop_codes, stop_ids = pd.factorize(calls.stop, sort=True)
    order = np.lexsort((calls.trip, calls.seconds, stop_codes))
    bounds = np.searchsorted(stop_codes[order], np.arange(len(stop_ids) + 1))
    headsign, headsigns = _headsigns(feed, trips, calls)
    route_ids, routes = _routes(feed)
    versions = feed.table("feed_info", "feed_version").feed_version
    return Index(
        version=versions.iloc[0] if len(versions) else "",
        zone=timezone(feed),
        first=first,
        last=last,
        runs=runs,
        spans={s: (int(bounds[i]), int(bounds[i + 1])) for i, s in enumerate(stop_ids)},
        seconds=calls.seconds[order],
        trip=calls.trip[order],
        start=calls.start[order],
        headsign=headsign[order],
        approximate=calls.approximate[order],
        arranged=calls.arranged[order],
        trips=list(trips.trip_id),
        route_of=_numbered(trips.route_id, route_ids),
        service_of=_numbered(trips.service_id, services),
        routes=routes,
        route_ids=route_ids,
        headsigns=headsigns,
        longest=int(calls.seconds.max()) if len(calls.seconds) else 0,
        stops=stops_of(feed),
    )


def _numbered(column: pd.Series, known: Sequence[str]) -> NDArray[np.int32]:
    numbers = column.map({key: n for n, key in enumerate(known)})
    filled: NDArray[np.int32] = numbers.fillna(len(known)).to_numpy(dtype=np.int32)
    return filled


def _calendar(
    feed: Feed,
) -> tuple[list[str], dt.date | None, dt.date | None, NDArray[np.bool_]]:
    dates = effective_dates(feed)
    info = feed.table("feed_info", "feed_start_date", "feed_end_date")
    days = [day for running in dates.values() for day in running]
    if not days:
        return list(dates), None, None, np.zeros((len(dates) + 1, 0), dtype=bool)
    first = _day(info.feed_start_date) or min(days)
    last = _day(info.feed_end_date) or max(days)
    runs = np.zeros((len(dates) + 1, max((last - first).days + 1, 0)), dtype=bool)
    for number, running in enumerate(dates.values()):
        columns = np.array([(day - first).days for day in running], dtype=np.int64)
        runs[number, columns[(columns >= 0) & (columns < runs.shape[1])]] = True
    return list(dates), first, last, runs


def _day(column: pd.Series) -> dt.date | None:
    text = column.iloc[0] if len(column) else ""
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None  # absent, or what the validators report


def _routes(feed: Feed) -> tuple[list[str], list[Text]]:
    routes = feed.table("routes", "route_id", "route_short_name", "route_long_name")
    short = english_names(feed, "routes", "route_short_name")
    long = english_names(feed, "routes", "route_long_name")
    names = []
    for row in routes.to_dict("records"):
        key, brief, full = row["route_id"], row["route_short_name"], row["route_long_name"]
        ja = " ".join(filter(None, (brief, full)))
        en = " ".join(filter(None, (short(key, brief), long(key, full))))
        names.append(Text(ja=ja or key, en="" if en == ja else en))
    # The last name belongs to trips whose route the feed does not have.
    return list(routes.route_id), [*names, Text(ja="")]


def _headsigns(
    feed: Feed, trips: pd.DataFrame, calls: Calls
) -> tuple[NDArray[np.int32], list[Text]]:
    """Return the headsign of each call: its own, else the trip's, else where the trip ends."""
    english = english_names(feed, "trips", "trip_headsign")
    own = english_names(feed, "stop_times", "stop_headsign")
    ends = _Destinations(feed)
    numbers: dict[Text, int] = {}
    of_trip = np.array(
        [
            numbers.setdefault(
                Text(ja=said, en=_other(english(trip, said), said)) if said else ends(trip),
                len(numbers),
            )
            for trip, said in zip(trips.trip_id, trips.trip_headsign, strict=True)
        ],
        dtype=np.int32,
    )
    of_call = np.array(
        [
            numbers.setdefault(Text(ja=said, en=_other(own("", said), said)), len(numbers))
            for said in calls.headsigns
        ],
        dtype=np.int32,
    )
    chosen = of_trip[calls.trip]
    special = calls.headsign >= 0
    chosen[special] = of_call[calls.headsign[special]]
    return chosen, list(numbers)


class _Destinations:
    """The name of the last stop of a trip, looked up only for trips without a headsign."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._names: Mapping[str, Text] | None = None

    def __call__(self, trip: str) -> Text:
        if self._names is None:
            times = self._feed.table("stop_times", "trip_id", "stop_id", "stop_sequence")
            last = times.sort_values("stop_sequence").groupby("trip_id").stop_id.last()
            stops = stops_of(self._feed)
            self._names = {t: stops[s].name for t, s in last.items() if s in stops}
        return self._names.get(trip, Text(ja=""))


def _other(en: str, ja: str) -> str:
    return "" if en == ja else en
