"""An unknown file: whether it is a raster, and what a child process finds in it."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from pipeline.confined import Limits, Stopped, confined
from pipeline.raster import bundle, jpgis
from pipeline.raster.steps import CHILD, ENVIRONMENT
from pipeline.raster.worldfile import ALONE, ENDINGS
from pipeline.sources.refusals import explained

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.raster.proposal import RasterProposal

HEAD = 4096
MARK = re.compile(rb"fgd\.gsi\.go\.jp/spec/\d+/FGD_GMLSchema[\s\S]*<(?:\w+:)?DEM[\s>]")
"""An elevation model: the same schema also has roads and houses."""


def is_raster(path: Path) -> bool:
    """Tell whether a file is a picture, a world file or an elevation model.

    Names alone do not tell: a .zip, .xml, .csv may be a ledger or a map as well. A damaged zip
    is none; what reads zips of maps says what is wrong with it.
    """
    ending = path.suffix.lower()
    if ending in ENDINGS or ending in ALONE:
        return True
    if ending == ".zip":
        return _zip_of_heights(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    return _is_heights(path.name, head)


def _is_heights(name: str, head: bytes) -> bool:
    if name.lower().endswith(".xml"):
        return MARK.search(head) is not None
    return bundle.TILE.search(name) is not None and _row_of_heights(head)


def _row_of_heights(head: bytes) -> bool:
    row = head.split(b"\n")[0].strip().split(b",")
    return len(row) == bundle.TILE_PIXELS


def _zip_of_heights(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as opened:
            names = opened.namelist()
            if any(jpgis.NAME.search(name) for name in names):
                return True
            tile = next((name for name in names if bundle.TILE.search(name)), None)
            if tile is None:
                return False
            with opened.open(tile) as file:
                return _row_of_heights(file.read(HEAD))
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return False


def propose(path: Path) -> RasterProposal:
    """Look at a raster in a process of its own.

    Raises
    ------
    SourceError
        If it cannot be read; the findings say why.
    """
    limits = Limits.for_file(path.stat().st_size)
    try:
        found: RasterProposal = confined(
            "rasterio", f"{CHILD}:propose", (path.absolute(),), limits, ENVIRONMENT
        )
    except Stopped as stopped:
        raise explained(stopped, path, path.name, limits) from stopped
    return found
