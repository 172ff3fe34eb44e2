"""Routes and directions that mean the same in both feeds, whatever their ids and numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from gtfs.diff.timetable import Trip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.diff.timetable import Group, Schedule

Sides = dict[str, dict[str, Counter[Trip]]]
"""Timetables by direction and service."""


def with_keys(
    before: Schedule, after: Schedule, keys: tuple[Mapping[str, str], Mapping[str, str]]
) -> tuple[Schedule, Schedule]:
    """Return two schedules by keys of routes and by directions that mean the same in both.

    Routes with one key have their trips together. Where the feeds number the directions of a route
    differently, or one of them does not, its trips go by their first and last stop.
    """
    old, new = (_grouped(s, k) for s, k in zip((before, after), keys, strict=True))
    unlike = {key for key in {*old} & {*new} if not _directions_agree(old[key], new[key])}
    one, two = (_sided(routes, unlike) for routes in (old, new))
    return replace(before, trips=one), replace(after, trips=two)


def _grouped(schedule: Schedule, keys: Mapping[str, str]) -> dict[str, Sides]:
    routes: dict[str, Sides] = defaultdict(lambda: defaultdict(lambda: defaultdict(Counter)))
    for (route, side), by_service in schedule.trips.items():
        for service, timetable in by_service.items():
            routes[keys.get(route, route)][side][service].update(timetable)
    return routes


def _directions_agree(old: Sides, new: Sides) -> bool:
    """Tell whether trips between the same ends have a direction that both feeds give them."""
    one, two = _sides_of_ends(old), _sides_of_ends(new)
    return all(one[ends] & two[ends] for ends in one.keys() & two.keys())


def _sides_of_ends(sides: Sides) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for side, by_service in sides.items():
        for trip in {trip for timetable in by_service.values() for trip in timetable}:
            found[_ends(trip)].add(side)
    return found


def _ends(trip: Trip) -> str:
    calls = [call for call in trip if not call[0].startswith("*")]
    return f"{calls[0][0]}|{calls[-1][0]}"


def _sided(routes: Mapping[str, Sides], unlike: set[str]) -> dict[Group, dict[str, Counter[Trip]]]:
    trips: dict[Group, dict[str, Counter[Trip]]] = defaultdict(lambda: defaultdict(Counter))
    for route, sides in routes.items():
        for side, by_service in sides.items():
            for service, timetable in by_service.items():
                if route not in unlike:
                    trips[route, side][service] = timetable
                    continue
                for trip, count in timetable.items():
                    trips[route, _ends(trip)][service][trip] += count
    return trips
