"""What a declaration leaves open: days between two timetables, rides without a fare."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from gtfs.notices import notice
from pipeline.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gtfs.build.parts import Parts
    from gtfs.timetable.trips import SourceTrip, Trip
    from pipeline.config.feed_parts import Period
    from pipeline.findings import Finding

Line = tuple[str, int]
"""Route and direction."""


def check_services(parts: Parts) -> list[Finding]:
    """Return a finding for every service that runs on no day, at its first trip."""
    first: dict[str, Trip] = {}
    for trip in parts.trips:
        first.setdefault(parts.service_id(trip), trip)
    return [
        notice(
            "service-never-runs",
            file=trip.file,
            sheet=trip.sheet,
            cell=trip.cell,
            value=parts.feed.day_types[trip.day_type].title.ja,
        )
        for service, trip in first.items()
        if not parts.services[service]
    ]


def check_revisions(parts: Parts) -> list[Finding]:
    """Return a finding where two revisions of a timetable overlap or leave days between them.

    Only revisions with a period of their own are compared: a timetable without one is valid all
    the time, and another beside it adds trips for a season.
    """
    revisions: dict[Line, dict[tuple[dt.date, dt.date], Trip]] = defaultdict(dict)
    always: set[Line] = set()
    for trip in parts.trips:
        line = (trip.route, trip.direction)
        if trip.valid is None:
            always.add(line)
        else:
            revisions[line].setdefault((trip.valid.start, trip.valid.end), trip)
    found: list[Finding] = []
    for line, trips in sorted(revisions.items(), key=lambda item: item[0]):
        ordered = [trips[period] for period in sorted(trips)]
        found += [f for a, b in pairwise(ordered) for f in _between(a, b, line in always)]
        if line not in always:
            found += _edges(ordered, parts.feed.period)
    return list(dict.fromkeys(found))


def _between(before: Trip, after: Trip, covered: bool) -> Iterator[Finding]:
    assert before.valid is not None
    assert after.valid is not None
    place = {"file": after.file, "sheet": after.sheet, "field": after.route}
    if after.valid.start <= before.valid.end:
        days = f"{after.valid.start}–{min(before.valid.end, after.valid.end)}"
        yield notice("revisions-overlap", value=days, other=before.file, **place)
    elif not covered and (after.valid.start - before.valid.end).days > 1:
        one = dt.timedelta(days=1)
        days = f"{before.valid.end + one}–{after.valid.start - one}"
        yield notice("revisions-gap", value=days, **place)


def _edges(ordered: Sequence[Trip], period: Period) -> Iterator[Finding]:
    first, last = ordered[0], max(ordered, key=lambda t: t.valid.end if t.valid else dt.date.min)
    assert first.valid is not None
    assert last.valid is not None
    one = dt.timedelta(days=1)
    if first.valid.start > period.start:
        days = f"{period.start}–{first.valid.start - one}"
        yield notice("revisions-gap", file=first.file, field=first.route, value=days)
    if last.valid.end < period.end:
        days = f"{last.valid.end + one}–{period.end}"
        yield notice("revisions-gap", file=last.file, field=last.route, value=days)


def check_fares(parts: Parts, trips: Sequence[SourceTrip], zones: dict[str, str]) -> list[Finding]:
    """Return a finding per route for rides between two of its stops that have no fare.

    Parameters
    ----------
    zones
        Zone id of every stop of the feed.
    """
    rules = parts.fares.rules
    priced = {(rule.route, rule.origin, rule.destination) for rule in rules}
    flat = {rule.route for rule in rules if not rule.origin and not rule.destination}
    missing: dict[str, dict[tuple[str, str], SourceTrip]] = defaultdict(dict)
    for pattern, trip in _patterns(trips).items():
        route, stops = pattern
        if route in flat:
            continue
        for origin, destination in combinations(stops, 2):
            around = zones[origin] == zones[destination] and zones[origin] in parts.stops.stops
            if around:
                continue  # with fares by distance, the whole way round is no ride
            if (route, zones[origin], zones[destination]) not in priced:
                missing[route].setdefault((origin, destination), trip)
    return [_fare_finding(parts, route, rides) for route, rides in sorted(missing.items())]


def _patterns(trips: Sequence[SourceTrip]) -> dict[tuple[str, tuple[str, ...]], SourceTrip]:
    first: dict[tuple[str, tuple[str, ...]], SourceTrip] = {}
    for trip in trips:
        first.setdefault((trip.route, trip.stop_ids), trip)
    return first


def _fare_finding(parts: Parts, route: str, rides: dict[tuple[str, str], SourceTrip]) -> Finding:
    (origin, destination), trip = next(iter(rides.items()))
    names = [parts.stops.stops[stop].name for stop in (origin, destination)]
    refused = parts.feed.unpriced == "refuse"
    return notice(
        "fare-pair-missing",
        severity=Severity.ERROR if refused else Severity.WARNING,
        file=trip.file,
        sheet=trip.sheet,
        cell=trip.cell,
        field=route,
        value=" → ".join(names),
        count=len(rides),
    )
