"""Addresses of what a release holds: the one place that spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for

if TYPE_CHECKING:
    from tiles_server.manifest import Published
    from tiles_server.tileset import Tileset

KINDS = {
    "geojson": "GeoJSON",
    "csv": "CSV",
    "parquet": "GeoParquet",
    "gpkg": "GeoPackage",
    "fgb": "FlatGeobuf",
    "cog": "GeoTIFF (COG)",
    "pmtiles": "PMTiles",
    "csv-metadata": "CSVW",
}
"""Kinds of download a person can choose, in the order they are offered, by their usual name."""


OWN = ("features", "search", "borders", "originals")
"""Kinds that the server reads and nobody else has a use for."""


def tile_template(tileset: Tileset) -> str:
    """Return the absolute, versioned address of the tiles, with ``{z}/{x}/{y}`` to fill in."""
    root = request.url_root.rstrip("/")
    return f"{root}/tiles/{tileset.name}/{{z}}/{{x}}/{{y}}.{tileset.ending}?v={tileset.version}"


def downloads(published: Published) -> dict[str, str]:
    """Return the stable absolute address of every artefact of a layer, by kind."""
    found = {}
    offered = [kind for kind in published.artefacts if kind not in OWN]
    for kind in sorted(offered, key=lambda kind: (*_order(kind), kind)):
        file = published.artefacts[kind].rsplit("/", 1)[-1]
        found[kind] = url_for("data.latest_download", file=file, _external=True)
    return found


def feed_files(name: str, published: Published) -> dict[str, str]:
    """Return the stable absolute address of every artefact of feed `name`, by kind."""
    found = {}
    for kind, path in sorted(published.artefacts.items()):
        if kind == "gtfs":
            found[kind] = url_for("data.gtfs", feed=name, _external=True)
        elif kind == "pmtiles":
            found[kind] = url_for("tiles.pmtiles", tileset=name, _external=True)
        else:
            file = path.rsplit("/", 1)[-1]
            found[kind] = url_for("data.gtfs_file", feed=name, file=file, _external=True)
    return found


def _order(kind: str) -> tuple[int]:
    known = list(KINDS)
    return (known.index(kind) if kind in KINDS else len(known),)
