"""Stops and routes of a feed as layers of a map, with what runs there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import orjson
import pandas as pd
import shapely

from gtfs.feed.columns import clock
from gtfs.feed.translations import english_names
from gtfs.figures.statistics import DAY_TYPES, Statistics, statistics

if TYPE_CHECKING:
    from gtfs.feed.tables import Feed

CRS = "EPSG:6668"
"""GTFS says WGS 84, which for passengers is JGD2011, the canonical CRS of this project."""
_DECIMALS = 6  # a tenth of a metre
_LINE = ["shape_id", "shape_pt_sequence"]


def stops_layer(feed: Feed, figures: Statistics | None = None) -> gpd.GeoDataFrame:
    """Return the stops of a feed as points.

    Columns: ``id`` (integer below 2^53, the same as long as the stop id is), ``stop_id, name,
    name_en, platform, parent, wheelchair, routes``, and per type of day ``<day>_departures,
    <day>_first, <day>_last`` (``HH:MM``, past 24 too).
    """
    figures = figures or statistics(feed)
    columns = ("stop_id", "stop_name", "platform_code", "parent_station", "wheelchair_boarding")
    stops = feed.table("stops", *columns, "stop_lat", "stop_lon")
    stops = stops[stops.stop_lat.notna() & stops.stop_lon.notna()].sort_values("stop_id")
    served = _routes_at(feed)
    layer = pd.DataFrame(
        {
            "id": [feature_id("stop", s) for s in stops.stop_id],
            "stop_id": stops.stop_id,
            "name": stops.stop_name,
            "name_en": _english(feed, "stops", "stop_name", stops.stop_id, stops.stop_name),
            "platform": stops.platform_code,
            "parent": stops.parent_station,
            "wheelchair": stops.wheelchair_boarding,
            "routes": [served.get(stop, "") for stop in stops.stop_id],
        }
    )
    layer = _with_figures(layer, figures.stops, "stop_id", "departures")
    points = gpd.points_from_xy(stops.stop_lon, stops.stop_lat)
    return gpd.GeoDataFrame(layer, geometry=points, crs=CRS).reset_index(drop=True)


def routes_layer(feed: Feed, figures: Statistics | None = None) -> gpd.GeoDataFrame:
    """Return the routes of a feed as lines: their shapes, else straight from stop to stop.

    Columns: ``id, route_id, name, name_en, mode, color, operator``, and per type of day
    ``<day>_trips, <day>_first, <day>_last``. Routes without any line are left out.
    """
    figures = figures or statistics(feed)
    names = ("route_id", "route_short_name", "route_long_name", "route_type", "route_color")
    routes = feed.table("routes", *names, "agency_id").sort_values("route_id")
    agency = feed.table("agency", "agency_id", "agency_name")
    operators = dict(zip(agency.agency_id, agency.agency_name, strict=True))
    only = next(iter(operators.values()), "")  # routes may leave out the only operator
    layer = pd.DataFrame(
        {
            "id": [feature_id("route", r) for r in routes.route_id],
            "route_id": routes.route_id,
            "name": (routes.route_short_name + " " + routes.route_long_name).str.strip(),
            "name_en": _english(
                feed, "routes", "route_long_name", routes.route_id, routes.route_long_name
            ),
            "mode": routes.route_type,
            "color": [f"#{color}" if color else "" for color in routes.route_color],
            "operator": [operators.get(agency, only) for agency in routes.agency_id],
        }
    )
    layer = _with_figures(layer, figures.routes, "route_id", "trips")
    lines = _route_lines(feed)
    geometry = [lines.get(route) for route in routes.route_id]
    whole = gpd.GeoDataFrame(layer, geometry=geometry, crs=CRS)
    return whole[whole.geometry.notna()].reset_index(drop=True)


def feature_id(kind: str, key: str) -> int:
    """Return an integer below 2^53 that a stop or route keeps as long as its id in the feed."""
    return int.from_bytes(hashlib.sha256(f"{kind}:{key}".encode()).digest()[:8], "big") >> 11


def layer_geojson(layer: gpd.GeoDataFrame) -> bytes:
    """Return a layer as GeoJSON (RFC 7946), six decimals, the same bytes every time."""
    features = []
    columns = [c for c in layer.columns if c not in ("id", "geometry")]
    for record in layer.to_dict("records"):
        geometry = shapely.set_precision(record["geometry"], 10**-_DECIMALS, mode="pointwise")
        features.append(
            {
                "type": "Feature",
                "id": record["id"],
                "geometry": orjson.loads(shapely.to_geojson(geometry)),
                "properties": {c: _plain(record[c]) for c in columns},
            }
        )
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _with_figures(layer: pd.DataFrame, rows: pd.DataFrame, key: str, count: str) -> pd.DataFrame:
    """Add a column per figure and type of day; no departures are 0, no times empty."""
    for day in DAY_TYPES:
        own = rows[rows.day_type == day].set_index(key)
        counts = {k: int(n) for k, n in own[count].items()}
        layer[f"{day}_{count}"] = [counts.get(k, 0) for k in layer[key]]
        for edge in ("first", "last"):
            times = {k: clock(int(t))[:5] for k, t in own[edge].items()}
            layer[f"{day}_{edge}"] = [times.get(k, "") for k in layer[key]]
    return layer


def _english(feed: Feed, table: str, field: str, keys: pd.Series, names: pd.Series) -> list[str]:
    english = english_names(feed, table, field)
    return ["" if (word := english(k, n)) == n else word for k, n in zip(keys, names, strict=True)]


def _routes_at(feed: Feed) -> dict[str, str]:
    routes = feed.table("routes", "route_id", "route_short_name", "route_long_name")
    names = dict(
        zip(
            routes.route_id,
            routes.route_short_name.where(routes.route_short_name != "", routes.route_long_name),
            strict=True,
        )
    )
    trips = feed.table("trips", "trip_id", "route_id").set_index("trip_id").route_id
    times = feed.table("stop_times", "trip_id", "stop_id")
    pairs = pd.DataFrame({"stop": times.stop_id, "route": times.trip_id.map(trips).map(names)})
    unique = pairs.dropna().drop_duplicates().sort_values(["stop", "route"])
    return {str(stop): "、".join(own) for stop, own in unique.groupby("stop").route}


def _route_lines(feed: Feed) -> dict[str, shapely.Geometry]:
    trips = feed.table("trips", "trip_id", "route_id", "shape_id")
    shapes = _shape_lines(feed)
    drawn = trips[trips.shape_id.isin(shapes)]
    found: dict[str, list[shapely.Geometry]] = {}
    for route, shape in sorted(set(zip(drawn.route_id, drawn.shape_id, strict=True))):
        found.setdefault(route, []).append(shapes[shape])
    for route, line in _straight_lines(feed, trips[~trips.shape_id.isin(shapes)]):
        found.setdefault(route, []).append(line)
    return {route: _as_one(lines) for route, lines in found.items()}


def _as_one(lines: list[shapely.Geometry]) -> shapely.Geometry:
    distinct = list({line.wkb: line for line in lines}.values())
    return distinct[0] if len(distinct) == 1 else shapely.MultiLineString(distinct)


def _shape_lines(feed: Feed) -> dict[str, shapely.LineString]:
    points = feed.table("shapes", *_LINE, "shape_pt_lon", "shape_pt_lat").sort_values(_LINE)
    return {
        str(shape): shapely.LineString(own[["shape_pt_lon", "shape_pt_lat"]].to_numpy())
        for shape, own in points.groupby("shape_id")
        if len(own) > 1
    }


def _straight_lines(feed: Feed, trips: pd.DataFrame) -> list[tuple[str, shapely.LineString]]:
    stops = feed.table("stops", "stop_id", "stop_lon", "stop_lat")
    stops = stops[["stop_id", "stop_lon", "stop_lat"]].dropna()
    place = {stop: (lon, lat) for stop, lon, lat in stops.itertuples(index=False)}
    times = feed["stop_times"]
    times = times[times.trip_id.isin(trips.trip_id)].sort_values(["trip_id", "stop_sequence"])
    route = trips.set_index("trip_id").route_id
    patterns = {
        (str(route[trip]), tuple(s for s in own if s in place))
        for trip, own in times.groupby("trip_id").stop_id
    }
    return [
        (name, shapely.LineString([place[s] for s in sequence]))
        for name, sequence in sorted(patterns)
        if len(sequence) > 1
    ]
