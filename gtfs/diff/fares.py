"""What changed about fares: prices between places, not fare ids and zone ids."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.diff.change import Change, Words, change, listed, phrase
from gtfs.fares import pricelist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gtfs.feed.tables import Feed

Where = tuple[str, str, str, str]
"""Title of the rider, empty for adults, route key, and the names of the stops of the origin and
destination zone; empty is any."""


def fare_changes(
    old: Feed,
    new: Feed,
    route_keys: tuple[Mapping[str, str], Mapping[str, str]],
    route_names: Mapping[str, Words],
) -> Iterable[Change]:
    """Yield fares that changed, were added or removed: of adults by Fares v1, of others by v2.

    Parameters
    ----------
    route_keys
        For each feed, route id to a key that means the same in both.
    route_names
        Names by such keys.
    """
    before, after = (prices(f, k) for f, k in zip((old, new), route_keys, strict=True))
    before, after = (
        _spread(ours, theirs, set(keys.values()))
        for ours, theirs, keys in ((before, after, route_keys[0]), (after, before, route_keys[1]))
    )
    both = before.keys() & after.keys()

    def name(where: Where) -> Words:
        return _where(where, route_names)

    def several(
        code: str, wheres: Iterable[Where], say: Callable[[Where], Words]
    ) -> Iterable[Change]:
        chosen = sorted(wheres)
        if chosen:
            items = [
                {"where": name(w).ja, "old": before.get(w), "new": after.get(w)} for w in chosen
            ]
            words = listed([say(w) for w in chosen])
            yield change("fare", code, {"items": items}, count=len(chosen), names=words)

    yield from several(
        "fare-changed",
        (w for w in both if before[w] != after[w]),
        lambda w: phrase("fare-from-to", where=name(w), old=_yen(before[w]), new=_yen(after[w])),
    )
    yield from several(
        "fare-added",
        after.keys() - both,
        lambda w: phrase("fare-is", where=name(w), new=_yen(after[w])),
    )
    yield from several(
        "fare-removed",
        before.keys() - both,
        lambda w: phrase("fare-is", where=name(w), new=_yen(before[w])),
    )


def prices(feed: Feed, route_keys: Mapping[str, str]) -> dict[Where, list[float]]:
    """Return the prices of a feed by rider and where they hold, cheapest first."""
    names = _zone_names(feed)
    found: dict[Where, set[float]] = defaultdict(set)
    for price in pricelist.prices(feed):
        where = (
            price.rider,
            route_keys.get(price.route, price.route),
            names.get(price.origin, price.origin),
            names.get(price.destination, price.destination),
        )
        found[where].add(price.amount)
    return {where: sorted(p for p in amounts if pd.notna(p)) for where, amounts in found.items()}


def _spread(
    ours: dict[Where, list[float]], theirs: Mapping[Where, object], routes: set[str]
) -> dict[Where, list[float]]:
    """Say a price that holds everywhere for each route, where the other feed does not say it so."""
    found = dict(ours)
    for where, amounts in ours.items():
        rider, *ride = where
        if not any(ride) and where not in theirs:
            del found[where]
            for route in routes:
                found.setdefault((rider, route, "", ""), amounts)
    return found


def _zone_names(feed: Feed) -> dict[str, str]:
    stops = feed.table("stops", "stop_id", "stop_name")
    stop_names = dict(zip(stops.stop_id, stops.stop_name, strict=True))
    names: dict[str, set[str]] = defaultdict(set)
    for stop, zones in pricelist.zones_of_stops(feed).items():
        for zone in zones:
            names[zone].add(stop_names.get(stop, stop))
    return {zone: "・".join(sorted(members)) for zone, members in names.items()}


def _where(where: Where, route_names: Mapping[str, Words]) -> Words:
    rider, *ride = where
    words = _ride(ride, route_names)
    return phrase("fare-of-rider", rider=rider, where=words) if rider else words


def _ride(ride: Sequence[str], route_names: Mapping[str, Words]) -> Words:
    route, origin, destination = ride
    between = phrase("fare-between", origin=origin, destination=destination)
    if route and (origin or destination):
        return phrase(
            "fare-on-route", route=route_names.get(route, Words(route, route)), where=between
        )
    if route:
        return route_names.get(route, Words(route, route))
    return between if origin or destination else phrase("fare-everywhere")


def _yen(amounts: list[float]) -> str:
    return "・".join(f"{amount:g}" for amount in amounts)
