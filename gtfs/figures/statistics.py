"""What a feed offers: trips, first and last departures and kilometres by type of day.

gtfs-kit measures trips along their shapes; which trips run on a day is decided by our calendar.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyproj import Geod

from gtfs.days.calendar import day_classes, effective_dates
from gtfs.feed.columns import clock
from gtfs.feed.kit import from_kit, to_kit
from gtfs.feed.tables import Feed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

DAY_TYPES = {
    "weekday": ("mon", "tue", "wed", "thu", "fri"),
    "saturday": ("sat",),
    "holiday": ("sun", "holiday"),
}
"""平日, 土曜, 日曜・祝日: the three columns of a Japanese timetable."""
_ELLIPSOID = Geod(ellps="GRS80")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of a feed.

    Attributes
    ----------
    typical
        Type of day to the date that stands for it: the first with the most usual services. Types
        without a date in the feed are missing.
    totals
        One row per type of day: ``day_type, date, trips, km``.
    routes
        One row per route and type of day: ``route_id, day_type, trips, first, last, km``.
    stops
        One row per stop and type of day: ``stop_id, day_type, departures, first, last``. Times
        are seconds of the service day.
    period_km
        Kilometres of service over the whole feed.
    """

    typical: Mapping[str, dt.date]
    totals: pd.DataFrame
    routes: pd.DataFrame
    stops: pd.DataFrame
    period_km: float

    def as_dict(self) -> dict[str, Any]:
        """Return the figures JSON-ready, times as ``HH:MM:SS``."""
        return {
            "period_km": round(self.period_km, 1),
            "day_types": _records(self.totals),
            "routes": _records(self.routes),
            "stops": _records(self.stops),
        }


def statistics(feed: Feed) -> Statistics:
    """Compute the figures of a feed; trips that run every so often count as often as they run."""
    feed = _expanded(feed)
    running = effective_dates(feed)
    trips = _trips(feed)
    typical = typical_dates(running, set(trips.service_id))
    on_day = [
        trips[trips.service_id.isin({s for s, dates in running.items() if day in dates})].assign(
            day_type=name, date=day.isoformat()
        )
        for name, day in typical.items()
    ]
    daily = pd.concat(on_day) if on_day else trips.assign(day_type="", date="").iloc[:0]
    times = feed.table("stop_times", "trip_id", "stop_id", "departure_time", "arrival_time")
    days_of = trips.service_id.map({s: len(dates) for s, dates in running.items()})
    return Statistics(
        typical,
        _totals(daily, typical),
        _by_route(daily),
        _by_stop(daily, times),
        float((trips.km * days_of.astype("float64")).sum()),
    )


def typical_dates(running: Mapping[str, frozenset[dt.date]], used: set[str]) -> dict[str, dt.date]:
    """Return for each type of day the first date on which the most usual services run.

    Parameters
    ----------
    running
        Service id to its dates.
    used
        Services that have trips.
    """
    days = sorted({day for service in used for day in running.get(service, ())})
    classes = day_classes(days)
    services = {day: frozenset(s for s in used if day in running.get(s, ())) for day in days}
    found = {}
    for name, members in DAY_TYPES.items():
        own = [day for day in days if classes[day] in members]
        if own:
            usual = Counter(services[day] for day in own).most_common(1)[0][0]
            found[name] = next(day for day in own if services[day] == usual)
    return found


def trip_kilometres(feed: Feed) -> dict[str, float]:
    """Return the length of every trip in kilometres: along its shape, else from stop to stop.

    One trip per shape and sequence of stops is measured; the others have its length.
    """
    trips = feed.table("trips", "trip_id", "route_id", "shape_id")
    times = feed["stop_times"].sort_values(["trip_id", "stop_sequence"])
    pattern = times.groupby("trip_id").stop_id.agg("\x1f".join)
    keys = trips.shape_id + "\x1e" + trips.trip_id.map(pattern).fillna("")
    chosen = trips[~keys.duplicated()]
    small = Feed({n: feed[n] for n in ("routes", "stops", "shapes") if n in feed and len(feed[n])})
    small["trips"] = chosen
    small["stop_times"] = times[times.trip_id.isin(chosen.trip_id)]
    lengths = _between_stops(small) | _along_shapes(small)
    by_key = dict(zip(keys[chosen.index], chosen.trip_id.map(lengths), strict=True))
    return dict(zip(trips.trip_id, keys.map(by_key).fillna(0.0), strict=True))


def _along_shapes(feed: Feed) -> dict[str, float]:
    if "shapes" not in feed:
        return {}
    stats = to_kit(feed).compute_trip_stats(compute_dist_from_shapes=True)
    measured = stats[stats.distance.notna() & (stats.distance > 0)]
    return dict(zip(measured.trip_id.astype(str), measured.distance.astype(float), strict=True))


def _between_stops(feed: Feed) -> dict[str, float]:
    stops = feed.table("stops", "stop_id", "stop_lat", "stop_lon").set_index("stop_id")
    calls = feed["stop_times"].sort_values(["trip_id", "stop_sequence"])
    where = calls[["trip_id"]].join(stops.reindex(calls.stop_id).set_index(calls.index))
    where = where.dropna(subset=["stop_lat", "stop_lon"])
    same = (where.trip_id == where.trip_id.shift()).to_numpy(dtype=bool)
    lon, lat = where.stop_lon.to_numpy(), where.stop_lat.to_numpy()
    if len(where) < 2:
        return {}
    metres = _ELLIPSOID.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2]
    legs = pd.Series(metres, index=where.index[1:]).where(same[1:], 0.0) / 1000
    return {str(trip): float(km) for trip, km in legs.groupby(where.trip_id.iloc[1:]).sum().items()}


def _expanded(feed: Feed) -> Feed:
    if not len(feed.table("frequencies")):
        return feed
    expanded = from_kit(to_kit(feed).expand_frequencies())
    merged = feed.copy()
    merged["trips"], merged["stop_times"] = expanded["trips"], expanded["stop_times"]
    del merged["frequencies"]
    return merged


def _trips(feed: Feed) -> pd.DataFrame:
    """Return ``trip_id, route_id, service_id, km, first`` of every trip with a time."""
    trips = feed.table("trips", "trip_id", "route_id", "service_id")
    times = feed.table("stop_times", "trip_id", "departure_time", "start_pickup_drop_off_window")
    start = times.departure_time.fillna(times.start_pickup_drop_off_window)
    first = start.groupby(times.trip_id).min()
    trips = trips[["trip_id", "route_id", "service_id"]].assign(
        km=trips.trip_id.map(trip_kilometres(feed)).astype("float64"),
        first=trips.trip_id.map(first).astype("Int64"),
    )
    return trips[trips["first"].notna()]


def _totals(daily: pd.DataFrame, typical: Mapping[str, dt.date]) -> pd.DataFrame:
    rows = daily.groupby("day_type").agg(
        date=("date", "first"), trips=("trip_id", "size"), km=("km", "sum")
    )
    return rows.reindex(list(typical)).reset_index(names="day_type").round({"km": 1})


def _by_route(daily: pd.DataFrame) -> pd.DataFrame:
    rows = daily.groupby(["route_id", "day_type"]).agg(
        trips=("trip_id", "size"), first=("first", "min"), last=("first", "max"), km=("km", "sum")
    )
    return _in_order(rows.reset_index().round({"km": 1}), "route_id")


def _by_stop(daily: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """Count departures; the last stop of a trip is an arrival, not a departure."""
    last = times.groupby("trip_id").stop_sequence.transform("max")
    calls = times[(times.stop_sequence < last) & times.departure_time.notna()]
    served = calls.merge(daily[["trip_id", "day_type"]], on="trip_id")
    rows = served.groupby(["stop_id", "day_type"]).departure_time.agg(["size", "min", "max"])
    names = {"size": "departures", "min": "first", "max": "last"}
    return _in_order(rows.rename(columns=names).reset_index(), "stop_id")


def _in_order(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    place = {name: i for i, name in enumerate(DAY_TYPES)}
    return rows.sort_values(
        [key, "day_type"], key=lambda c: c.map(place) if c.name == "day_type" else c
    ).reset_index(drop=True)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    words = frame.assign(
        **{c: frame[c].map(lambda t: clock(int(t))) for c in ("first", "last") if c in frame}
    )
    records: list[dict[str, Any]] = words.to_dict("records")
    return records
