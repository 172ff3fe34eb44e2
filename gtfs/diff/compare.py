"""Two feeds side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gtfs.days.calendar import day_classes
from gtfs.diff.change import Change, Difference, Words, change, phrase
from gtfs.diff.days import day_words
from gtfs.diff.directions import with_keys
from gtfs.diff.fares import fare_changes
from gtfs.diff.lineage import families, keys_of
from gtfs.diff.match import (
    line_changes,
    lines,
    match_lines,
    match_names,
    match_places,
    place_changes,
    places,
)
from gtfs.diff.timetable import Schedule, schedule
from gtfs.diff.trips import trip_change

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from gtfs.diff.match import Matches, Place
    from gtfs.diff.timetable import Group, Timetable, Trip
    from gtfs.feed.tables import Feed

Frozen: TypeAlias = "frozenset[tuple[Trip, int]]"
_LAST_DAYS = 8
"""How many of the last dates of a class of days tell what is usual at the end of a feed."""


def difference(old: Feed, new: Feed) -> Difference:
    """Compare two versions of a feed by what passengers get.

    Returns
    -------
    Difference
        Changes of period, routes, stops, timetables and fares, in this order. Two feeds that
        differ in ids, coding of days or order of rows alone have none, except that stops under
        other ids are reported, because passengers' saved stops depend on them.
    """
    stops = match_places(places(old), places(new))
    stop_keys = stops.keys()
    before, after = (schedule(f, keys, {}) for f, keys in zip((old, new), stop_keys, strict=True))
    routes, regrouped = families(match_lines(lines(old), lines(new)), before, after)
    routes = match_names(routes)
    *route_keys, route_names = keys_of(routes, regrouped)
    before, after = with_keys(before, after, (route_keys[0], route_keys[1]))
    names = _names(stops, stop_keys), route_names
    days = _Days.of(before, after)
    changes = [
        *_period_changes(before, after, days),
        *line_changes(routes),
        *(family.change() for family in regrouped),
        *place_changes(stops),
        *_timetable_changes(before, after, days, names),
        *fare_changes(old, new, (route_keys[0], route_keys[1]), route_names),
    ]
    return Difference(changes)


@dataclass(frozen=True, slots=True)
class _Days:
    """The dates to compare.

    Attributes
    ----------
    old
        Every date from the first to the last day of the old feed, with its class.
    compared
        Dates of the new feed that the old one covers, and those after its end: on them the old
        timetable is the one usual at the end of the old feed on days of that class.
    """

    old: Mapping[dt.date, str]
    compared: Mapping[dt.date, str]

    @classmethod
    def of(cls, before: Schedule, after: Schedule) -> _Days:
        old, new = (day_classes(_span(s)) for s in (before, after))
        if not old or not new:
            return cls(old, {})
        known, last = set(old.values()), max(old)
        compared = {d: c for d, c in new.items() if d in old or (d > last and c in known)}
        return cls(old, compared)


def _span(schedule: Schedule) -> list[dt.date]:
    """Return every date from the first to the last day of service, those without service too."""
    days = schedule.days()
    if not days:
        return []
    length = (days[-1] - days[0]).days + 1
    return [days[0].fromordinal(days[0].toordinal() + i) for i in range(length)]


def _period_changes(before: Schedule, after: Schedule, days: _Days) -> Iterable[Change]:
    spans = [(s[0], s[-1]) if (s := schedule.days()) else None for schedule in (before, after)]
    if spans[0] != spans[1]:
        words = [
            phrase("span", first=s[0], last=s[1]) if s else phrase("no-service") for s in spans
        ]
        data = {
            side: [day.isoformat() for day in span] if span else None
            for side, span in zip(("old", "new"), spans, strict=True)
        }
        yield change("period", "period-changed", data, old=words[0], new=words[1])
    if days.compared and not any(day in days.old for day in days.compared):
        yield change("period", "no-common-days", {})


def _timetable_changes(
    before: Schedule,
    after: Schedule,
    days: _Days,
    names: tuple[Mapping[str, Words], Mapping[str, Words]],
) -> Iterable[Change]:
    groups = {*before.trips, *after.trips}
    for group in sorted(groups, key=lambda g: (names[1].get(g[0], Words(g[0], "")).ja, g)):
        title = _title(group, before, after, names)
        for label, one, two in _different(before.by_day(group), after.by_day(group), days):
            found = trip_change(one, two)
            data = {"route": title.ja, "days": label.ja} | found.data()
            words = {"route": title, "days": label, "what": found.words()}
            yield change("timetable", "timetable", data, **words)


def _different(
    old: Mapping[dt.date, Timetable], new: Mapping[dt.date, Timetable], days: _Days
) -> Iterable[tuple[Words, Timetable, Timetable]]:
    """Yield the days on which timetables differ, with both timetables."""
    none: Timetable = Counter()
    usual = _usual(old, days.old)
    number_of = _Numbering()
    alike: dict[tuple[int, int], list[dt.date]] = defaultdict(list)
    for day in sorted(days.compared):
        before = old.get(day, none) if day in days.old else usual[days.compared[day]]
        pair = number_of(before), number_of(new.get(day, none))
        if pair[0] != pair[1]:
            alike[pair].append(day)
    for (one, two), dates in alike.items():
        yield day_words(dates, days.compared), number_of.tables[one], number_of.tables[two]


class _Numbering:
    """Numbers timetables so that equal ones have one number; each object is looked at once."""

    def __init__(self) -> None:
        self.tables: list[Timetable] = []
        self._by_content: dict[Frozen, int] = {}
        # The object is kept beside its number, so that its identity is not given to another.
        self._by_identity: dict[int, tuple[Timetable, int]] = {}

    def __call__(self, table: Timetable) -> int:
        known = self._by_identity.get(id(table))
        if known is None:
            number = self._by_content.setdefault(frozenset(table.items()), len(self.tables))
            if number == len(self.tables):
                self.tables.append(table)
            known = self._by_identity[id(table)] = (table, number)
        return known[1]


def _usual(
    by_day: Mapping[dt.date, Timetable], classes: Mapping[dt.date, str]
) -> dict[str, Timetable]:
    """Return for each class of days the timetable most usual on its last dates."""
    none: Timetable = Counter()
    found: dict[str, list[Timetable]] = defaultdict(list)
    for day in sorted(classes, reverse=True):
        if len(found[classes[day]]) < _LAST_DAYS:
            found[classes[day]].append(by_day.get(day, none))
    return {name: max(some, key=some.count) for name, some in found.items()}


def _title(
    group: Group,
    before: Schedule,
    after: Schedule,
    names: tuple[Mapping[str, Words], Mapping[str, Words]],
) -> Words:
    """Name a route and direction by the two ends most of its trips have."""
    ends: Counter[tuple[str, str]] = Counter()
    for timetable in (after.trips.get(group) or before.trips[group]).values():
        for trip, count in timetable.items():
            calls = [call for call in trip if not call[0].startswith("*")]
            ends[calls[0][0], calls[-1][0]] += count
    places, routes = names
    first, last = min(ends, key=lambda pair: (-ends[pair], pair))
    return phrase(
        "between",
        route=routes.get(group[0], Words(group[0], group[0])),
        origin=places.get(first, Words(first, first)),
        destination=places.get(last, Words(last, last)),
    )


def _names(
    matches: Matches[Place], keys: tuple[dict[str, str], dict[str, str]]
) -> dict[str, Words]:
    """Return the names of stops by the keys that mean the same in both feeds."""
    old = [one for one, _ in matches.pairs] + matches.removed
    new = [two for _, two in matches.pairs] + matches.added
    return {keys[0][o.id]: o.name for o in old} | {keys[1][n.id]: n.name for n in new}
