"""One announcement and what it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pipeline.config.base import Text

if TYPE_CHECKING:
    import datetime as dt


class Cause(StrEnum):
    """Why: the causes of GTFS-Realtime an operator here can choose from."""

    WEATHER = "WEATHER"
    TECHNICAL_PROBLEM = "TECHNICAL_PROBLEM"
    MAINTENANCE = "MAINTENANCE"
    ACCIDENT = "ACCIDENT"
    CONSTRUCTION = "CONSTRUCTION"
    SPECIAL_EVENT = "SPECIAL_EVENT"
    STRIKE = "STRIKE"
    MEDICAL_EMERGENCY = "MEDICAL_EMERGENCY"
    POLICE_ACTIVITY = "POLICE_ACTIVITY"
    OTHER_CAUSE = "OTHER_CAUSE"


class Effect(StrEnum):
    """What happens: the effects of GTFS-Realtime an operator here can choose from."""

    NO_SERVICE = "NO_SERVICE"
    REDUCED_SERVICE = "REDUCED_SERVICE"
    SIGNIFICANT_DELAYS = "SIGNIFICANT_DELAYS"
    DETOUR = "DETOUR"
    ADDITIONAL_SERVICE = "ADDITIONAL_SERVICE"
    MODIFIED_SERVICE = "MODIFIED_SERVICE"
    STOP_MOVED = "STOP_MOVED"
    OTHER_EFFECT = "OTHER_EFFECT"


ONCE = -1
"""Start of a run of a trip that runs once a day, at the times of the timetable."""

RunKey = tuple["dt.date", str, int]
"""What names one run of a trip: service day, trip id, and start in seconds of that day for trips
of ``frequencies.txt``, else :data:`ONCE`."""


@dataclass(frozen=True, slots=True, order=True)
class CancelledTrip:
    """One run of a trip on one service day that does not take place.

    Ids may be given to something else by the next version of a feed, so what a person knows the
    run by is kept beside them.

    Attributes
    ----------
    date
        The service day, which is not always the calendar day of the departure.
    departure, arrival
        Seconds after noon minus twelve hours of that day, at the first and last stop.
    trip_id, route_id
        Ids of the feed that was published then.
    start
        When this run of a trip of ``frequencies.txt`` starts, else :data:`ONCE`.
    route, origin, destination
        Names of the route and of the first and last stop; empty in announcements made before
        these were kept.
    origin_id, destination_id
        Ids of these stops.
    """

    date: dt.date
    departure: int
    arrival: int
    trip_id: str
    route_id: str
    start: int = ONCE
    route: str = ""
    origin_id: str = ""
    origin: str = ""
    destination_id: str = ""
    destination: str = ""

    @property
    def key(self) -> RunKey:
        """Return what names this run in GTFS-Realtime."""
        return (self.date, self.trip_id, self.start)


@dataclass(frozen=True, slots=True)
class Alert:
    """One announcement.

    Attributes
    ----------
    id
        Number in the store; 0 before it is stored.
    feed
        Name of the feed it is about.
    header, description
        One line, and what else passengers should know.
    starts, ends
        When it is shown, with time zone; it expires at `ends`.
    trips
        Trips that do not run; empty for an announcement.
    routes, stops
        What it is about beside trips; both empty: the whole operator.
    route_names, stop_names
        Their names, in the same order; empty in announcements made before these were kept.
    created_at, created_by, withdrawn_at, withdrawn_by
        Who and when; the store fills them.
    """

    feed: str
    cause: Cause
    effect: Effect
    header: Text
    starts: dt.datetime
    ends: dt.datetime
    description: Text = field(default_factory=lambda: Text(ja=""))
    url: str = ""
    trips: tuple[CancelledTrip, ...] = ()
    routes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    route_names: tuple[str, ...] = ()
    stop_names: tuple[str, ...] = ()
    id: int = 0
    created_at: dt.datetime | None = None
    created_by: str = ""
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str = ""

    def shown_at(self, now: dt.datetime) -> bool:
        """Tell whether passengers see it."""
        return self.withdrawn_at is None and self.starts <= now < self.ends

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        plain |= {name: _moment(getattr(self, name)) for name in _MOMENTS}
        plain |= {"header": self.header.model_dump(), "description": self.description.model_dump()}
        plain["trips"] = [
            {
                "trip_id": trip.trip_id,
                "route_id": trip.route_id,
                "date": trip.date.isoformat(),
                "departure": trip.departure,
                "arrival": trip.arrival,
                "start_time": "" if trip.start == ONCE else clock(trip.start),
                "route": trip.route,
                "origin": trip.origin,
                "destination": trip.destination,
            }
            for trip in self.trips
        ]
        return plain


_PLAIN = ("id", "feed", "cause", "effect", "url", "routes", "stops", "created_by", "withdrawn_by")
_MOMENTS = ("starts", "ends", "created_at", "withdrawn_at")


def clock(seconds: int) -> str:
    """Return a time of a service day as GTFS writes it, ``07:20:00``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}"


def _moment(value: dt.datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds")
