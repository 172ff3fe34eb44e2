"""Make releases to serve: real archives, GeoParquet, GeoJSON and zip files, made here from scratch.

What the pipeline makes of the sample is served by test_server_sample_build.py; these releases are
for what a build of good input never shows: several releases side by side, broken ones, odd names.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import os
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
from shapely import LineString, Point, box, clip_by_rect, transform

from pipeline.features.writing import write_feature_index
from pipeline.tiling.archive import PMTilesWriter, tile_id
from pipeline.write.search import write_search

if TYPE_CHECKING:
    from pathlib import Path

MINZOOM, MAXZOOM = 8, 13
NO_FIELDS = ("geometry", "id")


def world(lonlat: np.ndarray) -> np.ndarray:
    """Web Mercator as shares of the world, x to the east, y to the south."""
    y = np.arcsinh(np.tan(np.radians(lonlat[:, 1]))) / math.pi
    return np.column_stack([(lonlat[:, 0] + 180) / 360, (1 - y) / 2])


def write_tiles(frames: dict[str, gpd.GeoDataFrame], path: Path) -> None:
    """Cut frames into one archive, each as a layer of its name."""
    described = {
        "name": path.stem,
        "vector_layers": [
            {"id": name, "fields": {c: "String" for c in frame.columns if c not in NO_FIELDS}}
            for name, frame in frames.items()
        ],
    }
    boxes = np.array([frame.total_bounds for frame in frames.values()])
    bounds = (*boxes.min(axis=0)[:2], *boxes.max(axis=0)[2:])
    with PMTilesWriter(
        path, metadata=described, minzoom=MINZOOM, maxzoom=MAXZOOM, bounds=bounds
    ) as writer:
        for z in range(MINZOOM, MAXZOOM + 1):
            tiles: dict[tuple[int, int], list] = {}
            for name, frame in frames.items():
                for place, features in tiles_of(frame, z).items():
                    tiles.setdefault(place, []).append({"name": name, "features": features})
            for (x, y), layers in tiles.items():
                tile = mapbox_vector_tile.encode(layers, default_options={"y_coord_down": True})
                writer.write(tile_id(z, x, y), gzip.compress(tile, mtime=0))


def corners(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    size = 1 / (1 << z)
    return (x * size, y * size, (x + 1) * size, (y + 1) * size)


def tiles_of(frame: gpd.GeoDataFrame, z: int) -> dict:
    shapes = [transform(shape, world) for shape in frame.geometry]
    tiles: dict[tuple[int, int], list] = {}
    count = 1 << z
    for row, shape in zip(frame.to_dict("records"), shapes, strict=True):
        west, north, east, south = shape.bounds
        for x in range(int(west * count), int(east * count) + 1):
            for y in range(int(north * count), int(south * count) + 1):
                part = clip_by_rect(shape, *corners(z, x, y))
                if not part.is_empty:
                    properties = {k: v for k, v in row.items() if k not in NO_FIELDS}
                    placed = transform(
                        part, lambda c, x=x, y=y: np.round((c * count - (x, y)) * 4096)
                    )
                    feature = {"geometry": placed, "properties": properties, "id": row["id"]}
                    tiles.setdefault((x, y), []).append(feature)
    return tiles


def sample_frames(shift: float = 0.0) -> dict[str, gpd.GeoDataFrame]:
    """Sites on a grid, flood areas in three classes, a ferry line."""
    sites = [
        (i + 1, f"第{i + 1}小学校", ("避難所", "避難場所")[i % 2], "401005", 100 + 7 * i)
        for i in range(120)
    ]
    points = [
        Point(130.78 + 0.012 * (i % 12) + shift, 33.87 + 0.009 * (i // 12)) for i in range(120)
    ]
    floods = [(i + 1, f"{d}", "401005") for i, d in enumerate(("0.5m未満", "0.5–3m", "3m以上"))]
    areas = [box(130.79 + 0.04 * i, 33.88, 130.82 + 0.04 * i, 33.92) for i in range(2)]
    areas.append(box(130.95, 33.97, 130.98, 33.99))  # far off, so that there are empty tiles
    return {
        "evacuation_sites": gpd.GeoDataFrame(
            sites,
            columns=["id", "name", "kind", "municipality_code", "capacity"],
            geometry=points,
            crs=6668,
        ),
        "flood": gpd.GeoDataFrame(
            floods, columns=["id", "depth", "municipality_code"], geometry=areas, crs=6668
        ),
        "ferry_line": gpd.GeoDataFrame(
            [(1, "若戸渡船", "401005")],
            columns=["id", "name", "municipality_code"],
            geometry=[LineString([(130.818836, 33.901292), (130.814440, 33.902258)])],
            crs=6668,
        ),
    }


TITLES = {
    "evacuation_sites": ("指定緊急避難場所", "Evacuation sites"),
    "flood": ("洪水浸水想定区域", "Flood risk areas"),
    "ferry_line": ("渡船航路", "Ferry line"),
    "name": ("名称", "Name"),
    "kind": ("種別", "Kind"),
    "capacity": ("収容人数", "Capacity"),
    "depth": ("浸水の深さ", "Depth"),
    "municipality_code": ("全国地方公共団体コード", "Municipality code"),
}
STYLES = {
    "evacuation_sites": {"color": "#0072B2", "label": "name"},
    "flood": {
        "color": "#88a0b8",
        "by": "depth",
        "classes": [
            {"value": "0.5m未満", "color": "#56B4E9", "label": {"ja": "0.5m未満", "en": "< 0.5 m"}},
            {"value": "0.5–3m", "color": "#0072B2", "label": {"ja": "0.5〜3m", "en": "0.5–3 m"}},
            {"value": "3m以上", "color": "#2b2d6e", "label": {"ja": "3m以上", "en": "3 m or more"}},
        ],
    },
    "ferry_line": {"color": "#D55E00", "label": "name"},
}


def title(name: str) -> dict[str, str]:
    ja, en = TITLES[name]
    return {"ja": ja, "en": en}


def make_release(
    releases: Path,
    release_id: str,
    *,
    frames: dict[str, gpd.GeoDataFrame] | None = None,
    allow: tuple[str, ...] = (),
    sample: bool = True,
    shift: float = 0.0,
    base: tuple = (),
) -> Path:
    """Write one complete release and return its folder; `current` is left alone."""
    folder = releases / release_id
    frames = sample_frames(shift) if frames is None else frames
    layers = {name: write_layer(folder, name, frame) for name, frame in frames.items()}
    manifest = {
        "format": 1,
        "release": release_id,
        "created": "2026-11-23T16:00:00Z",
        "publisher": {
            "name": {"ja": "北九州市", "en": "City of Kitakyushu"},
            "code": "401005",
            "licence": "CC-BY-4.0",
            "contact": "opendata@example.lg.jp",
            "url": "https://www.city.example.lg.jp/",
        },
        "sample": sample,
        "municipalities": {
            "kitakyushu": {"code": "401005", "name": {"ja": "北九州市", "en": "Kitakyushu City"}}
        },
        "layers": layers,
        "feeds": {"wakato_ferry": write_feed(folder)},
        "maps": {
            "kanmon_safety": {
                "title": {"ja": "関門の防災地図", "en": "Kanmon safety map"},
                "description": {"ja": "避難場所と浸水想定区域。", "en": "Shelters and floods."},
                "layers": ["flood", "ferry_line", "evacuation_sites"],
                "feeds": ["wakato_ferry"],
                "base": list(base),
                "center": [130.84, 33.905],
                "zoom": 12,
                "embed": {"allow": list(allow)},
            }
        },
    }
    manifest["artefacts"] = [
        {
            "path": path.relative_to(folder).as_posix(),
            "media_type": MEDIA_TYPES[path.suffix],
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    return folder


MEDIA_TYPES = {
    ".pmtiles": "application/vnd.pmtiles",
    ".geojson": "application/geo+json",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".search": "application/json",
    ".features": "application/vnd.tonari.features",
    ".zip": "application/zip",
    ".html": "text/html",
}


def write_layer(folder: Path, name: str, frame: gpd.GeoDataFrame) -> dict:
    place = folder / "layers" / name
    place.mkdir(parents=True)
    write_tiles({name: frame}, place / f"{name}.pmtiles")
    covering = name != "flood"  # files of others may list no boxes
    frame.to_parquet(place / f"{name}.parquet", row_group_size=50, write_covering_bbox=covering)
    artefacts = ["parquet", "geojson", "csv", "pmtiles"]
    if name != "ferry_line":  # releases of before have no index
        write_feature_index(frame, place / f"{name}.features")
        artefacts.append("features")
    if "name" in frame:
        write_search(frame, place / f"{name}.search", ("name",))
        artefacts.append("search")
    (place / f"{name}.geojson").write_text(
        frame.to_json(drop_id=False, ensure_ascii=False), "utf-8"
    )
    frame.drop(columns="geometry").to_csv(place / f"{name}.csv", index=False)
    kinds = {"Point": "Point", "Polygon": "Polygon", "LineString": "LineString"}
    columns = [c for c in frame.columns if c not in NO_FIELDS]
    return {
        "title": title(name),
        "licence": "CC-BY-4.0",
        "attribution": "北九州市",
        "modified": "2026-11-20T09:00:00Z",
        "status": "built",
        "built_in": folder.name,
        "geometry": kinds[frame.geometry.iloc[0].geom_type],
        "features": len(frame),
        "extent": list(frame.total_bounds),
        "fields": [
            {"name": c, "title": title(c), "type": "integer" if c == "capacity" else "string"}
            for c in columns
        ],
        "style": STYLES[name],
        "tiles": {"minzoom": MINZOOM, "maxzoom": MAXZOOM},
        "artefacts": {kind: f"layers/{name}/{name}.{kind}" for kind in artefacts},
    }


def feed_frames() -> dict[str, gpd.GeoDataFrame]:
    """Two piers and the line between them, as the pipeline writes a feed's layers."""
    piers = [Point(130.818836, 33.901292), Point(130.814440, 33.902258)]
    day = {"weekday_departures": 71, "weekday_first": "05:55", "weekday_last": "22:25"}
    names = [("戸畑渡場", "Tobata pier"), ("若松渡場", "")]
    stops = [{"id": i, "name": ja, "name_en": en, **day} for i, (ja, en) in enumerate(names, 1)]
    routes = [{"id": 9, "name": "若戸航路", "name_en": "Wakato Line", "color": "#D55E00"}]
    return {
        "stops": gpd.GeoDataFrame(stops, geometry=piers, crs=6668),
        "routes": gpd.GeoDataFrame(routes, geometry=[LineString(piers)], crs=6668),
    }


GTFS = {
    "agency": "agency_id,agency_name,agency_timezone\n1,北九州市,Asia/Tokyo\n",
    "stops": "stop_id,stop_name\nTO,戸畑渡場\nWA,若松渡場\n",
    "routes": "route_id,route_long_name,route_type\nwakato,若戸航路,4\n",
    "trips": "route_id,service_id,trip_id\nwakato,daily,t1\n",
    "stop_times": "trip_id,stop_sequence,stop_id,arrival_time,departure_time\n"
    "t1,1,TO,8:30:00,8:30:00\nt1,2,WA,8:33:00,8:33:00\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\ndaily,1,1,1,1,1,1,1,20261001,20270930\n",
}


def write_feed(folder: Path) -> dict:
    place = folder / "feeds" / "wakato_ferry"
    place.mkdir(parents=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for table, text in GTFS.items():
            zipped.writestr(f"{table}.txt", text)
    (place / "wakato_ferry.zip").write_bytes(packed.getvalue())
    write_tiles(feed_frames(), place / "wakato_ferry.pmtiles")
    (place / "timetable.html").write_text("<!doctype html><title>時刻表</title>", "utf-8")
    (place / "validation.html").write_text("<!doctype html><title>検証結果</title>", "utf-8")
    return {
        "title": {"ja": "若戸渡船", "en": "Wakato ferry"},
        "operator": {"name": {"ja": "北九州市産業経済局", "en": "City of Kitakyushu"}},
        "licence": "CC-BY-4.0",
        "status": "built",
        "modified": "2026-11-20T09:00:00Z",
        "start_date": "2026-10-01",
        "end_date": "2027-09-30",
        "version": "20261001",
        "difference": [{"ja": "平日の便が 2 本増えました", "en": "two more trips on weekdays"}],
        "counts": {"stops": 2, "routes": 1, "trips": 190},
        "artefacts": {
            "gtfs": "feeds/wakato_ferry/wakato_ferry.zip",
            "timetable": "feeds/wakato_ferry/timetable.html",
            "validation_html": "feeds/wakato_ferry/validation.html",
            "pmtiles": "feeds/wakato_ferry/wakato_ferry.pmtiles",
        },
    }


def switch(releases: Path, release_id: str) -> None:
    """Point `current` to a release the way the pipeline does: one atomic rename."""
    link = releases / f".current-{os.getpid()}-{release_id}"
    link.symlink_to(release_id)
    link.replace(releases / "current")
