"""The calls of a feed at which passengers can board, as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from gtfs.realtime.alert import ONCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gtfs.feed.tables import Feed

_NO_BOARDING, _BY_ARRANGEMENT = 1, (2, 3)


@dataclass(frozen=True, slots=True)
class Calls:
    """Departures, one row each, in no particular order.

    Attributes
    ----------
    trip, headsign
        Number of the trip among those given; of the headsign in `headsigns`, -1 for the trip's.
    stop
        Stop ids.
    start
        When the run of a trip of ``frequencies.txt`` starts, -1 for any other trip.
    seconds
        Of the service day, shape (n,).
    approximate
        The time is not exact: interpolated, no timepoint, or a headway.
    arranged
        The passenger has to arrange boarding (telephone or driver).
    headsigns
        Headsigns of single calls.
    """

    trip: NDArray[np.int32]
    stop: NDArray[np.object_]
    start: NDArray[np.int32]
    seconds: NDArray[np.int32]
    approximate: NDArray[np.bool_]
    arranged: NDArray[np.bool_]
    headsign: NDArray[np.int32]
    headsigns: tuple[str, ...]


class _Rows(NamedTuple):
    """Calls in order of trip and sequence, the last of each trip and those without time too."""

    trip: NDArray[np.int64]
    leaves: NDArray[np.float64]
    arrives: NDArray[np.float64]


def boarding_calls(feed: Feed, trips: Mapping[str, int]) -> Calls:
    """Return the calls at which passengers can board.

    The last call of a trip is none, nor one with pickup_type 1, nor one at a zone or group of
    stops (GTFS-Flex). Calls without a time lie evenly between their neighbours that have one;
    trips of ``frequencies.txt`` are written out.

    Parameters
    ----------
    trips
        Number of each trip by id; calls of others are left out.
    """
    columns = ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time")
    table = feed.table("stop_times", *columns, "pickup_type", "stop_headsign", "timepoint")
    trip = table.trip_id.map(trips).to_numpy(dtype="float64", na_value=-1)
    usable = (trip >= 0) & (table.stop_id != "").to_numpy(dtype=bool)
    table, trip = table[usable], trip[usable].astype("int64")
    order = np.lexsort((_numbers(table.stop_sequence), trip))
    table, trip = table.iloc[order], trip[order]
    rows = _Rows(
        trip,
        _numbers(table.departure_time.fillna(table.arrival_time)),
        _numbers(table.arrival_time.fillna(table.departure_time)),
    )
    seconds = _filled(rows)
    pickup = table.pickup_type.fillna(0).to_numpy(dtype="int64")
    last = np.append(trip[1:] != trip[:-1], True) if len(trip) else np.zeros(0, dtype=bool)
    kept = ~last & (pickup != _NO_BOARDING) & ~np.isnan(seconds)
    inexact = np.isnan(rows.leaves) | (table.timepoint.fillna(1) == 0).to_numpy(dtype=bool)
    codes, names = pd.factorize(table.stop_headsign.where(table.stop_headsign != ""))
    plain = Calls(
        trip[kept].astype(np.int32),
        table.stop_id.to_numpy(dtype=object)[kept],
        np.full(int(kept.sum()), ONCE, dtype=np.int32),
        seconds[kept].astype(np.int32),
        inexact[kept],
        np.isin(pickup, _BY_ARRANGEMENT)[kept],
        codes[kept].astype(np.int32),
        tuple(names),
    )
    return _with_frequencies(feed, trips, plain, _first(trip, seconds))


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = column.to_numpy(dtype="float64", na_value=np.nan)
    return numbers


def _filled(rows: _Rows) -> NDArray[np.float64]:
    """Return departures, those without a time between their neighbours in the same trip."""
    known = ~np.isnan(rows.leaves)
    if known.all():
        return rows.leaves
    place = np.arange(len(known))
    before = np.maximum.accumulate(np.where(known, place, -1))
    after = np.minimum.accumulate(np.where(known, place, len(known))[::-1])[::-1]
    gaps = np.flatnonzero(~known & (before >= 0) & (after < len(known)))
    left, right = before[gaps], after[gaps]
    inside = (rows.trip[left] == rows.trip[gaps]) & (rows.trip[right] == rows.trip[gaps])
    gaps, left, right = gaps[inside], left[inside], right[inside]
    share = (gaps - left) / (right - left)
    filled = rows.leaves.copy()
    filled[gaps] = np.round(rows.leaves[left] + share * (rows.arrives[right] - rows.leaves[left]))
    return filled


def _first(trip: NDArray[np.int64], seconds: NDArray[np.float64]) -> dict[int, float]:
    numbers, places = np.unique(trip, return_index=True)
    return dict(zip(numbers.tolist(), seconds[places].tolist(), strict=True))


def _with_frequencies(
    feed: Feed, trips: Mapping[str, int], calls: Calls, first: Mapping[int, float]
) -> Calls:
    columns = ("trip_id", "start_time", "end_time", "headway_secs", "exact_times")
    table = feed.table("frequencies", *columns)
    table = table[table.trip_id.isin(trips.keys())].dropna(subset=list(columns[1:4]))
    if not len(table):
        return calls
    repeated = table.trip_id.map(trips)
    parts = [_chosen(calls, np.flatnonzero(~np.isin(calls.trip, repeated)))]
    for row, number in zip(table.to_dict("records"), repeated, strict=True):
        starts = np.arange(row["start_time"], row["end_time"], max(int(row["headway_secs"]), 1))
        rows = np.flatnonzero(calls.trip == number)
        shift = np.repeat(starts, len(rows)) - first[number]
        exact = not pd.isna(row["exact_times"]) and row["exact_times"] == 1
        part = _chosen(calls, np.tile(rows, len(starts)))
        seconds = (part.seconds + shift).astype(np.int32)
        inexact = part.approximate | (not exact)
        runs = np.repeat(starts, len(rows)).astype(np.int32)
        parts.append(replace(part, start=runs, seconds=seconds, approximate=inexact))
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS
    }
    return replace(calls, **joined)


_COLUMNS = ("trip", "stop", "start", "seconds", "approximate", "arranged", "headsign")


def _chosen(calls: Calls, rows: NDArray[np.int64]) -> Calls:
    chosen: dict[str, Any] = {name: getattr(calls, name)[rows] for name in _COLUMNS}
    return replace(calls, **chosen)
