"""The times of a matrix, all at once: what every cell says, and where times go back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gtfs.timetable.clock import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gtfs.timetable.clock import CellReader, Reading
    from gtfs.timetable.lines import Lines, StopLine
    from gtfs.timetable.trips import Integers

    Mask = NDArray[np.bool_]

NONE = -1
"""Stands where a cell holds no time."""


@dataclass(frozen=True)
class Times:
    """Arrivals and departures of all trips of a matrix; arrays have shape (trips, stops).

    Attributes
    ----------
    stops
        The stop lines, in order.
    arrivals, departures
        Seconds of the service day, :data:`NONE` where the trip does not stop. Where a stop has
        two lines and one of them is empty, the other says both.
    arrival_cells, departure_cells
        The cells these stand in, as :func:`gtfs.timetable.grid.cell_code` numbers them.
    odd
        Cells that cannot be read or have marks glued to a time, by the position of the trip.
    moved
        How many times were moved past midnight.
    """

    stops: Sequence[StopLine]
    arrivals: Integers
    departures: Integers
    arrival_cells: Integers
    departure_cells: Integers
    odd: Mapping[int, list[tuple[int, Reading]]]
    moved: int

    @cached_property
    def stopping(self) -> Mask:
        """Which trip stops where."""
        stopping: Mask = self.departures != NONE
        return stopping

    @cached_property
    def before(self) -> Integers:
        """The latest time of the trip before each stop; 0 before the first."""
        latest = np.maximum.accumulate(np.maximum(self.departures, 0), axis=1)
        return np.concatenate([np.zeros_like(latest[:, :1]), latest[:, :-1]], axis=1)

    @cached_property
    def backwards(self) -> Mask:
        """Where a time is earlier than one before it."""
        earlier = (self.arrivals < self.before) | (self.departures < self.arrivals)
        return self.stopping & earlier

    @property
    def all_fall(self) -> bool:
        """Whether every trip has three calls or more and each is earlier than the one before."""
        never = np.iinfo(np.int64).max
        lowest = np.minimum.accumulate(np.where(self.stopping, self.departures, never), axis=1)
        falls = self.stopping[:, 1:] & (self.arrivals[:, 1:] < lowest[:, :-1])
        calls = self.stopping.sum(axis=1)
        # The first call of a trip is below the sign for "no call yet".
        first = self.stopping[:, 0].astype(np.int64)
        return bool(len(calls)) and bool(((calls > 2) & (falls.sum(axis=1) + first == calls)).all())


def read_times(
    lines: Lines, stops: Sequence[StopLine], reader: CellReader, day_starts: int
) -> Times:
    """Read every cell where a trip line crosses a stop line.

    Parameters
    ----------
    day_starts
        Seconds before which a time belongs to the night before.
    """
    used = sorted({line for stop in stops for line in (stop.arrival, stop.departure)})
    trips = np.array(lines.trip_lines, dtype=np.int64)
    numbers = np.array([reader.number(lines.along(line)) for line in used], dtype=np.int64)
    numbers = numbers.reshape(len(used), len(trips)).T
    codes = lines.codes(trips[:, None], np.array(used, dtype=np.int64))
    seconds = _seconds(reader.readings)[numbers]
    early = (seconds != NONE) & (seconds < day_starts)
    seconds = seconds + np.where(early, DAY, 0)
    first = np.searchsorted(used, np.array([s.arrival for s in stops], dtype=np.int64))
    last = np.searchsorted(used, np.array([s.departure for s in stops], dtype=np.int64))
    arrive, leave = seconds[:, first], seconds[:, last]
    return Times(
        stops=stops,
        arrivals=np.where(arrive == NONE, leave, arrive),
        departures=np.where(leave == NONE, arrive, leave),
        arrival_cells=np.where(arrive == NONE, codes[:, last], codes[:, first]),
        departure_cells=np.where(leave == NONE, codes[:, first], codes[:, last]),
        odd=_odd(reader.readings, numbers, codes),
        moved=int(early.sum()),
    )


def _seconds(readings: Sequence[Reading]) -> Integers:
    return np.array([NONE if r.seconds is None else r.seconds for r in readings], dtype=np.int64)


def _odd(
    readings: Sequence[Reading], numbers: Integers, codes: Integers
) -> dict[int, list[tuple[int, Reading]]]:
    """Return what has to be looked at one by one, by the position of the trip."""
    is_odd = np.array([r.unreadable or bool(r.marks) for r in readings], dtype=bool)
    found: dict[int, list[tuple[int, Reading]]] = defaultdict(list)
    for trip, line in np.argwhere(is_odd[numbers]):
        found[int(trip)].append((int(codes[trip, line]), readings[numbers[trip, line]]))
    return found
