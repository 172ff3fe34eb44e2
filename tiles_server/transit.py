"""A feed on the map: what its tiles hold, and what a reader is told of it.

The pipeline cuts the stops and routes of every feed into one tileset with two layers. Figures are
per type of day: departures of a stop, trips of a route, the first and the last of them.
"""

from __future__ import annotations

from typing import Any

from tiles_server.language import say

STOPS, ROUTES = "stops", "routes"
"""Names of the layers in a feed's tiles."""

COLOR = "#0b4f6c"
"""Colour of stops, and of routes that have none of their own."""

DAY_TYPES = ("weekday", "saturday", "holiday")
FIGURES = ("departures", "trips", "first", "last")


def label_field(language: str) -> str:
    """Return the field that names a stop or route in `language`; it may be empty there."""
    return "name_en" if language == "en" else "name"


def fields(language: str) -> list[dict[str, str]]:
    """Return name, title and type of the fields shown of stops and routes, in reading order."""
    shown = [
        (label_field(language), say("transit_name", language), "string"),
        ("routes", say("transit_routes", language), "string"),
        ("operator", say("operator", language), "string"),
    ]
    for day in DAY_TYPES:
        for figure in FIGURES:
            title = say(f"transit_{figure}", language, day=say(f"day_{day}", language))
            kind = "integer" if figure in ("departures", "trips") else "string"
            shown.append((f"{day}_{figure}", title, kind))
    return [{"name": name, "title": title, "type": kind} for name, title, kind in shown]


def label(language: str) -> list[Any]:
    """Return the style expression of a name in `language`, else as the feed writes it."""
    field = label_field(language)
    named = ["!=", ["coalesce", ["get", field], ""], ""]
    return ["case", named, ["get", field], ["coalesce", ["get", "name"], ""]]
