"""When two things are the same: the rules by which the register of ids recognises what it knows."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

SAME_NAME_METRES = 300.0
"""How far a stop without a key may move and still be the same stop when its name is the same."""
SAME_PLACE_METRES = 15.0
"""How far apart two names may stand and still be one stop that was renamed."""
_EARTH_METRES = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Entry:
    """One id and what it stands for.

    Attributes
    ----------
    kind
        ``stop``, ``route`` … ; ids are unique within a kind.
    id
        ASCII letters, digits, ``.``, ``_`` and ``-``.
    key
        The owner's own code, empty where there is none.
    lat, lon
        Last known position in degrees, None for what has none.
    first_seen, retired
        Date of the release that first had it, and of the first that had it no more.
    """

    kind: str
    id: str
    key: str = ""
    name: str = ""
    lat: float | None = None
    lon: float | None = None
    first_seen: dt.date | None = None
    retired: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that needs an id.

    Attributes
    ----------
    key, name, lat, lon
        As for :class:`Entry`.
    prefer
        The id it should get if it is new and the id was never used; else one is made.
    """

    key: str = ""
    name: str = ""
    lat: float | None = None
    lon: float | None = None
    prefer: str = ""


def match(wanted: Sequence[Wanted], free: Sequence[Entry]) -> dict[int, Entry]:
    """Pair positions of `wanted` with entries, by key, then name and nearness, then place."""
    matched: dict[int, Entry] = {}
    taken: set[str] = set()
    by_key = {e.key: e for e in sorted(free, key=lambda e: e.retired is None) if e.key}
    for i, item in enumerate(wanted):
        entry = by_key.get(item.key) if item.key else None
        if entry and entry.id not in taken:
            matched[i] = entry
            taken.add(entry.id)
    for same_name, bound in ((True, SAME_NAME_METRES), (False, SAME_PLACE_METRES)):
        for _, _, i, entry in sorted(
            _pairs(wanted, free, matched, same_name, bound), key=lambda p: (*p[:3], p[3].id)
        ):
            if i not in matched and entry.id not in taken:
                matched[i] = entry
                taken.add(entry.id)
    return matched


def _pairs(
    wanted: Sequence[Wanted],
    free: Sequence[Entry],
    matched: dict[int, Entry],
    same_name: bool,
    bound: float,
) -> Iterable[tuple[bool, float, int, Entry]]:
    """Yield what could be the same: retired last, nearest first."""
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for entry in free:
        by_name[entry.name].append(entry)
    for i, item in enumerate(wanted):
        if i in matched:
            continue
        for entry in by_name[item.name] if same_name else free:
            # Two different keys of the owner say that these are two things, wherever they stand.
            if item.key and entry.key and item.key != entry.key:
                continue
            distance = metres(entry, item)
            if distance is None and same_name:
                yield entry.retired is not None, 0.0, i, entry
            elif distance is not None and distance <= bound:
                yield entry.retired is not None, distance, i, entry


def metres(entry: Entry, item: Wanted) -> float | None:
    if entry.lat is None or entry.lon is None or item.lat is None or item.lon is None:
        return None
    north = math.radians(item.lat - entry.lat)
    east = math.radians(item.lon - entry.lon) * math.cos(math.radians(item.lat))
    return _EARTH_METRES * math.hypot(north, east)
