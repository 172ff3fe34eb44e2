"""The value of a raster at a place, read from its GeoTIFF."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tiles_server.errors import BadQueryError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from tiles_server.manifest import Layer, RasterFacts

RADIUS = 6378137.0


def value_at(release_folder: Path, name: str, layer: Layer, lon: str, lat: str) -> dict[str, Any]:
    """Return what a raster has at a place.

    Parameters
    ----------
    lon, lat
        Degrees, as they came.

    Returns
    -------
    dict
        ``value``: a number for heights, slopes and classes, ``[r, g, b]`` for pictures, ``None``
        where there is nothing.

    Raises
    ------
    UnknownNameError
        If the layer is no raster with a GeoTIFF.
    BadQueryError
        If the place is none.
    """
    path = layer.artefacts.get("cog")
    if path is None or layer.raster is None:
        raise UnknownNameError(f"layer '{name}' is no raster with values")
    x, y = _degrees("lon", lon, 180.0), _degrees("lat", lat, 85.0)
    bands = _read(release_folder / path, x, y)
    value: Any = None
    if bands is not None:
        value = _shown(bands, layer.raster)
    return {"layer": name, "lon": x, "lat": y, "value": value, "kind": layer.raster.kind}


def _degrees(name: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise BadQueryError(f"{name} must be degrees from {-most:g} to {most:g}, not '{text}'")
    return value


def _read(path: Path, lon: float, lat: float) -> list[float] | None:
    """Return the bands of the pixel at a place; nothing outside and where none is."""
    # Most servers have no rasters, and GDAL takes a moment to load.
    import rasterio  # noqa: PLC0415
    from rasterio.windows import Window  # noqa: PLC0415

    x = math.radians(lon) * RADIUS
    y = math.asinh(math.tan(math.radians(lat))) * RADIUS
    with rasterio.open(path) as opened:
        row, column = (math.floor(v) for v in opened.index(x, y, op=float))
        if not (0 <= row < opened.height and 0 <= column < opened.width):
            return None
        window = Window(column, row, 1, 1)
        if not opened.dataset_mask(window=window)[0, 0]:
            return None
        found = [float(v) for v in opened.read(window=window)[:, 0, 0]]
    return None if math.isnan(found[0]) else found


def _shown(bands: list[float], raster: RasterFacts) -> Any:
    match raster.kind:
        case "elevation" | "slope":
            return round(bands[0], 2)
        case "classes":
            return int(bands[0])
        case _:
            return [int(v) for v in bands[:3]]
