"""Stops and their poles, as passengers name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gtfs.feed.translations import english_names
from pipeline.config.base import Text

if TYPE_CHECKING:
    from gtfs.feed.tables import Feed

_POLE, _PARENT, _BOARDING_AREA = 0, 1, 4


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where passengers board: a pole (標柱), or a stop (停留所) that has poles.

    Attributes
    ----------
    id
        Of the feed.
    name
        Without the platform.
    reading
        In hiragana, where the feed gives it.
    platform
        Code of the pole (のりば), as on the sign.
    parent
        Id of the stop the pole belongs to; empty if none.
    poles
        Ids of the poles of a stop; a pole has itself.
    lat, lon
        Degrees; None where the feed has none.
    """

    id: str
    name: Text
    reading: str
    platform: str
    parent: str
    poles: tuple[str, ...]
    lat: float | None
    lon: float | None


def stops_of(feed: Feed) -> dict[str, Stop]:
    """Return the stops and poles of a feed by id, in the order of their names."""
    rows = _places(feed)
    poles = _poles(rows)
    english = english_names(feed, "stops", "stop_name")
    reading = _readings(feed)
    found = [
        Stop(
            id=row["stop_id"],
            name=_name(row["stop_name"], english(row["stop_id"], row["stop_name"])),
            reading=reading.get(row["stop_id"]) or reading.get(row["stop_name"], ""),
            platform=row["platform_code"],
            parent=row["parent_station"] if row["location_type"] == _POLE else "",
            poles=poles.get(row["stop_id"], ()),
            lat=_degrees(row["stop_lat"]),
            lon=_degrees(row["stop_lon"]),
        )
        for row in rows
        if row["location_type"] in (_POLE, _PARENT)
    ]
    found.sort(key=lambda stop: (stop.reading or stop.name.ja, stop.platform, stop.id))
    return {stop.id: stop for stop in found}


def _places(feed: Feed) -> list[dict[str, Any]]:
    columns = ("stop_id", "stop_name", "stop_lat", "stop_lon", "location_type")
    stops = feed.table("stops", *columns, "parent_station", "platform_code")
    filled = stops.assign(location_type=stops.location_type.fillna(_POLE))
    return list(filled.to_dict("records"))


def _poles(rows: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return, by stop, the places its departures leave from, boarding areas included."""
    below: dict[str, list[str]] = {}
    for row in rows:
        below.setdefault(str(row["parent_station"]), []).append(str(row["stop_id"]))
    kind = {str(row["stop_id"]): row["location_type"] for row in rows}
    areas = {
        pole: (pole, *(a for a in below.get(pole, ()) if kind[a] == _BOARDING_AREA))
        for pole, location_type in kind.items()
        if location_type == _POLE
    }
    parents = {
        stop: tuple(p for pole in below.get(stop, ()) for p in areas.get(pole, ()))
        for stop, location_type in kind.items()
        if location_type == _PARENT
    }
    return areas | parents


def _readings(feed: Feed) -> dict[str, str]:
    columns = ("table_name", "field_name", "language", "record_id", "field_value", "translation")
    rows = feed.table("translations", *columns)
    rows = rows[
        (rows.table_name == "stops")
        & (rows.field_name == "stop_name")
        & rows.language.str.lower().isin(("ja-hrkt", "ja-hira"))
    ]
    return {
        row["record_id"] or row["field_value"]: row["translation"]
        for row in rows.to_dict("records")
    }


def _name(ja: str, en: str) -> Text:
    return Text(ja=ja, en="" if en == ja else en)


def _degrees(value: float) -> float | None:
    return None if value != value else float(value)  # noqa: PLR0124 - NaN, the absent number
