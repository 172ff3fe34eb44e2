"""Reading one source of a raster: its sheets, where they lie, and what is wrong with them.

Runs in a process of its own (see :mod:`pipeline.confined`): no pixel of a foreign file is decoded
in the process that builds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from pyproj import CRS

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.places.territory import territory
from pipeline.raster import bundle, jpgis
from pipeline.raster.georeference import judge_points
from pipeline.raster.picture import DRIVERS, look
from pipeline.raster.placing import Placing
from pipeline.raster.sheet import Sheet
from pipeline.raster.worldfile import ALONE, apart, raster_files, read_world, world_file_of
from pipeline.sources.crs import crs_label, resolve_crs, vouched
from pipeline.sources.files import digest
from pipeline.sources.position import Located, check_position
from pipeline.sources.refusals import missing

if TYPE_CHECKING:
    from pipeline.config.layers import Municipality
    from pipeline.config.rasters import RasterKind, RasterSource

BUNDLES = frozenset({".zip", ".xml", ".txt", ".csv"})
LEVELLED = 0.5
"""Pixels that two positions of one file may differ."""
CORNERS = 9
"""Places along each side that are looked for in the municipality."""


@dataclass(frozen=True)
class ReadSource:
    """What a source holds."""

    sheets: list[Sheet]
    facts: dict[str, Any]
    findings: list[Finding]


def read_raster(
    source: RasterSource, municipality: Municipality, kind: RasterKind, root: Path, folder: Path
) -> ReadSource:
    """Read what a source says of itself.

    Parameters
    ----------
    root
        Folder of the declaration.
    folder
        For files that are made: heights of meshes.

    Raises
    ------
    SourceError
        If nothing can be made of it.
    """
    path, ending = root / source.path, Path(source.path).suffix.lower()
    catalogue = Catalogue.of("pipeline.raster")
    if ending in ALONE:
        raise SourceError([catalogue.finding("worldfile-alone", file=source.path)])
    if not path.is_file():
        raise missing(path, source.path)
    if ending in BUNDLES and kind == "elevation":
        sheets, findings = _bundle(source, path, folder)
        about: dict[str, Any] = {}
    elif ending in DRIVERS:
        sheet, findings, about = _picture(source, path, municipality, kind)
        sheets = [sheet]
    else:
        raise SourceError([catalogue.finding("raster-format", file=source.path, value=ending)])
    findings += _placed(sheets, source, municipality)
    files = raster_files(path)
    operation = Placing(sheets[0]).operation
    facts = {
        "path": source.path,
        "sha256": digest(files),
        "bytes": sum(f.stat().st_size for f in files),
        "crs": crs_label(CRS.from_user_input(sheets[0].crs)),
        "operation": operation.name,
        "accuracy_m": operation.accuracy_m,
        "reader": f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}",
        "features": len(sheets),
    }
    return ReadSource(sheets, facts | about, findings)


def _picture(
    source: RasterSource, path: Path, municipality: Municipality, kind: RasterKind
) -> tuple[Sheet, list[Finding], dict[str, Any]]:
    seen = look(path, source.path, kind)
    findings = [f for f in seen.findings if source.nodata is None or f.code != "raster-no-value"]
    about: dict[str, Any] = {}
    own = CRS.from_wkt(seen.crs) if seen.crs else None
    crs, notes = resolve_crs(source.crs, own, municipality.crs, source.path)
    findings += notes
    sheet = Sheet(
        file=source.path, made=False, sha256=digest(raster_files(path)), width=seen.width,
        height=seen.height, bands=seen.bands, dtype=seen.dtype, crs=crs.to_wkt(),
        nodata=source.nodata if source.nodata is not None else seen.nodata, colors=seen.colors,
        alpha=seen.alpha,
    )  # fmt: skip
    if source.georeference is not None:
        points = source.georeference.points
        notes, account = judge_points(
            source.georeference, crs, (seen.width, seen.height), source.path
        )
        findings += notes
        about = {"method": source.georeference.method, "control_points": account}
        sheet = replace(
            sheet, method=source.georeference.method, pixels=tuple(p.pixel for p in points),
            ground=tuple(p.position for p in points),
        )  # fmt: skip
    else:
        transform, notes = _transform(path, source, seen.transform, (seen.width, seen.height))
        findings += notes
        sheet = replace(sheet, transform=transform)
    return _collared(sheet, source), findings, about


def _collared(sheet: Sheet, source: RasterSource) -> Sheet:
    collar = source.collar
    if collar is None:
        return sheet
    if collar.color is None:
        return replace(sheet, cut=collar.polygon)
    red, green, blue = (int(collar.color[i : i + 2], 16) for i in (1, 3, 5))
    return replace(sheet, paper=(red, green, blue, collar.tolerance))


def _transform(
    path: Path,
    source: RasterSource,
    inside: tuple[float, float, float, float, float, float] | None,
    size: tuple[int, int],
) -> tuple[tuple[float, float, float, float, float, float], list[Finding]]:
    """Return the position of a picture: what is inside a GeoTIFF before what lies beside it."""
    catalogue = Catalogue.of("pipeline.raster")
    beside = world_file_of(path)
    geotiff = inside is not None and DRIVERS[path.suffix.lower()] == "GTiff"
    if beside is None:
        if not geotiff or inside is None:
            raise SourceError([catalogue.finding("raster-unplaced", file=source.path)])
        return inside, []
    shown = str(Path(source.path).with_name(beside.name))
    world = read_world(beside, shown)
    if not geotiff or inside is None:
        return world.transform, list(world.findings)
    off = apart(inside, world.transform, *size)
    if off < LEVELLED / 10:
        return inside, []
    return inside, [catalogue.finding("worldfile-disagrees", file=shown, value=f"{off:.1f}")]


def _bundle(source: RasterSource, path: Path, folder: Path) -> tuple[list[Sheet], list[Finding]]:
    """Turn meshes or text tiles into pictures of their own."""
    findings: list[Finding] = []
    sheets: list[Sheet] = []
    editions: dict[str, None] = {}
    for name, content in _contents(path, source.path, findings):
        shown = f"{source.path}/{name}" if name else source.path
        if (name or source.path).lower().endswith(".xml"):
            mesh = jpgis.read_mesh(content, shown)
            findings += mesh.findings
            editions[mesh.edition] = None
            sheets.append(_made(mesh.heights, mesh.transform, mesh.crs, content, folder, shown))
        else:
            z, x, y = bundle.tile_of(name or source.path, shown)
            heights = bundle.read_text_tile(content, shown)
            place = bundle.tile_transform(z, x, y)
            sheets.append(_made(heights, place, "EPSG:3857", content, folder, shown))
    catalogue = Catalogue.of("pipeline.raster")
    if "jgd2024" in editions and len(editions) > 1:
        findings.append(
            catalogue.finding("dem-editions", file=source.path, value=", ".join(sorted(editions)))
        )
    if not sheets:
        raise jpgis.wrong(source.path, "0")
    return sheets, findings


def _contents(path: Path, shown: str, findings: list[Finding]) -> Any:
    if path.suffix.lower() != ".zip":
        if path.stat().st_size > bundle.LARGEST_FILE:
            raise jpgis.wrong(shown, f"{path.stat().st_size:,} B")
        yield "", path.read_bytes()
        return
    names, left = jpgis.chosen(bundle.names_in(path, shown))
    if left:
        findings.append(
            Catalogue.of("pipeline.raster").finding(
                "dem-older-left", file=shown, places=[Place(feature=name) for name in left]
            )
        )
    yield from bundle.files_in(path, names, shown)


def _made(
    heights: Any,
    transform: tuple[float, float, float, float, float, float],
    crs: str,
    content: bytes,
    folder: Path,
    shown: str,
) -> Sheet:
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"{sha256[:24]}.tif"
    rows, columns = heights.shape
    profile = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "float32",
        "compress": "zstd", "predictor": 3, "tiled": True, "blockxsize": 256, "blockysize": 256,
        "nodata": np.nan, "transform": rasterio.Affine(*transform),
    }  # fmt: skip
    with rasterio.open(folder / name, "w", **profile) as out:
        out.write(heights, 1)
    return Sheet(
        file=name, made=True, sha256=sha256, width=columns, height=rows, bands=1,
        dtype="float32", crs=crs, transform=transform, nodata=float("nan"), origin=shown,
    )  # fmt: skip


def _placed(sheets: list[Sheet], source: RasterSource, municipality: Municipality) -> list[Finding]:
    """Look whether the source is where its municipality is, by the place of it that is nearest."""
    land = territory(municipality.code)
    nearest: tuple[float, Any, Any, Any] | None = None
    for sheet in sheets:
        placing = Placing(sheet)
        pixels = placing.outline(CORNERS - 1)
        lonlat = placing.to_lonlat(pixels)
        known = np.isfinite(lonlat).all(axis=1)
        away = np.full(len(pixels), np.inf)
        if land is not None and known.any():
            away[known] = land.distance_km(lonlat[known, 0], lonlat[known, 1])
        at = int(np.argmin(away))
        if nearest is None or away[at] < nearest[0]:
            nearest = (
                float(away[at]),
                placing.to_ground(pixels[at : at + 1])[0],
                lonlat[at],
                sheet,
            )
    if nearest is None:
        return []
    _, given, moved, sheet = nearest
    crs = CRS.from_user_input(sheet.crs)
    located = Located(
        np.array([shapely.Point(given)]), np.array([shapely.Point(moved)]), crs,
        np.array([1]), source.path,
    )  # fmt: skip
    found = check_position(located, municipality, None)
    return found + vouched(Placing(sheet).operation, crs, source.path)
