"""A feed on the map: the stops and routes of a GTFS zip as GeoJSON."""

from __future__ import annotations

import csv
import io
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tiles_server.language import say

if TYPE_CHECKING:
    from pathlib import Path

    Row = dict[str, str]
    GeoJSON = dict[str, Any]

DEFAULT_COLOR = "#0b4f6c"
FIELDS = ("name", "kind", "note", "operator")
"""Properties of every feature, in the order a reader sees them."""


@lru_cache(maxsize=32)
def feed_geojson(path: Path, sha256: str, language: str) -> GeoJSON:
    """Return stops and routes of the feed at `path` as a GeoJSON feature collection.

    Routes come first, so that stops lie on top of them. A route has one line per path its trips
    take; the way back along the same path is not drawn twice. Positions are WGS 84 as GTFS says.

    Parameters
    ----------
    path
        A GTFS zip.
    sha256
        Its checksum: the result is kept until the file is another.
    language
        Language of names where the feed has translations, and of kinds.
    """
    feed = _Feed(path, language)
    features = [*feed.routes(), *feed.stops()]
    for number, feature in enumerate(features, start=1):
        feature["id"] = number
    return {"type": "FeatureCollection", "features": features}


def feed_color(geojson: GeoJSON) -> str:
    """Return the colour that stands for a feed: that of its first route."""
    colors = (feature["properties"].get("color") for feature in geojson["features"])
    return next((color for color in colors if color), DEFAULT_COLOR)


class _Feed:
    def __init__(self, path: Path, language: str) -> None:
        self.language = language
        with zipfile.ZipFile(path) as archive:
            self.tables = {
                name: _read(archive, f"{name}.txt")
                for name in ("agency", "routes", "trips", "shapes", "stops", "translations")
            }
        # Exactly this language: ja-Hrkt, for one, is not Japanese but its pronunciation.
        self.translations = {
            (t.get("table_name"), t.get("field_name"), t.get("record_id")): t["translation"]
            for t in self.tables["translations"]
            if t.get("language") == language
        }
        self.operators = {
            a.get("agency_id", ""): self.word("agency", "agency_name", a, "agency_id")
            for a in self.tables["agency"]
        }

    def word(self, table: str, field: str, row: Row, key: str) -> str:
        """Return a field in the reader's language if the feed translates it."""
        original = row.get(field, "")
        return self.translations.get((table, field, row.get(key)), original)

    def routes(self) -> list[GeoJSON]:
        lines = self._lines()
        features = []
        for route in self.tables["routes"]:
            names = [
                self.word("routes", f"route_{length}_name", route, "route_id")
                for length in ("short", "long")
            ]
            color = route.get("route_color")
            properties = {
                "name": " ".join(name for name in names if name),
                "kind": say("transit_route", self.language),
                "note": self.word("routes", "route_desc", route, "route_id"),
                "operator": self.operators.get(route.get("agency_id", ""), ""),
                "color": f"#{color}" if color else DEFAULT_COLOR,
            }
            features += [
                _feature("LineString", line, properties) for line in lines[route["route_id"]]
            ]
        return features

    def _lines(self) -> dict[str, list[list[list[float]]]]:
        """Return the distinct paths of every route; a path and its reverse are one."""
        shapes: dict[str, list[tuple[int, list[float]]]] = {}
        for point in self.tables["shapes"]:
            at = [float(point["shape_pt_lon"]), float(point["shape_pt_lat"])]
            shapes.setdefault(point["shape_id"], []).append((int(point["shape_pt_sequence"]), at))
        paths = {name: [at for _, at in sorted(points)] for name, points in shapes.items()}
        lines: dict[str, list[list[list[float]]]] = {
            r["route_id"]: [] for r in self.tables["routes"]
        }
        for route, shape in dict.fromkeys(
            (trip["route_id"], trip.get("shape_id", "")) for trip in self.tables["trips"]
        ):
            path = paths.get(shape)
            known = lines[route]
            if path and path not in known and path[::-1] not in known:
                known.append(path)
        return lines

    def stops(self) -> list[GeoJSON]:
        return [
            _feature(
                "Point",
                [float(stop["stop_lon"]), float(stop["stop_lat"])],
                {
                    "name": self.word("stops", "stop_name", stop, "stop_id"),
                    "kind": say("transit_stop", self.language),
                    "note": self.word("stops", "stop_desc", stop, "stop_id"),
                },
            )
            for stop in self.tables["stops"]
            # Platforms, and stations for want of them; entrances and nodes are not for this map.
            if stop.get("location_type", "") in ("", "0") and stop.get("stop_lon")
        ]


def _read(archive: zipfile.ZipFile, name: str) -> list[Row]:
    if name not in archive.namelist():
        return []
    with archive.open(name) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig", newline="")))


def _feature(kind: str, coordinates: Any, properties: dict[str, str]) -> GeoJSON:
    filled = {key: value for key, value in properties.items() if value}
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": filled}
