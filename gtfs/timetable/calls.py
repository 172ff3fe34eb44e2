"""The calls of one trip of a matrix, in the order it makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gtfs.timetable.times import Times
    from gtfs.timetable.trips import Integers


@dataclass(frozen=True, slots=True)
class Calls:
    """Where and when a trip calls; arrays have one item per call.

    Attributes
    ----------
    at
        Which of the stops of the matrix.
    wrapped
        The trip starts in the middle of the list and goes on from its top.
    """

    at: Integers
    arrivals: Integers
    departures: Integers
    arrival_cells: Integers
    departure_cells: Integers
    wrapped: bool = False

    @classmethod
    def of(cls, times: Times, number: int) -> Calls:
        """Return the calls of a trip in the order of the sheet."""
        at = np.flatnonzero(times.stopping[number])
        return cls(
            at,
            times.arrivals[number, at],
            times.departures[number, at],
            times.arrival_cells[number, at],
            times.departure_cells[number, at],
        )

    def far_from_end(self, times: Times) -> bool:
        """Tell whether a wrapped trip starts two calls or more before the end of the list.

        What starts in its last line is rather a wrong time.
        """
        return int((self.at >= self.at[0]).sum()) > 1 and int(self.at[0]) < len(times.stops) - 1


def wrapped_calls(times: Times, number: int) -> Calls | None:
    """Return the calls of a trip whose times go back once, from there on; None for other trips.

    Where the list ends with its first stop again, both lines are one call: the trip arrives in
    the last line and departs in the first.
    """
    calls = Calls.of(times, number)
    falls = np.flatnonzero(calls.arrivals[1:] < calls.departures[:-1])
    waits = bool((calls.departures >= calls.arrivals).all())
    if len(falls) != 1 or not waits or calls.departures[-1] > calls.arrivals[0]:
        return None
    order = np.roll(np.arange(len(calls.at)), -int(falls[0]) - 1)
    seam = len(order) - int(falls[0]) - 2  # position of the last line of the list
    last, first = order[seam], order[seam + 1]
    stops = times.stops
    again = stops[calls.at[last]].stop_id == stops[calls.at[first]].stop_id
    arrive = np.delete(order, seam + 1) if again else order
    leave = np.delete(order, seam) if again else order
    return Calls(
        calls.at[leave],
        calls.arrivals[arrive],
        calls.departures[leave],
        calls.arrival_cells[arrive],
        calls.departure_cells[leave],
        wrapped=True,
    )
