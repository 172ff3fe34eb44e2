"""What changed between two timetables of one route in one direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gtfs.diff.change import Words, joined, listed, phrase
from gtfs.diff.timetable import departure

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from gtfs.diff.timetable import Timetable, Trip

_SHIFT = 30 * 60
"""A trip of the same stops within half an hour is the same trip at another time."""


@dataclass(frozen=True, slots=True)
class TripChange:
    """The trips that differ, by departure.

    Attributes
    ----------
    old, new
        The two timetables.
    retimed
        Old and new of trips over the same stops at other times.
    added, removed
        Trips without a counterpart.
    """

    old: Timetable
    new: Timetable
    retimed: list[tuple[Trip, Trip]]
    added: list[Trip]
    removed: list[Trip]

    def words(self) -> Words:
        """Say it in one line: number of trips, first and last, other times, new, withdrawn."""
        before, after = self.old.total(), self.new.total()
        if not before or not after:
            return phrase("begins", new=after) if after else phrase("ends", old=before)
        parts = _count_words(before, after)
        for code, pick in (("first-trip", min), ("last-trip", max)):
            times = [pick(departure(trip) for trip in table) for table in (self.old, self.new)]
            if times[0] != times[1]:
                parts.append(phrase(code, old=_hhmm(times[0]), new=_hhmm(times[1])))
        if self.retimed:
            shifts = listed([_shift(a, b) for a, b in self.retimed])
            parts.append(phrase("retimed", count=len(self.retimed), trips=shifts))
        for code, trips in (("new-trips", self.added), ("withdrawn-trips", self.removed)):
            if trips:
                times_of = listed([_same(_hhmm(departure(trip))) for trip in trips])
                parts.append(phrase(code, count=len(trips), trips=times_of))
        return joined(parts)

    def data(self) -> dict[str, Any]:
        """Return the same as JSON-ready values; times as ``h:mm``, past 24 too."""
        return {
            "trips": {"old": self.old.total(), "new": self.new.total()},
            "first": {"old": _edge(self.old, min), "new": _edge(self.new, min)},
            "last": {"old": _edge(self.old, max), "new": _edge(self.new, max)},
            "retimed": [[_hhmm(departure(a)), _hhmm(departure(b))] for a, b in self.retimed],
            "added": [_hhmm(departure(trip)) for trip in self.added],
            "removed": [_hhmm(departure(trip)) for trip in self.removed],
        }


def trip_change(old: Timetable, new: Timetable) -> TripChange:
    """Find what changed: equal trips go, then the nearest in time over the same stops pair up."""
    removed = _by_departure(old - new)
    added = _by_departure(new - old)
    near = sorted(
        (abs(departure(a) - departure(b)), i, j)
        for i, a in enumerate(removed)
        for j, b in enumerate(added)
        if abs(departure(a) - departure(b)) <= _SHIFT and _stops(a) == _stops(b)
    )
    paired: dict[int, int] = {}
    for _, i, j in near:
        if i not in paired and j not in paired.values():
            paired[i] = j
    return TripChange(
        old,
        new,
        [(removed[i], added[j]) for i, j in sorted(paired.items())],
        [trip for j, trip in enumerate(added) if j not in set(paired.values())],
        [trip for i, trip in enumerate(removed) if i not in paired],
    )


def _by_departure(trips: Counter[Trip]) -> list[Trip]:
    return sorted(trips.elements(), key=lambda trip: (departure(trip), trip))


def _stops(trip: Trip) -> Sequence[str]:
    return [stop for stop, _, _ in trip]


def _count_words(before: int, after: int) -> list[Words]:
    if before == after:
        return []
    code = "more-trips" if after > before else "fewer-trips"
    return [phrase(code, change=abs(after - before), old=before, new=after)]


def _shift(old: Trip, new: Trip) -> Words:
    times = _hhmm(departure(old)), _hhmm(departure(new))
    if times[0] == times[1]:
        return phrase("on-the-way", time=times[0])
    return phrase("arrow", old=times[0], new=times[1])


def _edge(table: Timetable, pick: Any) -> str | None:
    return _hhmm(pick(departure(trip) for trip in table)) if table else None


def _hhmm(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}"


def _same(word: str) -> Words:
    return Words(word, word)
