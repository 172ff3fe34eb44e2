"""Which stops and routes of two feeds are the same, and what changed about them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import pandas as pd

from gtfs.diff.change import Change, Words, change, listed, phrase
from gtfs.feed.translations import english_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gtfs.feed.tables import Feed

SAME_NAME_METRES = 300.0
"""How far apart two stops of one name under different ids may stand and be the same."""
MOVED_METRES = 5.0
"""Smaller shifts are corrections of the survey, not relocations."""
_EARTH_METRES = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Place:
    """A stop as a passenger knows it; `lat` and `lon` in degrees, NaN where it has none."""

    id: str
    name: Words
    platform: str
    lat: float
    lon: float

    def label(self) -> Words:
        """Return the name with its platform."""
        if not self.platform:
            return self.name
        return Words(f"{self.name.ja} {self.platform}", f"{self.name.en} {self.platform}")

    def metres_to(self, other: Place) -> float:
        """Return the distance in metres, NaN where a position is missing."""
        north = math.radians(other.lat - self.lat)
        east = math.radians(other.lon - self.lon) * math.cos(math.radians(self.lat))
        return _EARTH_METRES * math.hypot(north, east)


@dataclass(frozen=True, slots=True)
class Line:
    """A route as a passenger knows it."""

    id: str
    name: Words
    mode: int | None


T = TypeVar("T", Place, Line)


@dataclass(frozen=True, slots=True)
class Matches(Generic[T]):
    """What of two feeds is the same.

    Attributes
    ----------
    pairs
        Old and new of what is the same.
    added, removed
        What only one of them has.
    """

    pairs: list[tuple[T, T]]
    added: list[T]
    removed: list[T]

    def keys(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return for each feed a mapping from its ids to keys that mean the same in both."""
        old = {one.id: f"={one.id}" for one, _ in self.pairs}
        new = {two.id: f"={one.id}" for one, two in self.pairs}
        old |= {one.id: f"-{one.id}" for one in self.removed}
        new |= {two.id: f"+{two.id}" for two in self.added}
        return old, new


def places(feed: Feed) -> list[Place]:
    """Return the stops, and of Flex the groups and zones, of a feed, sorted by id."""
    stops = feed.table("stops", "stop_id", "stop_name", "stop_lat", "stop_lon", "platform_code")
    english = english_names(feed, "stops", "stop_name")
    found = [
        Place(
            row["stop_id"],
            Words(row["stop_name"], english(row["stop_id"], row["stop_name"])),
            row["platform_code"],
            row["stop_lat"],
            row["stop_lon"],
        )
        for row in stops.to_dict("records")
    ]
    return sorted(found + flexible_places(feed), key=lambda place: place.id)


def flexible_places(feed: Feed) -> list[Place]:
    """Return groups of stops and zones, where demand-responsive trips call, without position."""
    groups = feed.table("location_groups", "location_group_id", "location_group_name")
    english = english_names(feed, "location_groups", "location_group_name")
    nowhere = float("nan")
    found = [
        Place(
            row["location_group_id"],
            Words(name, english(row["location_group_id"], name)),
            "",
            nowhere,
            nowhere,
        )
        for row in groups.to_dict("records")
        for name in [row["location_group_name"] or row["location_group_id"]]
    ]
    for zone in (feed.locations or {}).get("features", []):
        name = (zone.get("properties") or {}).get("stop_name") or zone["id"]
        found.append(Place(zone["id"], Words(name, name), "", nowhere, nowhere))
    return found


def lines(feed: Feed) -> list[Line]:
    """Return the routes of a feed, sorted by id."""
    columns = ("route_id", "route_short_name", "route_long_name", "route_type")
    english = english_names(feed, "routes", "route_long_name")
    found = []
    for row in feed.table("routes", *columns).to_dict("records"):
        name = " ".join(filter(None, (row["route_short_name"], row["route_long_name"])))
        other = english(row["route_id"], row["route_long_name"])
        translated = " ".join(filter(None, (row["route_short_name"], other)))
        mode = row["route_type"]
        found.append(
            Line(row["route_id"], Words(name, translated), None if pd.isna(mode) else int(mode))
        )
    return sorted(found, key=lambda line: line.id)


def match_places(old: Sequence[Place], new: Sequence[Place]) -> Matches[Place]:
    """Match stops by id, then by name and platform within 300 m, nearest first."""
    pairs, rest_old, rest_new = _by_key(old, new, lambda p: p.id)
    by_name: dict[str, list[Place]] = defaultdict(list)
    for two in rest_new:
        by_name[two.label().ja].append(two)
    close = [
        (one.metres_to(two), one, two)
        for one in rest_old
        for two in by_name[one.label().ja]
        if not one.metres_to(two) > SAME_NAME_METRES
    ]
    taken: set[str] = set()
    for _, one, two in sorted(close, key=lambda pair: (pair[0], pair[1].id, pair[2].id)):
        if f"-{one.id}" not in taken and f"+{two.id}" not in taken:
            taken |= {f"-{one.id}", f"+{two.id}"}
            pairs.append((one, two))
    return Matches(
        pairs,
        [p for p in rest_new if f"+{p.id}" not in taken],
        [p for p in rest_old if f"-{p.id}" not in taken],
    )


def match_names(matches: Matches[Line]) -> Matches[Line]:
    """Match what is left by name where both feeds have as many of one name, in order of id."""
    by_name: dict[str, tuple[list[Line], list[Line]]] = defaultdict(lambda: ([], []))
    for side, left in enumerate((matches.removed, matches.added)):
        for line in left:
            by_name[line.name.ja][side].append(line)
    pairs = [
        pair
        for name, (ours, theirs) in by_name.items()
        if name and len(ours) == len(theirs)
        for pair in zip(ours, theirs, strict=True)
    ]
    gone, come = {a.id for a, _ in pairs}, {b.id for _, b in pairs}
    return Matches(
        matches.pairs + pairs,
        [line for line in matches.added if line.id not in come],
        [line for line in matches.removed if line.id not in gone],
    )


def match_lines(old: Sequence[Line], new: Sequence[Line]) -> Matches[Line]:
    """Match routes by id, then by name where the name is unique on both sides."""
    pairs, rest_old, rest_new = _by_key(old, new, lambda line: line.id)
    named, added, removed = _by_unique_name(rest_old, rest_new)
    return Matches(pairs + named, added, removed)


def place_changes(matches: Matches[Place]) -> Iterable[Change]:
    """Yield what happened to stops."""
    yield from _several("stop", "stop-added", [p.label() for p in matches.added])
    yield from _several("stop", "stop-removed", [p.label() for p in matches.removed])
    renamed = [(a, b) for a, b in matches.pairs if a.label().ja != b.label().ja]
    yield from _several("stop", "stop-renamed", [_arrow(a.label(), b.label()) for a, b in renamed])
    moved = [(b, a.metres_to(b)) for a, b in matches.pairs if a.metres_to(b) > MOVED_METRES]
    yield from _several(
        "stop",
        "stop-moved",
        [phrase("moved-by", name=b.label(), metres=round(metres)) for b, metres in moved],
    )
    other = [(a, b) for a, b in matches.pairs if a.id != b.id]
    ids = [
        Words(f"{b.label().ja} {a.id} → {b.id}", f"{b.label().en} {a.id} → {b.id}")
        for a, b in other
    ]
    yield from _several("stop", "stop-id-changed", ids)


def line_changes(matches: Matches[Line]) -> Iterable[Change]:
    """Yield what happened to routes."""
    yield from _several("route", "route-added", [line.name for line in matches.added])
    yield from _several("route", "route-removed", [line.name for line in matches.removed])
    renamed = [_arrow(a.name, b.name) for a, b in matches.pairs if a.name.ja != b.name.ja]
    yield from _several("route", "route-renamed", renamed)
    other = [(a, b) for a, b in matches.pairs if a.mode != b.mode]
    modes = [phrase("arrow", old=a.mode, new=b.mode) for a, b in other]
    named = [
        Words(f"{b.name.ja} {mode.ja}", f"{b.name.en} {mode.en}")
        for (_, b), mode in zip(other, modes, strict=True)
    ]
    yield from _several("route", "route-mode", named)


def _several(area: str, code: str, names: list[Words]) -> Iterable[Change]:
    if names:
        data = {"count": len(names), "items": [{"ja": n.ja, "en": n.en} for n in names]}
        yield change(area, code, data, count=len(names), names=listed(names))  # type: ignore[arg-type]


def _arrow(old: Words, new: Words) -> Words:
    return phrase("arrow", old=old, new=new)


def _by_key(
    old: Sequence[T], new: Sequence[T], key: Callable[[T], str]
) -> tuple[list[tuple[T, T]], list[T], list[T]]:
    known = {key(two): two for two in new}
    pairs = [(one, known[key(one)]) for one in old if key(one) in known]
    both = {key(one) for one, _ in pairs}
    return pairs, [o for o in old if key(o) not in both], [n for n in new if key(n) not in both]


def _by_unique_name(
    old: Sequence[Line], new: Sequence[Line]
) -> tuple[list[tuple[Line, Line]], list[Line], list[Line]]:
    def unique(lines: Sequence[Line]) -> dict[str, Line]:
        names = [line.name.ja for line in lines]
        return {
            line.name.ja: line for line in lines if line.name.ja and names.count(line.name.ja) == 1
        }

    ours, theirs = unique(old), unique(new)
    pairs = [(ours[name], theirs[name]) for name in ours if name in theirs]
    matched = {one.id for one, _ in pairs}, {two.id for _, two in pairs}
    return (
        pairs,
        [n for n in new if n.id not in matched[1]],
        [o for o in old if o.id not in matched[0]],
    )
