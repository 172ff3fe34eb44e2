"""The steps of a feed: make, validate, describe, compare."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import orjson

from gtfs.build.feed import build_feed
from gtfs.diff import difference
from gtfs.feed.read import read_feed
from gtfs.feed.write import write_zip
from gtfs.figures.layers import layer_geojson, routes_layer, stops_layer
from gtfs.figures.statistics import statistics
from gtfs.options import REGISTER
from gtfs.pages import timetable_pages
from gtfs.validate import validate, validation_html, validation_json
from pipeline.findings import has_error
from pipeline.graph.step import Made, Work
from pipeline.sources.files import digest

if TYPE_CHECKING:
    from pathlib import Path

    from gtfs.feed.tables import Feed as Tables
    from gtfs.options import Comparing, Describing, Making, Validating
    from pipeline.progress import Progress

COUNTED = ("stops", "routes", "trips", "stop_times")
TILE_ZOOMS = (6, 16)


def make(work: Work) -> Made:
    """Build a feed and compare it with the files it was made from."""
    options: Making = work.options
    result = build_feed(
        options.name,
        options.feed,
        root=options.root,
        publisher=options.publisher,
        registry=options.registry,
        remember=False,
        progress=work.progress,
    )
    tables = result.tables
    if not has_error(result.findings):
        write_zip(tables, work.folder / f"{options.name}.zip")
        result.register.write(work.folder / REGISTER)
    facts = {
        "counts": {name: len(tables[name]) if name in tables else 0 for name in COUNTED},
        "extent": _extent(tables),
        "sources": [
            _source(file, options.root / file)
            for file in result.sources
            if (options.root / file).is_file()
        ],
        "reconciliation": result.reconciliation.as_dict(),
    }
    return Made(facts, list(result.findings))


def check_feed(work: Work) -> Made:
    """Ask the validators."""
    options: Validating = work.options
    archive = work.inputs[0].path(f"{options.name}.zip")
    validation = validate(archive, on=dt.date.fromisoformat(options.on))
    (work.folder / "validation.json").write_bytes(validation_json(validation))
    page = validation_html(validation)
    (work.folder / "validation.html").write_text(page, encoding="utf-8")
    said = {
        "on": validation.on.isoformat(),
        "tools": validation.tools,
        "counts": validation.counts(),
    }
    return Made({"validation": said}, list(validation.findings()))


def describe(work: Work) -> Made:
    """Write layers, statistics, printed timetables and tiles of a feed."""
    options: Describing = work.options
    tables = read_feed(work.inputs[0].path(f"{options.name}.zip")).feed
    figures = statistics(tables)
    layers = {"stops": stops_layer(tables, figures), "routes": routes_layer(tables, figures)}
    for kind, layer in layers.items():
        (work.folder / f"{kind}.geojson").write_bytes(layer_geojson(layer))
    (work.folder / "statistics.json").write_bytes(orjson.dumps(figures.as_dict()))
    pages = timetable_pages(tables, sample=options.sample)
    for file, page in pages.items():
        (work.folder / file).write_text(page, encoding="utf-8")
    facts: dict[str, Any] = {"pages": list(pages)}
    filled = {name: layer for name, layer in layers.items() if len(layer)}
    if not filled:
        return Made(facts)
    findings = _cut_tiles(filled, options, work.folder, work.progress)
    minzoom, maxzoom = TILE_ZOOMS
    return Made(facts | {"tiles": {"minzoom": minzoom, "maxzoom": maxzoom}}, findings)


def _cut_tiles(
    layers: dict[str, Any], options: Describing, folder: Path, progress: Progress
) -> list[Any]:
    # Compiled kernels take a moment to load; a check does without them.
    from pipeline.tiling import TileOptions, tile  # noqa: PLC0415

    minzoom, maxzoom = TILE_ZOOMS
    report = tile(
        layers,
        folder / f"{options.name}.pmtiles",
        options=TileOptions(minzoom=minzoom, maxzoom=maxzoom),
        id_column="id",
        name=options.title,
        attribution=options.attribution,
        progress=progress,
    )
    return list(report.findings)


def compare(work: Work) -> Made:
    """Say what passengers will notice against the version that is served now."""
    options: Comparing = work.options
    if options.published is None or not options.published.is_file():
        return Made()
    before = read_feed(options.published).feed
    changed = difference(before, read_feed(work.inputs[0].path(f"{options.name}.zip")).feed)
    (work.folder / "difference.json").write_bytes(changed.as_json())
    lines = zip(changed.lines("ja"), changed.lines("en"), strict=True)
    return Made({"difference": [{"ja": ja, "en": en} for ja, en in lines]})


def _source(name: str, path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    return {"municipality": "", "path": name, "sha256": digest([path]), "bytes": size}


def _extent(tables: Tables) -> list[float] | None:
    if "stops" not in tables or not len(tables["stops"]):
        return None
    stops = tables["stops"]
    lon, lat = stops["stop_lon"].astype(float), stops["stop_lat"].astype(float)
    return [round(float(v), 7) for v in (lon.min(), lat.min(), lon.max(), lat.max())]
