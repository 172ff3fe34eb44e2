"""What rides cost, as a consumer reads it: adults by Fares v1, other riders by Fares v2."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gtfs.feed.tables import Feed


class Price(NamedTuple):
    """What a ride costs a rider.

    `rider` is the title of a rider category, empty for adults. `route` is empty where the price
    holds on all, `origin` and `destination` are ids of zones or areas, empty where it holds
    between all.
    """

    rider: str
    route: str
    origin: str
    destination: str
    amount: float


def prices(feed: Feed) -> Iterator[Price]:
    """Yield the prices of a feed: those of adults by Fares v1, those of others by Fares v2."""
    yield from adult_prices(feed)
    yield from rider_prices(feed)


def adult_prices(feed: Feed) -> Iterator[Price]:
    """Yield the prices of Fares v1; one without a rule holds everywhere."""
    fares = feed.table("fare_attributes", "fare_id", "price")
    amounts = dict(zip(fares.fare_id, fares.price, strict=True))
    rules = feed.table("fare_rules", "fare_id", "route_id", "origin_id", "destination_id")
    for row in rules.itertuples(index=False):
        if row.fare_id in amounts:
            amount = float(amounts[row.fare_id])
            yield Price("", row.route_id, row.origin_id, row.destination_id, amount)
    for fare in sorted(set(amounts) - set(rules.fare_id)):
        yield Price("", "", "", "", float(amounts[fare]))


def rider_prices(feed: Feed) -> Iterator[Price]:
    """Yield the prices of Fares v2 for the riders that are not the default, each once."""
    categories = feed.table(
        "rider_categories", "rider_category_id", "rider_category_name", "is_default_fare_category"
    )
    titles = {
        row.rider_category_id: row.rider_category_name
        for row in categories.itertuples(index=False)
        if row.is_default_fare_category != 1
    }
    columns = ("fare_product_id", "rider_category_id", "amount")
    amounts: dict[str, set[tuple[str, float]]] = defaultdict(set)
    for row in feed.table("fare_products", *columns).itertuples(index=False):
        if row.rider_category_id in titles and row.amount:
            amounts[row.fare_product_id].add((titles[row.rider_category_id], float(row.amount)))
    routes: dict[str, list[str]] = defaultdict(list)
    for row in feed.table("route_networks", "network_id", "route_id").itertuples(index=False):
        routes[row.network_id].append(row.route_id)
    between = ("network_id", "from_area_id", "to_area_id", "fare_product_id")
    for row in feed.table("fare_leg_rules", *between).itertuples(index=False):
        for route in routes[row.network_id] if row.network_id else [""]:
            for title, amount in sorted(amounts[row.fare_product_id]):
                yield Price(title, route, row.from_area_id, row.to_area_id, amount)


def zones_of_stops(feed: Feed) -> dict[str, set[str]]:
    """Return the zones of Fares v1 and the areas of Fares v2 that each stop is in."""
    zones: dict[str, set[str]] = defaultdict(set)
    stops = feed.table("stops", "stop_id", "zone_id")
    for stop, zone in zip(stops.stop_id, stops.zone_id, strict=True):
        zones[stop].update({zone} - {""})
    areas = feed.table("stop_areas", "stop_id", "area_id")
    for stop, area in zip(areas.stop_id, areas.area_id, strict=True):
        zones[stop].add(area)
    return zones
