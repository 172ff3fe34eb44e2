"""What a timetable says, freed from its layout: trips with calls, each with its cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.base import Text
    from pipeline.config.feed_parts import Period

    Integers = NDArray[np.int64]

BOARD_ONLY, ALIGHT_ONLY = 1, 2
"""What a call is limited to (乗車専用, 降車専用)."""


@dataclass(frozen=True, kw_only=True)
class Trip(ABC):
    """What every trip has, by the clock or on demand.

    Attributes
    ----------
    file, sheet, cell
        Where it stands; `cell` is its first time.
    name
        What the timetable calls it, e.g. ``1便``; may be empty.
    route, direction, headsign
        As declared for its table.
    day_type
        Name of a declared day type.
    marks
        Footnote marks that change its days or its note, sorted and once each.
    valid
        Period of this revision of the timetable; None: the whole feed.
    """

    file: str
    sheet: str
    cell: str
    name: str
    route: str
    direction: int
    headsign: Text | None
    day_type: str
    marks: tuple[str, ...]
    valid: Period | None

    @property
    @abstractmethod
    def starts(self) -> int:
        """Seconds of its first departure."""

    @property
    @abstractmethod
    def last_stop(self) -> str:
        """Id of its last stop; empty if it has no single one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceTrip(Trip):
    """One column (or row) of a timetable: all arrays have one item per stop.

    Attributes
    ----------
    stop_ids
        The stops in order: the pattern of the trip.
    arrivals, departures
        Seconds of the service day; the same where the timetable gives one time.
    arrival_cells, departure_cells
        The cells these stand in, as :func:`gtfs.timetable.grid.cell_code` numbers them.
    limits
        :data:`BOARD_ONLY`, :data:`ALIGHT_ONLY` or 0 at each stop.
    """

    stop_ids: tuple[str, ...]
    arrivals: Integers
    departures: Integers
    arrival_cells: Integers
    departure_cells: Integers
    limits: Integers

    @property
    def starts(self) -> int:
        """Seconds of its first departure."""
        return int(self.departures[0])

    @property
    def last_stop(self) -> str:
        """Id of its last stop."""
        return self.stop_ids[-1]

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Whether the timetable itself gives the time of a call."""
        return np.ones(len(self.stop_ids), dtype=np.bool_)


@dataclass(frozen=True, kw_only=True, eq=False)
class PoleTrip(SourceTrip):
    """One departure of a pole timetable with the run times of its pattern.

    Attributes
    ----------
    pattern
        Name of the pattern.
    at
        Which of its calls is the departure; all cells of the trip are this one's.
    """

    pattern: str
    at: int

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Whether the pole itself gives the time of a call: it does at its own stop alone."""
        return np.equal(np.arange(len(self.stop_ids)), self.at)
