"""Fares as the feed holds them: prices for rides, and what Fares v1 cannot say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.notices import notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class FareRule:
    """A price for rides on a route, between two zones where they are named.

    Attributes
    ----------
    price
        Adult fare in yen.
    route
        Route id.
    origin, destination
        Zone ids; empty: any.
    file, sheet, cell
        Where the price stands; `cell` is empty for a price in the declaration.
    """

    price: int
    route: str
    origin: str = ""
    destination: str = ""
    file: str = ""
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A fare beside the adult one that Fares v1 cannot express: 小児, 自転車."""

    route: str
    name: str
    english: str
    price: int
    child: bool


@dataclass(slots=True)
class Fares:
    """All fares of a feed.

    Attributes
    ----------
    rules
        Every price with its place.
    categories
        Other fares, published as text and, on demand, as Fares v2.
    zones
        Zone id of each stop for which the fares decide it.
    paid_before
        Prices that are paid before boarding.
    """

    rules: list[FareRule] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    paid_before: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


def fare_id(price: int) -> str:
    """Return the id of a price: lasting, because a price is what it names."""
    return f"fare_{price}"


def attribute_rows(fares: Fares, agency_id: str) -> list[dict[str, object]]:
    """Return the rows of ``fare_attributes``: one per price, free rides included."""
    return [
        {
            "fare_id": fare_id(price),
            "price": str(price),
            "currency_type": "JPY",
            "payment_method": int(price in fares.paid_before),
            "transfers": 0,
            "agency_id": agency_id,
        }
        for price in sorted({rule.price for rule in fares.rules})
    ]


def rule_rows(fares: Fares) -> list[dict[str, object]]:
    """Return the rows of ``fare_rules``, each once."""
    keys = sorted({(r.price, r.route, r.origin, r.destination) for r in fares.rules})
    return [
        {
            "fare_id": fare_id(price),
            "route_id": route,
            "origin_id": origin,
            "destination_id": destination,
        }
        for price, route, origin, destination in keys
    ]


def conflicts(fares: Fares) -> list[Finding]:
    """Return a finding for every pair of zones for which two cells give different fares."""
    first: dict[tuple[str, str, str], FareRule] = {}
    found: dict[tuple[str, str, str], Finding] = {}
    for rule in fares.rules:
        key = (rule.route, rule.origin, rule.destination)
        other = first.setdefault(key, rule)
        if other.price != rule.price and key[::-1] not in found:
            found.setdefault(
                key,
                notice(
                    "fare-conflict",
                    file=rule.file,
                    sheet=rule.sheet,
                    cell=rule.cell,
                    value=rule.price,
                    other=other.price,
                    other_cell=f"{other.sheet} {other.cell}",
                    origin=rule.origin,
                    destination=rule.destination,
                ),
            )
    return list(found.values())


def category_text(categories: Iterable[Category], language: str) -> str:
    """Return the other fares as a sentence for passengers, e.g. ``小児 50円、自転車 50円``."""
    if language == "ja":
        return "、".join(f"{c.name} {c.price}円" for c in categories)
    return ", ".join(f"{c.english} {c.price} yen" for c in categories if c.english)


def fares_v2(fares: Fares, names: Mapping[str, str]) -> dict[str, list[dict[str, object]]]:
    """Return Fares v2 tables with an adult and a child category for flat fares.

    Parameters
    ----------
    names
        Title of each route, for the names of networks.
    """
    flat = [rule for rule in fares.rules if not rule.origin]
    if not flat:
        return {}
    child = {c.route: c.price for c in fares.categories if c.child}
    prices = [(rule.route, "adult", rule.price) for rule in flat]
    prices += [(route, "child", price) for route, price in child.items()]
    riders = [("adult", "大人", 1), ("child", "小児", 0)][: 2 if child else 1]
    return {
        "rider_categories": [
            {"rider_category_id": i, "rider_category_name": n, "is_default_fare_category": d}
            for i, n, d in riders
        ],
        "fare_products": [
            {
                "fare_product_id": f"single_{route}",
                "rider_category_id": rider,
                "amount": str(price),
                "currency": "JPY",
            }
            for route, rider, price in sorted(prices)
        ],
        "networks": [{"network_id": r.route, "network_name": names[r.route]} for r in flat],
        "route_networks": [{"network_id": r.route, "route_id": r.route} for r in flat],
        "fare_leg_rules": [
            {"network_id": r.route, "fare_product_id": f"single_{r.route}"} for r in flat
        ],
    }
