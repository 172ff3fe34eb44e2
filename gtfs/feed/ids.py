"""Ids across the tables of a feed: where one is used, and giving it another name everywhere."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.feed.tables import Feed

HOMES: dict[str, tuple[str, ...]] = {
    "agency": ("agency.agency_id",),
    "stop": ("stops.stop_id",),
    "zone": ("stops.zone_id",),
    "route": ("routes.route_id",),
    "trip": ("trips.trip_id",),
    "service": ("calendar.service_id", "calendar_dates.service_id"),
    "shape": ("shapes.shape_id",),
    "fare": ("fare_attributes.fare_id",),
    "block": ("trips.block_id",),
    "booking_rule": ("booking_rules.booking_rule_id",),
    "location_group": ("location_groups.location_group_id",),
    "level": ("levels.level_id",),
    "area": ("areas.area_id",),
    "network": ("networks.network_id", "routes.network_id"),
    "fare_product": ("fare_products.fare_product_id",),
    "fare_media": ("fare_media.fare_media_id",),
    "rider_category": ("rider_categories.rider_category_id",),
    "leg_group": ("fare_leg_rules.leg_group_id",),
    "timeframe_group": ("timeframes.timeframe_group_id",),
    "attribution": ("attributions.attribution_id",),
    "pathway": ("pathways.pathway_id",),
    "office": ("office_jp.office_id",),
    "pattern": ("pattern_jp.jp_pattern_id",),
}
"""What has an id, and the field where it is defined."""

RECORDS = {
    "agency": "agency",
    "stop": "stops",
    "route": "routes",
    "trip": "trips",
    "fare": "fare_attributes",
    "attribution": "attributions",
    "level": "levels",
    "pathway": "pathways",
    "booking_rule": "booking_rules",
    "location_group": "location_groups",
    "area": "areas",
    "network": "networks",
    "fare_product": "fare_products",
    "fare_media": "fare_media",
    "rider_category": "rider_categories",
}
"""Tables whose rows ``translations.record_id`` may name by such an id."""


LOCATION = "location"
"""The kind of the zones of Flex, whose ids stand in ``locations.geojson``."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One column whose values are ids of something else.

    Attributes
    ----------
    table, column
        Where the ids stand.
    kind
        What they are ids of: one of :data:`HOMES`, or :data:`LOCATION`.
    keeps
        Whether a row keeps what it names in use (a call its stop), or is only about it and goes
        with it (a fare rule with its route).
    """

    table: str
    column: str
    kind: str
    keeps: bool


@cache
def references() -> tuple[Reference, ...]:
    """Return which column of which table refers to what, as ``references.csv`` lists them."""
    text = resources.files("gtfs.data").joinpath("references.csv").read_text(encoding="utf-8")
    return tuple(
        Reference(row["table"], row["column"], row["kind"], row["keeps"] == "yes")
        for row in csv.DictReader(text.splitlines())
    )


@cache
def places(kind: str) -> tuple[tuple[str, str], ...]:
    """Return every (table, column) that holds ids of a kind, where they are defined first."""
    homes = [(table, column) for table, column in map(_parted, HOMES.get(kind, ()))]
    found = [(r.table, r.column) for r in references() if r.kind == kind]
    return tuple(dict.fromkeys([*homes, *found]))


def ids(feed: Feed, kind: str) -> set[str]:
    """Return the ids of a kind that a feed defines."""
    if kind == LOCATION:
        features = feed.locations["features"] if feed.locations else ()
        return {str(feature["id"]) for feature in features}
    found: set[str] = set()
    for table, column in map(_parted, HOMES[kind]):
        found |= values(feed, table, column)
    return found - {""}


def values(feed: Feed, table: str, column: str) -> set[str]:
    """Return the values of a column, none if the feed has no such table or column."""
    if table in feed and column in feed[table].columns:
        return set(feed[table][column])
    return set()


def record_kinds(table: str) -> tuple[str, ...]:
    """Return what ``translations.record_id`` names in rows about a table."""
    if table == "stop_times":
        return ("trip",)
    return tuple(kind for kind, owner in RECORDS.items() if owner == table)


def rename(feed: Feed, kind: str, names: Mapping[str, str]) -> None:
    """Give ids other names, in every table of the feed that uses them.

    Parameters
    ----------
    feed
        Changed in place.
    kind
        One of :data:`HOMES`, or :data:`LOCATION`.
    names
        Old to new; ids that are not in it stay.
    """
    changed = {old: new for old, new in names.items() if old != new}
    if not changed:
        return
    for table, field in places(kind):
        if table in feed and field in feed[table].columns:
            frame = feed[table]
            feed[table] = frame.assign(**{field: _renamed(frame[field], changed)})
    if kind == LOCATION and feed.locations:
        named = [
            {**zone, "id": changed.get(zone["id"], zone["id"])}
            for zone in feed.locations["features"]
        ]
        feed.locations = {**feed.locations, "features": named}
    _rename_records(feed, kind, changed)


def _rename_records(feed: Feed, kind: str, changed: Mapping[str, str]) -> None:
    if "record_id" not in feed.table("translations"):
        return
    rows = feed.table("translations", "table_name", "record_id")
    own = rows.table_name.map(lambda table: kind in record_kinds(table)).astype(bool)
    renamed = pd.Series(_renamed(rows.record_id, changed), index=rows.index, dtype="str")
    feed["translations"] = rows.assign(record_id=rows.record_id.where(~own, renamed))


def _renamed(values: pd.Series, names: Mapping[str, str]) -> list[str]:
    return [names.get(value, value) for value in values]


def _parted(home: str) -> tuple[str, str]:
    table, _, column = home.partition(".")
    return table, column
