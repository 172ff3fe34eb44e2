"""One entry under ``feeds:`` of the declaration: what the files of an operator mean.

The declaration says where things stand in the operator's own files; it never repeats a time.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Name, Text, problem
from pipeline.config.demand import Demand
from pipeline.config.described import Described
from pipeline.config.fares import Fare
from pipeline.config.feed_parts import (
    DaySet,
    DayTable,
    DayType,
    Mark,
    Mode,
    Operator,
    Period,
    Route,
    Stops,
)
from pipeline.config.published import Published
from pipeline.config.timetables import Clock, DayTypeByColour, DayTypeByLine, Pole, Table, Timetable


class Feed(Described):
    """One published GTFS dataset of one operator.

    Attributes
    ----------
    period
        Days for which the feed answers.
    version
        ``feed_version``; empty: the first day of the period.
    timetables, demand, published
        Trips by the clock, trips on demand or feeds made elsewhere: exactly one of them.
    holidays
        ``national`` (the library jpholiday) or a table of the Cabinet Office's form.
    pass_marks
        What stands in a cell when a trip passes a stop, beside the usual ones.
    service_day_starts
        Times before it, written without 24, belong to the night before.
    unpriced
        What becomes of a feed in which a ride has no fare: where some rides are not sold, as
        between two boarding stops of a coach, ``report`` them.
    transfers_within
        Stops up to so many metres apart are written as places to change.
    profile
        ``jp4``; ``jp3`` adds agency_jp, routes_jp and office_jp for consumers that want them.
    fares_v2
        Write all fares, those of children and other riders too, as Fares v2 beside Fares v1.
    """

    title: Text
    description: Text | None = None
    operator: Operator
    licence: str = ""
    mode: Mode = "bus"
    period: Period
    version: str = ""
    holidays: Literal["national"] | DayTable = "national"
    days: dict[Name, DaySet] = Field(default_factory=dict)
    day_types: dict[Name, DayType] = Field(default_factory=dict)
    stops: Stops | None = None
    routes: dict[Name, Route] = Field(default_factory=dict)
    timetables: tuple[Timetable, ...] = ()
    demand: Demand | None = None
    published: Published | None = None
    marks: dict[str, Mark] = Field(default_factory=dict)
    pass_marks: tuple[str, ...] = ()
    service_day_starts: Clock = "3:00"
    fares: tuple[Fare, ...] = ()
    unpriced: Literal["refuse", "report"] = "refuse"
    sample: bool = False
    transfers_within: int | None = Field(default=None, ge=1, le=1000)
    profile: Literal["jp4", "jp3"] = "jp4"
    fares_v2: bool = False

    @model_validator(mode="after")
    def _has_one_kind_of_service(self) -> Self:
        """Routers that know no Flex reject a feed that has it, so the two are feeds apart."""
        if bool(self.timetables) + (self.demand is not None) + (self.published is not None) != 1:
            raise problem("feed-one-kind")
        needed = () if self.published else ("day_types", "routes", "fares")
        by_stop = bool(self.timetables) or (self.demand is not None and bool(self.demand.tables))
        lacking = [
            key for key in (*needed, *(("stops",) if by_stop else ())) if not getattr(self, key)
        ]
        if lacking:
            raise problem("feed-needs", keys=", ".join(lacking))
        return self

    @model_validator(mode="after")
    def _names_are_declared(self) -> Self:
        missing = [f"day type '{n}'" for n in self._day_types_used() if n not in self.day_types]
        missing += [f"route '{n}'" for n in self._routes_used() if n not in self.routes]
        missing += [f"set of days '{n}'" for n in self._days_used() if n not in self.days]
        if missing:
            raise problem("feed-name-undeclared", names=", ".join(sorted(set(missing))))
        return self

    @model_validator(mode="after")
    def _riders_have_one_title(self) -> Self:
        titles: dict[str, set[str]] = {}
        for fare in self.fares:
            for name, rider in fare.riders.items():
                titles.setdefault(name, set()).add(rider.title.ja)
        for name, found in titles.items():
            if len(found) > 1:
                raise problem("rider-titles-differ", name=name, titles="、".join(sorted(found)))
        return self

    def _day_types_used(self) -> list[str]:
        names: list[str] = []
        for table in self._tables():
            match table.day_type:
                case str() as name:
                    names.append(name)
                case DayTypeByLine(values=values):
                    names += values.values()
                case DayTypeByColour(colours=colours, otherwise=otherwise):
                    names += [*colours.values(), otherwise]
        names += [pole.day_type for pole in self._poles()]
        return names + [s.day_type for s in (self.demand.services if self.demand else ())]

    def _tables(self) -> list[Table]:
        tables = [t for timetable in self.timetables for t in timetable.tables]
        return tables + list(self.demand.tables if self.demand else ())

    def _poles(self) -> list[Pole]:
        return [pole for timetable in self.timetables for pole in timetable.poles]

    def _routes_used(self) -> list[str]:
        used = [timetable.route for timetable in self.timetables]
        used += [table.route for table in self._tables() if table.route]
        used += [pole.route for pole in self._poles() if pole.route]
        used += [service.route for service in (self.demand.services if self.demand else ())]
        return used + [route for fare in self.fares for route in fare.routes]

    def _days_used(self) -> list[str]:
        weekdays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"}
        lists = [n for d in self.day_types.values() for n in (*d.runs, *d.but_not, *d.and_also)]
        lists += [n for m in self.marks.values() for n in (*m.only, *m.but_not)]
        return [n for n in lists if n not in weekdays]
