"""Contour lines of a raster of heights, cut by blocks and joined.

Blocks overlap by one pixel, so that lines of neighbours end in the same point; a level that equals
heights exactly is moved by a thousandth of a millimetre, since a line through nodes is not one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from contourpy import contour_generator

from pipeline.derive.tables import Derived
from pipeline.errors import OperationError
from pipeline.findings import Catalogue
from pipeline.raster.levels import Level, Levels, load_levels
from pipeline.raster.placing import from_mercator
from pipeline.sources.table import CANONICAL_CRS
from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.operations import Contours
    from pipeline.derive.tables import GivenRaster
    from pipeline.raster.levels import Address

NUDGE = 1e-6
"""Metres by which a level lies above its name: heights in whole metres are no lines then."""
INDEX = 5
"""Every fifth line is an index contour (計曲線)."""
FIELDS = [
    Field("elevation", "標高（m）", "Elevation (m)", "number"),
    Field("index", "計曲線", "Index contour", "boolean"),
]


def contours(options: Contours, given: GivenRaster) -> Derived:
    """Make a line, or several, of every level.

    Raises
    ------
    OperationError
        If the raster holds no heights or has not this zoom.
    """
    levels = load_levels(given.folder)
    place = f"from.raster {options.raster}"
    catalogue = Catalogue.of("pipeline.derive")
    if levels.layout != "height":
        raise OperationError(
            [catalogue.finding("raster-not-heights", field=place, value=given.facts["name"])]
        )
    zoom = max(levels.grids) if options.zoom is None else options.zoom
    if zoom not in levels.grids:
        known = ", ".join(str(z) for z in sorted(levels.grids))
        raise OperationError(
            [catalogue.finding("raster-zoom-absent", field=place, value=zoom, known=known)]
        )
    lines = _joined(_pieces(levels, zoom, options.interval))
    heights = sorted(lines)
    codes = given.facts["municipalities"]
    shapes = [shape for height in heights for shape in lines[height]]
    of = [height for height in heights for _ in lines[height]]
    frame = gpd.GeoDataFrame(
        {
            "municipality_code": [codes[0] if len(codes) == 1 else ""] * len(shapes),
            "elevation": np.array(of, np.float64),
            "index": [round(height / options.interval) % INDEX == 0 for height in of],
        },
        geometry=shapes, crs=CANONICAL_CRS,
    )  # fmt: skip
    findings = [] if shapes else [catalogue.finding("contours-none", value=options.interval)]
    return Derived(frame, list(FIELDS), {"lines": len(shapes)}, findings)


def _pieces(levels: Levels, zoom: int, interval: float) -> dict[float, list[Any]]:
    """Return lines of every level in pixels of the level's file, cut at blocks."""
    found: dict[float, list[Any]] = {}
    with levels.open(zoom) as level:
        for address in sorted(levels.keys[zoom]):
            for height, piece in _block_lines(level, address, interval):
                found.setdefault(height, []).append(piece)
    grid = levels.grids[zoom]
    transform = grid.transform
    for height, pieces in found.items():
        # One rounding for all, so that ends of neighbours are the same point.
        found[height] = [
            shapely.LineString(np.round(piece, 6)) for piece in pieces if len(piece) > 1
        ]
    scale = np.array([transform.a, transform.e])
    offset = np.array([transform.c, transform.f])
    return {
        height: [
            shapely.set_coordinates(line, shapely.get_coordinates(line) * scale + offset)
            for line in merged
        ]
        for height, pieces in found.items()
        if (merged := _merged(pieces))
    }


def _merged(pieces: list[Any]) -> list[Any]:
    whole = shapely.line_merge(shapely.MultiLineString(pieces))
    return [line for line in shapely.get_parts(whole) if not line.is_empty]


def _block_lines(
    level: Level, address: Address, interval: float
) -> list[tuple[float, NDArray[np.float64]]]:
    block = level.read(address, margin=1)
    # One pixel more to the right and below: cells between blocks belong to one of them.
    heights, there = block.pixels[0][1:, 1:], block.alpha[1:, 1:] >= 128
    if not there.any():
        return []
    size = level.grid.size
    window = level.grid.window(address)
    x = np.arange(heights.shape[1]) + window.col_off + 0.5
    y = np.arange(heights.shape[0]) + window.row_off + 0.5
    surface = np.ma.masked_array(heights.astype(np.float64), ~there)[: size + 1, : size + 1]
    maker = contour_generator(x[: size + 1], y[: size + 1], surface, corner_mask=False)
    first = math.ceil(float(surface.min()) / interval)
    last = math.floor(float(surface.max()) / interval)
    return [
        (round(number * interval, 6), line)
        for number in range(first, last + 1)
        for line in map(np.asarray, maker.lines(number * interval + NUDGE))
    ]


def _joined(pieces: dict[float, list[Any]]) -> dict[float, list[Any]]:
    """Bring lines from Web Mercator metres to degrees."""
    return {
        height: [shapely.transform(line, from_mercator) for line in lines]
        for height, lines in pieces.items()
    }
