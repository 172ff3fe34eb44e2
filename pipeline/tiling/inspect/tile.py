"""Looking into one vector tile: what it holds, as GeoJSON.

Tiles are decoded by ``mapbox-vector-tile``, which shares no code with our encoder.
"""

from __future__ import annotations

import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import TilingError
from pipeline.tiling.archive import CorruptArchiveError
from pipeline.tiling.inspect.archive import open_tileset, tile_type

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

_TILE_LIMIT = 256 << 20  # bytes a tile may decompress to; more is an attack or an accident
_DEGREES = 7  # decimals: 1 cm


def tile_geojson(path: str | os.PathLike[str], z: int, x: int, y: int) -> dict[str, Any]:
    """Decode one vector tile.

    Returns
    -------
    dict
        ``z``, ``x``, ``y``, ``bytes`` (stored), ``decoded_bytes``, ``layers`` (name, version,
        extent, features) and ``geojson``: a FeatureCollection in longitude and latitude whose
        features carry the foreign member ``layer``.

    Raises
    ------
    TilingError
        If there is no such tile, or it is no vector tile.
    ArchiveError
        If the archive or the tile is damaged.
    """
    with closing(open_tileset(path)) as reader:
        found = reader.get(z, x, y)
        if found is None:
            raise TilingError(f"{path}: there is no tile {z}/{x}/{y}")
        stored = bytes(found)
        kind = tile_type(reader)
    if kind not in ("mvt", "pbf"):
        raise TilingError(f"{path}: tiles are {kind}, only vector tiles can become GeoJSON")
    raw = inflate_tile(stored, f"{path}: tile {z}/{x}/{y}")
    layers = decode_tile(raw, f"{path}: tile {z}/{x}/{y}")
    summary = [
        {
            "name": name,
            "version": layer["version"],
            "extent": layer["extent"],
            "features": len(layer["features"]),
        }
        for name, layer in layers.items()
    ]
    features = [
        _feature(name, feature, _to_degrees(z, x, y, layer["extent"]))
        for name, layer in layers.items()
        for feature in layer["features"]
    ]
    return {
        "z": z,
        "x": x,
        "y": y,
        "bytes": len(stored),
        "decoded_bytes": len(raw),
        "layers": summary,
        "geojson": {"type": "FeatureCollection", "features": features},
    }


def decode_tile(raw: bytes, name: str = "tile") -> dict[str, Any]:
    """Decode an uncompressed vector tile to layers of features in tile units, y downwards.

    Raises
    ------
    CorruptArchiveError
        If the bytes are no vector tile.
    """
    import mapbox_vector_tile
    from google.protobuf.message import (  # type: ignore[import-untyped]
        DecodeError,
    )

    try:
        layers: dict[str, Any] = mapbox_vector_tile.decode(
            raw, default_options={"y_coord_down": True}
        )
    except (DecodeError, IndexError, ValueError, AssertionError) as error:
        raise CorruptArchiveError(f"{name}: not a vector tile: {error}") from error
    return layers


def inflate_tile(stored: bytes, name: str) -> bytes:
    """Decompress a stored tile; one that is not gzip comes back as it is.

    Raises
    ------
    CorruptArchiveError
        If it is damaged or grows beyond 256 MiB.
    """
    if stored[:2] != b"\x1f\x8b":
        return stored
    stream = zlib.decompressobj(wbits=31)
    try:
        raw = stream.decompress(stored, _TILE_LIMIT)
    except zlib.error as error:
        raise CorruptArchiveError(f"{name}: cannot be decompressed: {error}") from error
    if not stream.eof:
        raise CorruptArchiveError(f"{name}: its compressed data has no end within {_TILE_LIMIT}")
    return raw


def _to_degrees(z: int, x: int, y: int, extent: int) -> Callable[[list[Any]], list[Any]]:
    """Return a function from (nested lists of) tile units to longitude and latitude."""
    side = 1 << z

    def place(coordinates: list[Any]) -> list[Any]:
        if isinstance(coordinates[0], list):
            return [place(part) for part in coordinates]
        across, down = x + coordinates[0] / extent, y + coordinates[1] / extent
        latitude = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down / side))))
        return [round(across / side * 360 - 180, _DEGREES), round(float(latitude), _DEGREES)]

    return place


def _feature(
    layer: str, feature: dict[str, Any], place: Callable[[list[Any]], list[Any]]
) -> dict[str, Any]:
    geometry = feature["geometry"]
    coordinates = place(geometry["coordinates"]) if geometry["coordinates"] else []
    if geometry["type"] == "Polygon":
        coordinates = [ring[::-1] for ring in coordinates]
    elif geometry["type"] == "MultiPolygon":  # exteriors run clockwise in tiles, not in GeoJSON
        coordinates = [[ring[::-1] for ring in polygon] for polygon in coordinates]
    return {
        "type": "Feature",
        "id": feature["id"],
        "layer": layer,
        "geometry": {"type": geometry["type"], "coordinates": coordinates},
        "properties": feature["properties"],
    }
