"""A published feed as the workbook a city would keep, with the declaration that reads it.

For a city whose feed was made elsewhere: its timetable comes back as something its staff can
edit, and building it again gives the same trips, times, fares and days.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
from ruamel.yaml import YAML

from gtfs.days.calendar import effective_dates
from gtfs.export.declaration import declaration
from gtfs.export.fares import write_fares
from gtfs.export.matrices import saved_trips, write_timetables
from gtfs.export.result import BOOK, Exported
from gtfs.export.stops import write_stops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gtfs.feed.tables import Feed as Tables

__all__ = ["BOOK", "Exported", "export_feed"]


def export_feed(feed: Tables, name: str, folder: Path, *, base: Path | None = None) -> Exported:
    """Write a feed as ``timetable.xlsx`` and ``feed.yaml`` into a folder.

    Parameters
    ----------
    feed
        The tables.
    name
        Name of the feed in the declaration.
    folder
        Made if it does not exist; files of these names are replaced.
    base
        Folder of the ``layers.yaml`` that will include ``feed.yaml``: paths start from there.
        None: from `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dates = {s: d for s, d in effective_dates(feed).items() if d}
    services = _names("s", dates)
    routes = _names("r", feed["routes"]["route_id"])
    path = BOOK if base is None else Path(os.path.relpath(folder / BOOK, base)).as_posix()
    exported = Exported({}, routes, services, path)
    book = openpyxl.Workbook()
    book.remove(book.active)
    trips = saved_trips(feed, dates, exported.findings)
    exported.declaration = declaration(feed, exported, dates) | {
        "stops": write_stops(book, feed, exported),
        "timetables": [
            {"file": exported.book, "route": routes[route], "tables": tables}
            for route, tables in write_timetables(book, trips, exported).items()
        ],
        "fares": write_fares(book, feed, exported),
    }
    book.save(folder / BOOK)
    with (folder / "feed.yaml").open("w", encoding="utf-8") as file:
        yaml = YAML(typ="safe")
        yaml.allow_unicode = True
        yaml.dump({"feeds": {name: exported.declaration}}, file)
    return exported


def _names(prefix: str, ids: Iterable[str]) -> dict[str, str]:
    """Return names for ids: the id itself where it can be one, else the prefix and a number."""
    found: dict[str, str] = {}
    # Excel allows 31 characters for the name of a sheet.
    for number, id_ in enumerate(ids, start=1):
        plain = re.fullmatch(r"[a-z][a-z0-9_]{0,27}", id_) and id_ not in found.values()
        found[id_] = id_ if plain else f"{prefix}{number}"
    return found
