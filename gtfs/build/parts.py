"""Everything a feed is put together from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from gtfs.build.shapes import Floats
    from gtfs.days.types import Days
    from gtfs.fares.rules import Fares
    from gtfs.stops.poles import StopLedger
    from gtfs.timetable.trips import Trip
    from pipeline.config.base import Text
    from pipeline.config.feeds import Feed


class Publisher(Protocol):
    """Who publishes the feed: the publisher of the declaration has these attributes."""

    @property
    def name(self) -> Text:
        """Name in Japanese and English."""

    @property
    def contact(self) -> str:
        """Mail address, telephone number or address of a page."""

    @property
    def url(self) -> str:
        """Address of the publisher's site."""


@dataclass(frozen=True)
class Parts:
    """Everything a feed is put together from.

    Attributes
    ----------
    lines
        Longitude and latitude of the line of each route that has one.
    """

    name: str
    feed: Feed
    publisher: Publisher
    days: Days
    stops: StopLedger
    trips: Sequence[Trip]
    fares: Fares
    lines: Mapping[str, Floats]

    def rules(self, trip: Trip) -> list[str]:
        """Return the footnote marks of a trip that change its days."""
        return [m for m in trip.marks if not self.feed.marks[m].note]

    def service_id(self, trip: Trip) -> str:
        """Return the ASCII id of the service of a trip: what decides its days, in words."""
        words = [trip.day_type]
        for mark in (self.feed.marks[m] for m in self.rules(trip)):
            words += ["only", *mark.only] if mark.only else []
            words += ["not", *mark.but_not] if mark.but_not else []
        if trip.valid:
            words.append(f"from_{trip.valid.start:%Y%m%d}")
            if len(self._ends[trip.valid.start]) > 1:
                words.append(f"to_{trip.valid.end:%Y%m%d}")
        return "_".join(words)

    @cached_property
    def _ends(self) -> Mapping[dt.date, set[dt.date]]:
        """Last days of the revisions that begin on a day: routes are revised at different times."""
        ends: dict[dt.date, set[dt.date]] = defaultdict(set)
        for trip in self.trips:
            if trip.valid:
                ends[trip.valid.start].add(trip.valid.end)
        return ends

    @cached_property
    def services(self) -> dict[str, frozenset[dt.date]]:
        """Dates of every service by its id; empty where a trip never runs."""
        examples = {self.service_id(trip): trip for trip in reversed(self.trips)}
        return {service: self.service_dates(trip) for service, trip in examples.items()}

    @cached_property
    def regular(self) -> dict[str, frozenset[int]]:
        """Weekdays every service is declared for, Monday is 0."""
        examples = {self.service_id(trip): trip for trip in self.trips}
        kinds = self.feed.day_types
        return {s: self.days.regular(kinds[trip.day_type]) for s, trip in examples.items()}

    def service_dates(self, trip: Trip) -> frozenset[dt.date]:
        """Return the dates of the service of a trip."""
        marks = [self.feed.marks[m] for m in self.rules(trip)]
        return self.days.dates(self.feed.day_types[trip.day_type], marks, trip.valid)
