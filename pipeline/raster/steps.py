"""The steps of a raster: read, draw, relief, COG, tiles. Pixels are touched in child processes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.confined import Limits, Stopped, confined
from pipeline.graph.step import Made
from pipeline.raster.sheet import sheet_of
from pipeline.sources.refusals import explained

if TYPE_CHECKING:
    from pipeline.config.layers import Municipality
    from pipeline.config.rasters import RasterKind, RasterSource, RasterTiles, Relief
    from pipeline.graph.step import Entry, Work

SHEETS = "sheets.json"
CHILD = "pipeline.raster.child"
MIB = 1 << 20
LEAST_MEMORY = 1536 * MIB
"""Bytes of a child that draws: libraries, compiled kernels and blocks in flight."""
SECONDS, SECONDS_PER_MEGAPIXEL = 600.0, 10.0
ENVIRONMENT = {
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": "64",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_SKIP": "VRT,WMS,WCS,WMTS,HTTP",
    "PROJ_NETWORK": "OFF",
}
"""Of child processes; counts when the library is loaded."""


@dataclass(frozen=True)
class RasterReading:
    """One source."""

    source: RasterSource
    municipality: Municipality
    kind: RasterKind
    root: Path = field(metadata={"key": False})


@dataclass(frozen=True)
class RasterDrawing:
    """All sources of a raster; `colors` are its classes, ``(value, colour)``."""

    name: str
    kind: RasterKind
    minzoom: int
    maxzoom: int | None
    size: int
    colors: tuple[tuple[int, str], ...]
    municipalities: tuple[str, ...]
    root: Path = field(metadata={"key": False})


@dataclass(frozen=True)
class RasterRelief:
    """What is made of heights."""

    relief: Relief


@dataclass(frozen=True)
class RasterOutput:
    """A file of a raster."""

    file: str
    kind: RasterKind
    tiles: RasterTiles
    scheme: str
    lossy: bool


def read(work: Work) -> Made:
    """Read one source: its sheets, and where they lie.

    Raises
    ------
    SourceError
        If nothing can be made of it.
    """
    options: RasterReading = work.options
    path = options.root / options.source.path
    limits = Limits.for_file(path.stat().st_size if path.is_file() else 0)
    arguments = (
        options.source, options.municipality, options.kind, options.root.absolute(), work.folder,
    )  # fmt: skip
    found = _in_child("read", arguments, limits, path, options.source.path)
    text = json.dumps([sheet.as_dict() for sheet in found.sheets], ensure_ascii=False)
    (work.folder / SHEETS).write_text(text, encoding="utf-8")
    return Made({"facts": found.facts}, found.findings)


def draw(work: Work) -> Made:
    """Draw all sheets onto the grid of web maps, at every zoom.

    Raises
    ------
    SourceError
        If they cannot be one raster, or a file is damaged.
    """
    options: RasterDrawing = work.options
    sheets = [
        (sheet, sheet.path(options.root.absolute(), entry.folder))
        for entry in work.inputs
        for sheet in _sheets(entry)
    ]
    before = None if work.before is None else work.before[0].folder
    megapixels = sum(sheet.width * sheet.height for sheet, _ in sheets) / 1e6
    limits = _limits(work.memory, megapixels)
    facts, findings = _in_child(
        "draw", (options, sheets, work.folder, before), limits, Path(options.name), options.name
    )
    return Made(facts | {"municipalities": list(options.municipalities)}, findings)


def relief(work: Work) -> Made:
    """Make shaded relief or slope of heights, at every zoom."""
    options: RasterRelief = work.options
    source = work.inputs[0]
    arguments = (options.relief, source.folder, work.folder, source.facts)
    limits = _limits(work.memory, source.facts["megapixels"])
    facts = _in_child("relief", arguments, limits, Path(work.folder.name), source.facts["name"])
    return Made(source.facts | facts)


def cog(work: Work) -> Made:
    """Write the largest zoom as a cloud-optimised GeoTIFF."""
    options: RasterOutput = work.options
    source = work.inputs[0]
    arguments = (options, source.folder, source.facts, work.folder / options.file)
    limits = _limits(work.memory, source.facts["megapixels"])
    said = _in_child("cog", arguments, limits, Path(options.file), options.file)
    return Made({"cog": said})


def cut(work: Work) -> Made:
    """Cut every zoom into tiles."""
    options: RasterOutput = work.options
    source = work.inputs[0]
    before = None
    if work.before is not None:
        old, (levels, *_) = work.before
        before = (old.path(options.file), levels.folder)
    arguments = (options, source.folder, source.facts, work.folder / options.file, before)
    limits = _limits(work.memory, source.facts["megapixels"])
    said = _in_child("cut", arguments, limits, Path(options.file), options.file)
    # How many tiles were taken from before differs from build to build.
    return Made({key: value for key, value in said.items() if key != "reused"})


def _sheets(entry: Entry) -> list[Any]:
    records = json.loads(entry.path(SHEETS).read_text(encoding="utf-8"))
    return [sheet_of(record) for record in records]


def _limits(memory: int, megapixels: float) -> Limits:
    bound = max(memory, LEAST_MEMORY) if memory else 2 * LEAST_MEMORY
    return Limits(bound, SECONDS + SECONDS_PER_MEGAPIXEL * megapixels)


def _in_child(
    function: str, arguments: tuple[Any, ...], limits: Limits, path: Path, shown: str
) -> Any:
    try:
        return confined("rasterio", f"{CHILD}:{function}", arguments, limits, ENVIRONMENT)
    except Stopped as stopped:
        raise explained(stopped, path, shown, limits) from stopped
