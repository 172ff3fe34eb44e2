"""What a timetable says, freed from its layout: trips with calls, each with its cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipeline.config.base import Text
    from pipeline.config.feed_parts import Period


class Call(NamedTuple):
    """A trip at a stop; times are seconds of the service day.

    The two cells are the same where the timetable gives one time.
    """

    stop_id: str
    arrival: int
    departure: int
    arrival_cell: str
    departure_cell: str


@dataclass(frozen=True, kw_only=True)
class Trip:
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
    def starts(self) -> int:
        """Seconds of its first departure."""
        raise NotImplementedError

    @property
    def last_stop(self) -> str:
        """Id of its last stop; empty if it has no single one."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class SourceTrip(Trip):
    """One column (or row) of a timetable.

    Attributes
    ----------
    calls
        In order.
    stop_ids
        The stops of the calls: the pattern of the trip.
    """

    calls: tuple[Call, ...]
    stop_ids: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stop_ids", tuple(call.stop_id for call in self.calls))

    @property
    def starts(self) -> int:
        """Seconds of its first departure."""
        return self.calls[0].departure

    @property
    def last_stop(self) -> str:
        """Id of its last stop."""
        return self.calls[-1].stop_id
