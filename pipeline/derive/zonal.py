"""Numbers about the pixels of a raster inside the areas of a dataset.

exactextract weighs a pixel by the part of it that lies inside. Rasters are in Web Mercator, whose
scale changes with latitude: a pixel counts by its area on the ground (cos² of its latitude).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract

from pipeline.derive.fields import require
from pipeline.derive.tables import Derived
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Place
from pipeline.raster.levels import load_levels
from pipeline.raster.placing import RADIUS, to_mercator
from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from pipeline.config.operations import RasterMeasure, Zonal
    from pipeline.derive.tables import Given, GivenRaster
    from pipeline.raster.levels import Levels

WHOLE = 0.999
"""Part of an area from which on it counts as covered."""
NAMES = ("values", "coverage", "center_y")
CELLS = 4_000_000
"""Pixels that exactextract may hold."""


def zonal(options: Zonal, given: Given, raster: GivenRaster) -> Derived:
    """Put numbers about the pixels inside to every row.

    Raises
    ------
    OperationError
        If a statistic does not fit the raster, or a field is there already.
    """
    levels = load_levels(raster.folder)
    catalogue = Catalogue.of("pipeline.derive")
    for name, measure in options.numbers.items():
        _require_kind(levels, measure, raster.facts["name"])
        if name in given.fields:
            place = f"from.numbers.{name}"
            raise OperationError([catalogue.finding("join-name-taken", field=place, value=name)])
    require(given, [], "numbers")
    frame = given.frame.copy()
    covered, found = _extracted(frame, levels, options)
    for name, values in found.items():
        frame[name] = values
    findings = [
        catalogue.finding(code, places=[Place(feature=str(i)) for i in np.flatnonzero(rows)])
        for code, rows in (
            ("zonal-outside", covered == 0),
            ("zonal-partly", (covered > 0) & (covered < WHOLE)),
        )
        if rows.any()
    ]
    fields = [*given.fields.values(), *(Field(n, n, n, "number") for n in options.numbers)]
    return Derived(frame, fields, {"rows": len(frame)}, findings)


def _require_kind(levels: Levels, measure: RasterMeasure, name: str) -> None:
    wanted = {"share": "value", "covered": levels.layout}.get(measure.statistic, "height")
    if levels.layout != wanted:
        code = "raster-not-classes" if wanted == "value" else "raster-not-heights"
        found = Catalogue.of("pipeline.derive").finding(code, value=name)
        raise OperationError([found])


def _extracted(
    frame: gpd.GeoDataFrame, levels: Levels, options: Zonal
) -> tuple[Any, dict[str, Any]]:
    """Return how much of each row is covered, and the numbers by field."""
    shapes = shapely.make_valid(frame.geometry.to_numpy())
    moved = shapely.transform(shapes, to_mercator)
    rows = pd.DataFrame({"row": np.arange(len(frame))})
    areas = gpd.GeoDataFrame(rows, geometry=moved, crs="EPSG:3857")
    areal = shapely.area(moved) > 0
    middle = shapely.get_y(shapely.centroid(moved))
    ground = shapely.area(moved) / np.cosh(np.nan_to_num(middle) / RADIUS) ** 2
    results = _by_pixel(levels, areas[areal])
    total = np.full(len(frame), 0.0)
    found = {name: np.full(len(frame), np.nan) for name in options.numbers}
    for row, (values, weights) in zip(np.flatnonzero(areal), results, strict=True):
        total[row] = min(weights.sum() / ground[row], 1.0)
        if weights.sum() > 0:
            for name, measure in options.numbers.items():
                found[name][row] = _number(measure, values, weights, total[row])
    return total, found


def _by_pixel(levels: Levels, areas: gpd.GeoDataFrame) -> list[tuple[Any, Any]]:
    """Return values of pixels and how many square metres of them are inside."""
    zoom = max(levels.grids)
    grid = levels.grids[zoom]
    pixel = (grid.side / grid.size) ** 2
    with rasterio.open(levels.folder / f"z{zoom}.tif") as opened:
        read = exact_extract(
            opened, areas, list(NAMES), strategy="feature-sequential",
            max_cells_in_memory=CELLS,
        )  # fmt: skip
    found = []
    height = levels.layout == "height"
    first, weight, middle = (name if height else f"band_1_{name}" for name in NAMES)
    for one in read:
        said = one["properties"]
        values = np.ma.filled(np.asarray(said[first], np.float64), np.nan)
        inside = np.asarray(said[weight], np.float64) * pixel
        inside = inside / np.cosh(np.asarray(said[middle]) / RADIUS) ** 2
        if not height:
            inside = inside * (np.asarray(said["band_2_values"]) >= 128)
        there = np.isfinite(values) & (inside > 0)
        found.append((values[there], inside[there]))
    return found


def _number(measure: RasterMeasure, values: Any, weights: Any, covered: float) -> float:
    match measure.statistic:
        case "mean":
            return float(np.average(values, weights=weights))
        case "min":
            return float(values.min())
        case "max":
            return float(values.max())
        case "share":
            return float(weights[values == measure.value].sum() / weights.sum())
        case "covered":
            return covered
        case _:
            assert_never(measure.statistic)
