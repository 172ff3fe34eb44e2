"""The fares of a route as its page prints them: a price or a triangle per kind of rider."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.diff.change import Words
from gtfs.fares.pricelist import prices, zones_of_stops
from gtfs.feed.translations import english_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gtfs.feed.tables import Feed
    from gtfs.pages.sheets import RouteSheet

ADULT = Words("大人", "Adult")
_ENGLISH = {"小児": "Child"}
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Triangle:
    """Prices between the stops of a route.

    Attributes
    ----------
    names
        The stops, those of one zone together, in order of travel.
    rows
        For each of them the prices from those before it; empty where there is none.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class FareSheet:
    """What riders pay on a route: the same everywhere, or by stops."""

    rider: Words
    flat: str
    triangle: Triangle | None


@dataclass(frozen=True, slots=True)
class RouteFares:
    """The fares of a route; `said` is what its description says beside them."""

    sheets: tuple[FareSheet, ...]
    said: Words


def route_fares(feed: Feed, sheets: Iterable[RouteSheet]) -> dict[str, RouteFares]:
    """Return the fares of the routes that have pages, by route id."""
    found: dict[str, dict[str, dict[Pair, set[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(set))
    )
    for price in prices(feed):
        pair = (price.origin, price.destination)
        found[price.route][price.rider][pair].add(price.amount)
    zones = zones_of_stops(feed)
    said = _descriptions(feed)
    return {
        sheet.route.id: RouteFares(
            tuple(
                _fare_sheet(rider, rides, _order(sheet, zones))
                for rider, rides in ({**found[""], **found[sheet.route.id]}).items()
            ),
            said.get(sheet.route.id, Words("", "")),
        )
        for sheet in sheets
    }


def _descriptions(feed: Feed) -> dict[str, Words]:
    routes = feed.table("routes", "route_id", "route_desc")
    english = english_names(feed, "routes", "route_desc")
    return {
        route: Words(text, english(route, text))
        for route, text in zip(routes.route_id, routes.route_desc, strict=True)
        if text
    }


def _order(sheet: RouteSheet, zones: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return the zones of a route in order of travel, each with the names of its stops."""
    order: dict[str, list[str]] = {}
    for direction in sheet.directions:
        for stop in direction.stops:
            for zone in sorted(zones.get(stop.id, ())):
                names = order.setdefault(zone, [])
                if stop.name.ja not in names:
                    names.append(stop.name.ja)
    return order


def _fare_sheet(
    rider: str, rides: Mapping[Pair, set[float]], order: Mapping[str, Sequence[str]]
) -> FareSheet:
    words = Words(rider, _ENGLISH.get(rider, "")) if rider else ADULT
    everywhere = rides.get(("", ""), set())
    used = [zone for zone in order if any(zone in pair for pair in rides)]
    rows = tuple(
        tuple(_yen(_both_ways(rides, before, zone)) for before in used[:number])
        for number, zone in enumerate(used)
    )
    names = tuple("・".join(order[zone]) for zone in used)
    return FareSheet(words, _yen(everywhere), Triangle(names, rows) if any(rows) else None)


def _both_ways(rides: Mapping[Pair, set[float]], one: str, other: str) -> set[float]:
    return rides.get((one, other), set()) | rides.get((other, one), set())


def _yen(amounts: Iterable[float]) -> str:
    return "・".join(f"{amount:g}" for amount in sorted(amounts))
