"""The fares of a feed as sheets: pairs of zones, with a column for each kind of rider."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from gtfs.fares.pricelist import adult_prices, rider_prices
from gtfs.notices import notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import openpyxl

    from gtfs.export.result import Exported
    from gtfs.feed.tables import Feed as Tables

Prices = dict[tuple[str, str], dict[str, set[int]]]
"""Yen by zones and the title of the rider, empty for adults."""


def write_fares(book: openpyxl.Workbook, feed: Tables, exported: Exported) -> list[dict[str, Any]]:
    """Write prices between zones, a sheet per route; a price for a whole route needs no sheet.

    Two prices of one ride are both written: which is right a person has to say.
    """
    by_route: dict[str, Prices] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for price in (*adult_prices(feed), *rider_prices(feed)):
        pair = (price.origin, price.destination)
        by_route[price.route][pair][price.rider].add(round(price.amount))
    if not by_route:
        exported.findings.append(notice("export-no-fares", file="fare_attributes.txt"))
        return [{"kind": "flat", "price": 0}]
    riders = _rider_names(feed)
    return [
        fare
        for route in sorted(by_route)
        for fare in _declared(
            book, exported.book, exported.routes.get(route, ""), by_route[route], riders
        )
    ]


def _rider_names(feed: Tables) -> dict[str, str]:
    """Return names for riders by their titles: their ids where these can be names."""
    rows = feed.table("rider_categories", "rider_category_id", "rider_category_name")
    return {
        row.rider_category_name: row.rider_category_id
        if re.fullmatch(r"[a-z][a-z0-9_]{0,62}", row.rider_category_id)
        else f"rider{number}"
        for number, row in enumerate(rows.itertuples(index=False), start=1)
    }


def _declared(
    book: openpyxl.Workbook, file: str, route: str, prices: Prices, riders: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    routes = {"routes": [route]} if route else {}
    flat = prices.pop(("", ""), {})
    others = {
        riders[title]: {"title": {"ja": title}, "price": min(yen)}
        for title, yen in flat.items()
        if title
    }
    for yen in sorted(flat.get("", ())):
        yield {"kind": "flat", "price": yen, "riders": others} | routes
    rides = {pair: row for pair, row in sorted(prices.items()) if row.get("")}
    if not rides:
        return
    titles = sorted({title for row in rides.values() for title in row} - {""})
    name = f"運賃_{route or '全線'}"
    sheet = book.create_sheet(name)
    sheet.append(["から", "まで", "運賃", *titles])
    for pair, row in rides.items():
        for yen in sorted(row[""]):
            sheet.append(
                [*pair, yen, *(min(row[title]) if title in row else None for title in titles)]
            )
    yield {
        "kind": "zones",
        "file": file,
        "sheet": name,
        "origin": "から",
        "destination": "まで",
        "price": "運賃",
        "both_ways": False,
        "riders": {riders[t]: {"title": {"ja": t}, "column": t} for t in titles},
    } | routes
