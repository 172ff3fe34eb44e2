"""Demand-responsive service: who may be picked up where and when, and how to book."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import InputFile, Name, Strict, Text, problem
from pipeline.config.feed_parts import Period
from pipeline.config.timetables import Clock, Table


class BookingRule(Strict):
    """How to book.

    Attributes
    ----------
    notice
        ``none``: on the spot; ``minutes``: at least so many minutes before; ``days``: at the
        latest so many days before, `until` the time.
    opens_days, opens_at
        Bookings are taken from so many days before, from this time on.
    """

    title: Text
    notice: Literal["none", "minutes", "days"]
    minutes: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=0)
    until: Clock | None = None
    opens_days: int | None = Field(default=None, ge=1)
    opens_at: Clock = "0:00"
    phone: str = ""
    url: str = ""
    booking_url: str = ""
    message: Text | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        needs = {"none": (), "minutes": ("minutes",), "days": ("days", "until")}
        given = {key for key in ("minutes", "days", "until") if getattr(self, key) is not None}
        if given != set(needs[self.notice]):
            wanted = ", ".join(needs[self.notice]) or "-"
            raise problem("booking-notice", notice=self.notice, wanted=wanted)
        return self


class Zone(Strict):
    """An area people are picked up in: one feature of a file of polygons.

    Attributes
    ----------
    field, value
        The feature whose attribute `field` says `value`; empty: the only one.
    """

    title: Text
    file: InputFile
    field: str = ""
    value: str = ""


class Window(Strict):
    """From when to when a vehicle comes; both are times of the service day."""

    start: Clock
    end: Clock


class DemandTable(Table):
    """A matrix whose cells are windows (``8:10～8:20``) at stops; trips as in a timetable.

    Stops with the same window on a trip are served in any order; the windows of a trip follow
    each other. A single time is a stop that is always served then.
    """

    file: InputFile
    encoding: str = "utf-8-sig"
    route: Name
    booking: Name
    valid: Period | None = None


class ZoneService(Strict):
    """Rides from any of the zones to any of them, in each of the windows."""

    route: Name
    day_type: Name
    zones: tuple[Name, ...] = Field(min_length=1)
    windows: tuple[Window, ...] = Field(min_length=1)
    booking: Name
    headsign: Text | None = None


class Demand(Strict):
    """The demand-responsive part of an operator: published as a feed of its own."""

    booking: dict[Name, BookingRule] = Field(min_length=1)
    zones: dict[Name, Zone] = Field(default_factory=dict)
    tables: tuple[DemandTable, ...] = ()
    services: tuple[ZoneService, ...] = ()

    @model_validator(mode="after")
    def _names_are_declared(self) -> Self:
        missing = [f"zone '{z}'" for s in self.services for z in s.zones if z not in self.zones]
        used = [t.booking for t in self.tables] + [s.booking for s in self.services]
        missing += [f"booking '{name}'" for name in used if name not in self.booking]
        if missing:
            raise problem("feed-name-undeclared", names=", ".join(sorted(set(missing))))
        return self
