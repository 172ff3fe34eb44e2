"""Ids across the tables of a feed: where one is used, and giving it another name everywhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.feed.schema import tables

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
}
"""Tables whose rows ``translations.record_id`` may name by such an id."""


@cache
def places(kind: str) -> tuple[tuple[str, str], ...]:
    """Return every (table, field) that holds ids of a kind, by the references of GTFS."""
    homes = set(HOMES[kind])
    found = [
        (table.name, field.name)
        for table in tables().values()
        for field in table.fields.values()
        if f"{table.name}.{field.name}" in homes or homes & set(field.references.split("|"))
    ]
    return tuple(dict.fromkeys([*found, *_UNDECLARED.get(kind, ())]))


_UNDECLARED = {
    "agency": (("agency_jp", "agency_id"),),
    "route": (("routes_jp", "route_id"),),
    "office": (("trips", "jp_office_id"),),
    "pattern": (("trips", "jp_pattern_id"),),
}
"""References of the Japanese fields, for which the reference of GTFS has no column."""


def ids(feed: Feed, kind: str) -> set[str]:
    """Return the ids of a kind that a feed defines."""
    found: set[str] = set()
    for home in HOMES[kind]:
        table, field = home.split(".")
        found |= set(feed.table(table, field)[field])
    return found - {""}


def rename(feed: Feed, kind: str, names: Mapping[str, str]) -> None:
    """Give ids other names, in every table of the feed that uses them.

    Parameters
    ----------
    feed
        Changed in place.
    kind
        One of :data:`HOMES`.
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
    _rename_records(feed, kind, changed)


def _rename_records(feed: Feed, kind: str, changed: Mapping[str, str]) -> None:
    rows = feed.table("translations")
    if "record_id" not in rows or kind not in RECORDS:
        return
    owners = [RECORDS[kind], *(["stop_times"] if kind == "trip" else [])]
    own = rows.table_name.isin(owners)
    renamed = pd.Series(_renamed(rows.record_id, changed), index=rows.index, dtype="str")
    feed["translations"] = rows.assign(record_id=rows.record_id.where(~own, renamed))


def _renamed(values: pd.Series, names: Mapping[str, str]) -> list[str]:
    return [names.get(value, value) for value in values]
