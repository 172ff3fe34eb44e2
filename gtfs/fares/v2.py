"""Fares v2: the prices of all riders, by network and area, as products with ids of their own.

Every route is a network. A ride between two zones is a rule between two areas that have the ids of
the zones. Rules carry a priority, because without that column an empty area would mean "any area
that no rule names" and a flat fare would not hold at the stops of a route with fares by distance.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pipeline.config.fares import ADULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.fares.rules import Fares

Row = dict[str, Any]
Ride = tuple[str, str, str]
"""Route and zones; empty zones: any."""

_MEDIA = {
    "cash": ("現金", 0),
    "ticket": ("乗車券", 1),
    "ic_card": ("交通系ICカード", 2),
    "contactless": ("タッチ決済", 3),
    "app": ("アプリ", 4),
}
"""Name and fare_media_type."""


def fares_v2(
    fares: Fares, networks: Mapping[str, str], zones: Mapping[str, tuple[str, str]]
) -> dict[str, list[Row]]:
    """Return the tables of Fares v2.

    Parameters
    ----------
    networks
        Title of each route.
    zones
        Zone id and name by stop id.
    """
    rides: dict[Ride, dict[str, int]] = defaultdict(dict)
    media: dict[Ride, tuple[str, ...]] = {}
    for rule in (*fares.rules, *fares.others):
        ride = (rule.route, rule.origin, rule.destination)
        rides[ride][rule.rider] = rule.price
        media[ride] = rule.media
    products = {ride: _product_id(prices, media[ride]) for ride, prices in rides.items()}
    routes = sorted({route for route, _, _ in rides})
    named = {zone for _, *pair in rides for zone in pair if zone}
    return {
        "areas": [
            {"area_id": zone, "area_name": name}
            for zone, name in sorted({zones[stop][0]: zones[stop][1] for stop in zones}.items())
            if zone in named
        ],
        "stop_areas": [
            {"area_id": zone, "stop_id": stop}
            for stop, (zone, _) in sorted(zones.items())
            if zone in named
        ],
        "networks": [{"network_id": r, "network_name": networks[r]} for r in routes],
        "route_networks": [{"network_id": r, "route_id": r} for r in routes],
        "rider_categories": _rider_rows(fares),
        "fare_media": [
            {"fare_media_id": m, "fare_media_name": _MEDIA[m][0], "fare_media_type": _MEDIA[m][1]}
            for m in sorted({m for used in media.values() for m in used})
        ],
        "fare_products": _product_rows(rides, media, products),
        "fare_leg_rules": [
            {
                "network_id": route,
                "from_area_id": origin,
                "to_area_id": destination,
                "fare_product_id": product,
                "rule_priority": int(bool(origin)),
            }
            for (route, origin, destination), product in sorted(products.items())
        ],
    }


def _product_id(prices: Mapping[str, int], media: tuple[str, ...]) -> str:
    """Return the id of what is sold: lasting, because its prices are what it names."""
    others = [f"{rider}_{price}" for rider, price in sorted(prices.items()) if rider != ADULT]
    return "_".join(["single", str(prices.get(ADULT, "")), *others, *sorted(media)])


def _rider_rows(fares: Fares) -> list[Row]:
    titles = {ADULT: "大人"} | {rider: title.ja for rider, title in sorted(fares.riders.items())}
    return [
        {
            "rider_category_id": rider,
            "rider_category_name": title,
            "is_default_fare_category": int(rider == ADULT),
        }
        for rider, title in titles.items()
    ]


def _product_rows(
    rides: Mapping[Ride, Mapping[str, int]],
    media: Mapping[Ride, tuple[str, ...]],
    products: Mapping[Ride, str],
) -> list[Row]:
    """Return a row per product, rider and medium, each product once."""
    examples = {product: ride for ride, product in products.items()}
    return [
        {
            "fare_product_id": product,
            "rider_category_id": rider,
            "fare_media_id": medium,
            "amount": str(price),
            "currency": "JPY",
        }
        for product, ride in sorted(examples.items())
        for rider, price in sorted(rides[ride].items())
        for medium in sorted(media[ride]) or [""]
    ]
