"""TileJSON 3.0 of a tileset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiles_server import transit
from tiles_server.links import tile_template
from tiles_server.manifest import Layer

if TYPE_CHECKING:
    from tiles_server.manifest import Published
    from tiles_server.tileset import Tileset


def tilejson(tileset: Tileset, published: Published, language: str) -> dict[str, Any]:
    """Return the TileJSON document (specification 3.0.0) of `tileset`.

    ``vector_layers`` is the archive's own; fields that have a title are described by it instead
    of by their type, as the specification wants.
    """
    west, south, east, north = tileset.bounds
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": published.title.best(language) or tileset.name,
        "description": published.description.best(language),
        "attribution": published.attribution,
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [tile_template(tileset)],
        "minzoom": tileset.minzoom,
        "maxzoom": tileset.maxzoom,
        "bounds": [west, south, east, north],
        "center": list(tileset.archive.header.center),
    }
    if tileset.ending == "mvt":
        document["vector_layers"] = vector_layers(tileset, published, language)
    elif isinstance(published, Layer) and published.raster is not None:
        # No keys of TileJSON, but what MapLibre and QGIS ask for beside it.
        document |= {"tileSize": published.raster.size, "encoding": published.raster.encoding}
    if published.as_of:
        # No key of the specification, which lets others be ignored.
        document["as_of"] = published.as_of
    return {key: value for key, value in document.items() if value != ""}


def vector_layers(tileset: Tileset, published: Published, language: str) -> list[dict[str, Any]]:
    """Return the ``vector_layers`` of a tileset, fields described in `language`."""
    titles = _titles(published, language)
    listed = tileset.metadata().get("vector_layers") or [{"id": tileset.name, "fields": {}}]
    return [
        {
            **entry,
            "fields": {
                name: titles.get(name) or kind for name, kind in entry.get("fields", {}).items()
            },
        }
        for entry in listed
    ]


def _titles(published: Published, language: str) -> dict[str, str]:
    if isinstance(published, Layer):
        return {field.name: field.title.best(language) for field in published.columns}
    return {field["name"]: field["title"] for field in transit.fields(language)}


def source_layers(tileset: Tileset) -> list[str]:
    """Return the names of the layers inside the tiles."""
    listed = tileset.metadata().get("vector_layers") or []
    return [str(entry["id"]) for entry in listed] or [tileset.name]
