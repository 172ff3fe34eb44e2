"""What child processes do with pixels; everything here takes and returns what can be pickled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.ops import unary_union

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.raster.cutting import Earlier, cut_tiles, write_cog
from pipeline.raster.drawing import Drawing, Laid
from pipeline.raster.encoding import Picture
from pipeline.raster.levels import grid_over, load_levels
from pipeline.raster.mosaic import draw as draw_levels
from pipeline.raster.placing import HALF_WORLD, from_mercator
from pipeline.raster.proposal import propose_picture
from pipeline.raster.proposal_bundle import propose_heights
from pipeline.raster.reading import BUNDLES, read_raster
from pipeline.raster.relief import draw_relief

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.rasters import Relief
    from pipeline.raster.levels import Grid, Levels
    from pipeline.raster.proposal import RasterProposal
    from pipeline.raster.sheet import Sheet
    from pipeline.raster.steps import RasterDrawing, RasterOutput

    Box = tuple[float, float, float, float]

FINEST = 22
MOST_BLOCKS = 1_000_000
ALIKE = 1.05
"""Pixel sizes within this factor of one another are the same."""

read = read_raster


def propose(path: Path) -> RasterProposal:
    """Look at an unknown raster."""
    return propose_heights(path) if path.suffix.lower() in BUNDLES else propose_picture(path)


def draw(
    options: RasterDrawing, sheets: list[tuple[Sheet, Path]], folder: Path, before: Path | None
) -> tuple[dict[str, Any], list[Finding]]:
    """Draw all sheets of a raster at every zoom.

    Raises
    ------
    SourceError
        If they cannot be one raster, or a file is damaged.
    """
    laid = tuple(Laid.of(sheet, path) for sheet, path in sheets)
    placed = tuple(one for one in laid if all(map(math.isfinite, one.bounds)))
    findings = _outside(laid)
    if not placed:
        raise _refused("raster-empty", options.name)
    colors = _colors(options, placed)
    sizes = [one.placing.pixel_size() for one in placed]
    findings += _uneven(sizes, options.name) + _twice(placed, options.name)
    bounds = _around(placed)
    grid = _grid(options, min(sizes), bounds)
    minzoom = min(options.minzoom, grid.zoom)
    levels = draw_levels(Drawing(options.kind, grid, minzoom, placed), folder, before)
    if not levels.keys[grid.zoom]:
        raise _refused("raster-empty", options.name)
    findings += _holes(placed, min(sizes), options.name)
    if levels.layout == "value" and options.colors:
        findings += _without_class(levels, {value for value, _ in options.colors}, options.name)
    return {
        "name": options.name,
        "kind": options.kind,
        "bounds": list(bounds),
        "colors": [list(color) for color in colors],
        "megapixels": len(levels.keys[grid.zoom]) * grid.size**2 * 4 / 3 / 1e6,
        "pixel_m": round(min(sizes) * _shrink(bounds), 4),
    }, findings


def _refused(code: str, name: str, **details: object) -> SourceError:
    place = f"rasters.{name}"
    return SourceError([Catalogue.of("pipeline.raster").finding(code, field=place, **details)])  # type: ignore[arg-type]


def _shrink(bounds: Box) -> float:
    """Return metres on the ground of a metre in Web Mercator, in the middle of bounds."""
    lat = from_mercator(np.array([[0.0, (bounds[1] + bounds[3]) / 2]]))[0, 1]
    return float(np.cos(np.radians(lat)))


def _around(laid: tuple[Laid, ...]) -> Box:
    boxes = np.array([one.bounds for one in laid])
    (west, south), (east, north) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _grid(options: RasterDrawing, pixel: float, bounds: Box) -> Grid:
    zoom = options.maxzoom
    if zoom is None:
        wanted = math.log2(2 * HALF_WORLD / options.size / pixel)
        # A tenth of a zoom coarser loses nothing that is worth four times the tiles.
        zoom = max(math.ceil(wanted - 0.1), 0)
        if zoom > FINEST:
            raise _refused("raster-too-fine", options.name, value=f"{pixel:.3g}", zoom=zoom)
    grid = grid_over(bounds, zoom, options.size)
    rows, columns = (side // options.size for side in grid.shape)
    if rows * columns > MOST_BLOCKS:
        raise _refused("raster-many-tiles", options.name, value=f"{rows * columns:,}", zoom=zoom)
    return grid


def _colors(
    options: RasterDrawing, laid: tuple[Laid, ...]
) -> tuple[tuple[int, int, int, int], ...]:
    """Return the colour table of classes: as declared, else as the files have it."""
    if options.kind != "classes":
        return ()
    if options.colors:
        table = [(0, 0, 0, 0)] * (max(value for value, _ in options.colors) + 1)
        for value, color in options.colors:
            red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
            table[value] = (red, green, blue, 255)
        return tuple(table)
    tables = {one.sheet.colors for one in laid}
    if len(tables) > 1:
        raise _refused("mosaic-kinds", options.name)
    found = next(iter(tables))
    return found or tuple((v, v, v, 255) for v in range(256))


def _uneven(sizes: list[float], name: str) -> list[Finding]:
    if max(sizes) <= ALIKE * min(sizes):
        return []
    said = f"{min(sizes):.2f} – {max(sizes):.2f} m"
    place = f"rasters.{name}"
    return [Catalogue.of("pipeline.raster").finding("mosaic-sizes", field=place, value=said)]


def _twice(laid: tuple[Laid, ...], name: str) -> list[Finding]:
    """Name tiles of heights that two sources have in different editions: the later one shows."""
    shown: dict[tuple[float, ...], Sheet] = {}
    covered: list[Place] = []
    for one in laid:
        sheet = one.sheet
        if not sheet.made:
            continue
        place = (*(round(v, 9) for v in sheet.transform), sheet.width, sheet.height)
        under = shown.get(place)
        if under is not None and under.sha256 != sheet.sha256:
            covered.append(Place(feature=under.origin, value=sheet.origin))
        shown[place] = sheet
    if not covered:
        return []
    catalogue = Catalogue.of("pipeline.raster")
    return [catalogue.finding("dem-tile-twice", field=f"rasters.{name}", places=covered)]


def _outside(laid: tuple[Laid, ...]) -> list[Finding]:
    found = []
    for one in laid:
        there = one.placing.to_mercator(one.placing.outline())
        lost = float((~np.isfinite(there).all(axis=1)).mean())
        if lost:
            found.append(
                Catalogue.of("pipeline.raster").finding(
                    "raster-outside-grid", file=one.sheet.file, value=f"{100 * lost:.0f}"
                )
            )
    return found


def _holes(laid: tuple[Laid, ...], pixel: float, name: str) -> list[Finding]:
    """Name what all sheets together surround and none of them covers."""
    if len(laid) < 3:
        return []
    outlines = []
    for one in laid:
        w, h = one.sheet.width, one.sheet.height
        corners = one.placing.to_mercator(np.array([(0, 0), (w, 0), (w, h), (0, h)], float))
        if np.isfinite(corners).all():
            outlines.append(shapely.Polygon(corners).buffer(pixel, join_style="mitre"))
    whole = unary_union(outlines)
    parts = whole.geoms if whole.geom_type == "MultiPolygon" else [whole]
    found = []
    for ring in (ring for part in parts for ring in part.interiors):
        west, south, east, north = ring.bounds
        shrink = _shrink(ring.bounds)
        lon, lat = from_mercator(np.array([[(west + east) / 2, (south + north) / 2]]))[0]
        found.append(
            Catalogue.of("pipeline.raster").finding(
                "mosaic-hole", field=f"rasters.{name}", value=f"{lon:.5f}, {lat:.5f}",
                width=round((east - west) * shrink), height=round((north - south) * shrink),
            )
        )  # fmt: skip
    return found


def _without_class(levels: Levels, known: set[int], name: str) -> list[Finding]:
    zoom = max(levels.grids)
    seen: set[int] = set()
    with levels.open(zoom) as level:
        for address in levels.keys[zoom]:
            block = level.read(address)
            seen |= set(np.unique(block.pixels[0][block.alpha > 0]).tolist())
    if seen <= known:
        return []
    said = ", ".join(str(value) for value in sorted(seen - known))
    place = f"rasters.{name}"
    return [
        Catalogue.of("pipeline.raster").finding("raster-class-undeclared", field=place, value=said)
    ]


def relief(declared: Relief, source: Path, folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Draw shaded relief or slope of heights."""
    draw_relief(declared, load_levels(source), folder)
    return {"kind": "photo" if declared.operation == "hillshade" else "elevation", "colors": []}


def cog(options: RasterOutput, folder: Path, facts: dict[str, Any], out: Path) -> dict[str, Any]:
    """Write the largest zoom as a COG."""
    colors = tuple((r, g, b, a) for r, g, b, a in facts["colors"])
    return write_cog(
        folder, options.kind, lossless=not options.lossy, quality=options.tiles.quality,
        colors=colors, out=out,
    )  # fmt: skip


def cut(
    options: RasterOutput,
    folder: Path,
    facts: dict[str, Any],
    out: Path,
    before: tuple[Path, Path] | None,
) -> dict[str, Any]:
    """Cut every zoom into tiles."""
    colors = tuple((r, g, b, a) for r, g, b, a in facts["colors"])
    quality = options.tiles.quality if options.lossy else 100
    layout = load_levels(folder).layout
    picture = Picture(layout, options.tiles.format, quality, options.scheme, colors)  # type: ignore[arg-type]
    west, south, east, north = facts["bounds"]
    earlier = None if before is None else Earlier(*before)
    return cut_tiles(folder, picture, (west, south, east, north), out, earlier)


__all__ = ["cog", "cut", "draw", "propose", "read", "relief"]
