"""The timetable of a route as paper has it: directions, types of day, stops down, trips across.

Types of day with the same trips share a table; days that differ from what is usual are listed
beneath it, as operators print them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.days.calendar import day_classes
from gtfs.diff.days import class_words
from gtfs.diff.match import Line, Place, lines, places
from gtfs.diff.timetable import departure, schedule
from gtfs.figures.statistics import DAY_TYPES
from gtfs.pages.demand import without_demand

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from gtfs.diff.change import Words
    from gtfs.diff.timetable import Group, Schedule, Timetable, Trip
    from gtfs.feed.tables import Feed
    from gtfs.pages.demand import DemandSheet

StopKey = tuple[str, int]
"""A stop and how often the trip has called there before: loops call twice."""


@dataclass(frozen=True, slots=True)
class DaySheet:
    """The trips of one or several types of day.

    Attributes
    ----------
    label
        平日, 土曜・日曜・祝日 …
    trips
        In order of departure: seconds of the service day by position in the stops of the
        direction; a stop that is passed is missing.
    """

    label: Words
    trips: tuple[Mapping[int, int], ...]


@dataclass(frozen=True, slots=True)
class DirectionSheet:
    """One direction of a route.

    Attributes
    ----------
    origin, destination
        The ends most trips have.
    stops
        In order of travel, those of all trips merged.
    days
        Tables by type of day.
    special
        Stretches of single days that differ, first and last date, and how they run: the label
        of another table, or the first departures of trips of their own; none for no service.
    """

    origin: Words
    destination: Words
    stops: tuple[Place, ...]
    days: tuple[DaySheet, ...]
    special: tuple[tuple[dt.date, dt.date, Words | tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class RouteSheet:
    """One route: its directions, and the demand-responsive trips it has."""

    route: Line
    directions: tuple[DirectionSheet, ...]
    demand: tuple[DemandSheet, ...] = ()


def route_sheets(feed: Feed) -> list[RouteSheet]:
    """Return the timetables of all routes that have trips with times, sorted by route id."""
    known = {place.id: place for place in places(feed)}
    plan, demand = without_demand(feed, schedule(feed, {}, {}))
    by_route: dict[str, list[Group]] = defaultdict(list)
    for group in sorted(plan.trips):
        if any(departure(trip) >= 0 for table in plan.trips[group].values() for trip in table):
            by_route[group[0]].append(group)
    return [
        RouteSheet(
            line,
            tuple(_direction(plan, group, known) for group in by_route[line.id]),
            tuple(demand.get(line.id, ())),
        )
        for line in lines(feed)
        if by_route[line.id] or line.id in demand
    ]


def _direction(plan: Schedule, group: Group, known: Mapping[str, Place]) -> DirectionSheet:
    by_day = _shared(plan.by_day(group))
    classes = day_classes(by_day.keys())
    usual = {
        name: _usual(by_day, [day for day in sorted(by_day) if classes[day] in members])
        for name, members in DAY_TYPES.items()
        if any(classes[day] in members for day in by_day)
    }
    order = _merged_stops(_all_trips(plan, group))
    alike = _alike(usual)
    labels = {id(table): label for label, table in alike}
    ends = Counter({(_stops(t)[0], _stops(t)[-1]): n for t, n in _all_trips(plan, group).items()})
    first, last = min(ends, key=lambda pair: (-ends[pair], pair))
    return DirectionSheet(
        known[first[0]].name,
        known[last[0]].name,
        tuple(known[stop] for stop, _ in order),
        tuple(DaySheet(label, _columns(table, order)) for label, table in alike if table),
        tuple(_special(by_day, classes, usual, labels)),
    )


def _all_trips(plan: Schedule, group: Group) -> Timetable:
    total: Timetable = Counter()
    for table in plan.trips[group].values():
        total.update(table)
    return total


def _shared(by_day: Mapping[dt.date, Timetable]) -> dict[dt.date, Timetable]:
    """Return the timetable of every date from the first to the last, without service too.

    Dates with equal timetables share one object, so that ``is`` compares them.
    """
    by_identity: dict[int, Timetable] = {}
    by_content: dict[frozenset[tuple[Trip, int]], Timetable] = {}
    none: Timetable = Counter()
    first, last = min(by_day), max(by_day)
    found: dict[dt.date, Timetable] = {}
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = first.fromordinal(number)
        table = by_day.get(day, none)
        if id(table) not in by_identity:
            by_identity[id(table)] = by_content.setdefault(frozenset(table.items()), table)
        found[day] = by_identity[id(table)]
    return found


def _usual(by_day: Mapping[dt.date, Timetable], days: Sequence[dt.date]) -> Timetable:
    most = Counter(id(by_day[day]) for day in days).most_common(1)[0][0]
    return next(by_day[day] for day in days if id(by_day[day]) == most)


def _alike(usual: Mapping[str, Timetable]) -> list[tuple[Words, Timetable]]:
    """Put types of day with the same trips together, in the order they are printed."""
    groups: list[tuple[list[str], Timetable]] = []
    for name, table in usual.items():
        same = next((members for members, other in groups if other is table), None)
        if same is None:
            groups.append(([name], table))
        else:
            same.append(name)
    return [(class_words([c for name in names for c in DAY_TYPES[name]]), t) for names, t in groups]


def _stops(trip: Trip) -> list[StopKey]:
    seen: Counter[str] = Counter()
    keys = []
    for stop, _, _ in trip:
        if not stop.startswith("*"):
            keys.append((stop, seen[stop]))
            seen[stop] += 1
    return keys


def _merged_stops(trips: Iterable[Trip]) -> list[StopKey]:
    """Merge the stops of all trips into one order, starting from the longest trip.

    A stop only some trips call at stands behind the stop they called at before it.
    """
    patterns = sorted({tuple(_stops(trip)) for trip in trips}, key=lambda p: (-len(p), p))
    order: list[StopKey] = []
    for pattern in patterns:
        position = 0
        for key in pattern:
            if key in order:
                position = order.index(key) + 1
            else:
                order.insert(position, key)
                position += 1
    return order


def _in_order(table: Timetable) -> list[Trip]:
    return sorted(table.elements(), key=lambda trip: (departure(trip), trip))


def _columns(table: Timetable, order: Sequence[StopKey]) -> tuple[Mapping[int, int], ...]:
    place = {key: position for position, key in enumerate(order)}
    columns = []
    for trip in _in_order(table):
        calls = [call for call in trip if not call[0].startswith("*")]
        times = {
            place[key]: (leaving if leaving >= 0 else arrival)
            for key, (_, arrival, leaving) in zip(_stops(trip), calls, strict=True)
            if leaving >= 0 or arrival >= 0
        }
        columns.append(times)
    return tuple(columns)


def _special(
    by_day: Mapping[dt.date, Timetable],
    classes: Mapping[dt.date, str],
    usual: Mapping[str, Timetable],
    labels: Mapping[int, Words],
) -> Iterable[tuple[dt.date, dt.date, Words | tuple[int, ...]]]:
    """Yield stretches of days that do not run as their type of day usually does."""
    type_of = {c: name for name, members in DAY_TYPES.items() for c in members}
    stretch: tuple[dt.date, dt.date, Words | tuple[int, ...]] | None = None
    for day in sorted(by_day):
        table = by_day[day]
        if table is usual[type_of[classes[day]]]:
            continue
        own = tuple(departure(trip) for trip in _in_order(table))
        how = labels.get(id(table), own) if table else ()
        if stretch and (day - stretch[1]).days == 1 and stretch[2] == how:
            stretch = (stretch[0], day, how)
            continue
        if stretch:
            yield stretch
        stretch = (day, day, how)
    if stretch:
        yield stretch
