"""Routes that were split, joined or given another name and id: what became of which.

A hop is a ride from one stop to the next at its times. When a route has gone or is new, the hops
tell where its trips went or came from, whether a line was cut in the middle or its trips were
handed out. Where times changed on the same day, routes that run from stop to stop alike are the
same all the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gtfs.diff.change import Change, Words, change, phrase
from gtfs.diff.match import Line, Matches
from gtfs.diff.timetable import Trip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gtfs.diff.timetable import Schedule

Hops = frozenset[tuple[str | int, ...]]

_MOST = 0.4
"""So much of a new route comes from one old one, or of a withdrawn one went to one new one."""
_ALIKE = 0.8
"""So much of the way, times aside, do two routes share to be the same."""


@dataclass(frozen=True, slots=True)
class Family:
    """Old routes and the new ones that took over their trips.

    Attributes
    ----------
    old, new
        The routes; one that lives on is on both sides.
    trips
        How many trips, told apart by stops and times, each of them has.
    before, kept
        How many trips all old ones had, and how many of them the new ones have.
    """

    old: tuple[Line, ...]
    new: tuple[Line, ...]
    trips: Mapping[str, int]
    before: int
    kept: int

    @property
    def name(self) -> Words:
        """The old and the new names."""
        return phrase("arrow", old=_together(self.old), new=_together(self.new))

    def change(self) -> Change:
        """Say what happened, with the number of trips of each."""
        code = "route-split" if len(self.old) == 1 else "route-joined"
        code = "route-regrouped" if len(self.old) > 1 and len(self.new) > 1 else code
        counts = {
            "old": [[line.name.ja, self.trips[f"-{line.id}"]] for line in self.old],
            "new": [[line.name.ja, self.trips[f"+{line.id}"]] for line in self.new],
        }
        return change(
            "route",
            code,
            counts | {"before": self.before, "kept": self.kept},
            old=_counted(self.old, "-", self.trips),
            new=_counted(self.new, "+", self.trips),
            kept=self.kept,
            total=self.before,
        )


def _together(lines: Iterable[Line]) -> Words:
    names = [line.name for line in lines]
    return Words("・".join(n.ja for n in names), " + ".join(n.en for n in names))


def _counted(lines: Iterable[Line], side: str, trips: Mapping[str, int]) -> Words:
    said = [phrase("with-trips", name=x.name, count=trips[f"{side}{x.id}"]) for x in lines]
    return Words("・".join(s.ja for s in said), " + ".join(s.en for s in said))


def families(
    matches: Matches[Line], before: Schedule, after: Schedule
) -> tuple[Matches[Line], list[Family]]:
    """Find what became of withdrawn routes and where new ones came from.

    Parameters
    ----------
    matches
        Routes matched by id and name.
    before, after
        Schedules by the routes' own ids, stops by keys that mean the same in both.

    Returns
    -------
    matches, families
        Routes that only changed name and id are pairs now; those of a family are in no list of
        `added` and `removed`.
    """
    if not matches.added and not matches.removed:
        return matches, []
    old, new = _trips(before), _trips(after)
    links = _links(matches, old, new)
    groups = _connected(matches, links)
    renamed = [g for g in groups if len(g[0]) == len(g[1]) == 1]
    found = [_family(*group, old, new) for group in groups if group not in renamed]
    pairs = [(g[0][0], g[1][0]) for g in renamed]
    taken_old = {line.id for olds, _ in groups for line in olds}
    taken_new = {line.id for _, news in groups for line in news}
    return (
        Matches(
            [*matches.pairs, *pairs],
            [line for line in matches.added if line.id not in taken_new],
            [line for line in matches.removed if line.id not in taken_old],
        ),
        found,
    )


def _trips(schedule: Schedule) -> dict[str, set[Trip]]:
    trips: dict[str, set[Trip]] = defaultdict(set)
    for (route, _), by_service in schedule.trips.items():
        for timetable in by_service.values():
            trips[route].update(timetable)
    return trips


def _hops(trips: Iterable[Trip], *, timed: bool = True) -> Hops:
    return frozenset(
        (a[0], b[0], a[2], b[1]) if timed else (a[0], b[0])
        for trip in trips
        for a, b in pairwise(trip)
        if not a[0].startswith("*")
    )


def _links(
    matches: Matches[Line], old: Mapping[str, set[Trip]], new: Mapping[str, set[Trip]]
) -> list[tuple[str, str]]:
    """Return ids of old and new routes of which one took over trips of the other."""
    removed, added = ({x.id for x in some} for some in (matches.removed, matches.added))
    lost = {line.id: _hops(old[line.id]) for line in matches.removed}
    gained = {line.id: _hops(new[line.id]) for line in matches.added}
    for one, two in matches.pairs:
        before, after = _hops(old[one.id]), _hops(new[two.id])
        lost[one.id], gained[two.id] = before - after, after - before
    links = []
    for one_id, left in lost.items():
        for two_id, came in gained.items():
            shared = len(left & came)
            from_one = two_id in added and shared >= _MOST * len(came)
            to_two = one_id in removed and shared >= _MOST * len(left)
            if shared and (from_one or to_two):
                links.append((one_id, two_id))
    linked_old, linked_new = ({link[side] for link in links} for side in (0, 1))
    ways_old = {i: _hops(old[i], timed=False) for i in sorted(removed - linked_old)}
    ways_new = {i: _hops(new[i], timed=False) for i in sorted(added - linked_new)}
    links += [
        (i, j)
        for i, one in ways_old.items()
        for j, two in ways_new.items()
        if one and two and len(one & two) >= _ALIKE * min(len(one), len(two))
    ]
    return links


def _connected(
    matches: Matches[Line], links: Iterable[tuple[str, str]]
) -> list[tuple[tuple[Line, ...], tuple[Line, ...]]]:
    """Return the routes that hang together, with what those that live on are called now."""
    old = {line.id: line for line in [*matches.removed, *(a for a, _ in matches.pairs)]}
    new = {line.id: line for line in [*matches.added, *(b for _, b in matches.pairs)]}
    same = {f"-{a.id}": f"+{b.id}" for a, b in matches.pairs}
    group: dict[str, set[str]] = {}
    for i, j in links:
        members = {f"-{i}", f"+{j}"}
        members |= {x for pair in same.items() if members & {*pair} for x in pair}
        for member in list(members):
            members |= group.get(member, set())
        group |= dict.fromkeys(members, members)
    distinct = {id(members): members for members in group.values()}
    return [
        (
            tuple(old[m[1:]] for m in sorted(members) if m[0] == "-"),
            tuple(new[m[1:]] for m in sorted(members) if m[0] == "+"),
        )
        for members in sorted(distinct.values(), key=sorted)
    ]


def _family(
    olds: tuple[Line, ...],
    news: tuple[Line, ...],
    old: Mapping[str, set[Trip]],
    new: Mapping[str, set[Trip]],
) -> Family:
    before = set[Trip]().union(*(old[line.id] for line in olds))
    after = set[Trip]().union(*(new[line.id] for line in news))
    counts = {f"-{x.id}": len(old[x.id]) for x in olds} | {f"+{x.id}": len(new[x.id]) for x in news}
    return Family(olds, news, counts, len(before), len(before & after))


def keys_of(
    matches: Matches[Line], found: Iterable[Family]
) -> tuple[dict[str, str], dict[str, str], dict[str, Words]]:
    """Return keys that mean the same in both feeds, by route id, and names by key.

    The routes of a family share one key: their timetables are compared as one.
    """
    old, new = matches.keys()
    names = {old[a.id]: a.name for a in matches.removed} | {
        old[a.id]: b.name for a, b in matches.pairs
    }
    names |= {new[b.id]: b.name for b in matches.added}
    for family in found:
        key = "~" + "~".join(line.id for line in family.old)
        old |= {line.id: key for line in family.old}
        new |= {line.id: key for line in family.new}
        names[key] = family.name
    return old, new, names
