"""Sheets into HTML: one page per route and one that lists them, without scripts or other files."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

from gtfs.pages.fares import route_fares
from gtfs.pages.sheets import route_sheets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.feed.tables import Feed
    from gtfs.pages.sheets import DirectionSheet

INDEX = "timetable.html"
TRIPS_ACROSS = 12
"""So many trips fit on a sheet of A4 beside the names of the stops."""


def timetable_pages(feed: Feed, *, sample: bool = False) -> dict[str, str]:
    """Return the timetables of a feed as pages: file name to HTML.

    Parameters
    ----------
    feed
        The feed.
    sample
        Say on every page that the values are a sample.

    Returns
    -------
    dict
        ``timetable.html``, which lists the routes, and ``timetable-<route>.html`` for each.
    """
    sheets = route_sheets(feed)
    names = {sheet.route.id: _file(sheet.route.id) for sheet in sheets}
    fares = route_fares(feed, sheets)
    common = _facts(feed) | {"sample": sample}
    index = _template("index.html.j2").render(sheets=sheets, files=names, **common)
    pages = {
        names[sheet.route.id]: _template("route.html.j2").render(
            sheet=sheet,
            fares=fares[sheet.route.id],
            index=INDEX,
            blocks=_blocks,
            hours=_hours,
            clock=_clock,
            **common,
        )
        for sheet in sheets
    }
    return {INDEX: index} | pages


def _facts(feed: Feed) -> dict[str, Any]:
    agency = feed.table("agency", "agency_name", "agency_phone", "agency_url")
    info = feed.table("feed_info", "feed_start_date", "feed_end_date", "feed_version")
    first = agency.iloc[0] if len(agency) else {}
    return {
        "operator": first.get("agency_name", ""),
        "phone": first.get("agency_phone", ""),
        "url": first.get("agency_url", ""),
        "start": _date(info.feed_start_date.iloc[0]) if len(info) else "",
        "end": _date(info.feed_end_date.iloc[0]) if len(info) else "",
    }


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else text


def _file(route: str) -> str:
    """Return a file name for a route: ids of other feeds may hold any character."""
    safe = re.sub(r"[^A-Za-z0-9._-]", lambda m: f"~{ord(m[0]):x}", route)
    return f"timetable-{safe}.html"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}"


def _blocks(trips: tuple[Mapping[int, int], ...]) -> list[tuple[Mapping[int, int], ...]]:
    return [trips[i : i + TRIPS_ACROSS] for i in range(0, len(trips), TRIPS_ACROSS)]


def _hours(sheet: DirectionSheet, position: int) -> list[tuple[int, list[list[str]]]]:
    """Return the departures from a stop: each hour with the minutes of every table of days.

    Trips that end at the stop do not depart from it.
    """
    by_hour: dict[int, list[list[str]]] = defaultdict(lambda: [[] for _ in sheet.days])
    for column, day in enumerate(sheet.days):
        for trip in day.trips:
            if position in trip and position < max(trip):
                by_hour[trip[position] // 3600][column].append(f"{trip[position] // 60 % 60:02d}")
    if not by_hour:
        return []
    hours = range(min(by_hour), max(by_hour) + 1)
    return [(hour, by_hour[hour]) for hour in hours]


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gtfs.pages", package_path=""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
