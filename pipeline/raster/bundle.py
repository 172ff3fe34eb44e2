"""Zips of elevation models and text tiles: one file after the other, with bounds."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.raster.placing import HALF_WORLD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_FILE = 128 << 20
"""Bytes of one file inside; a mesh of 1 m has about 20 MB."""
LARGEST_RATIO = 200
MOST_FILES = 20_000
TILE = re.compile(r"(?:^|[/\\_-])(\d{1,2})[/\\_-](\d{1,8})[/\\_-](\d{1,8})\.(?:txt|csv)$")
TILE_PIXELS = 256


def names_in(path: Path, shown: str) -> list[str]:
    """Return the names of files in a zip that may be read.

    Raises
    ------
    SourceError
        If it is no zip, or swollen.
    """
    catalogue = Catalogue.of("pipeline.raster")
    try:
        with zipfile.ZipFile(path) as opened:
            inside = [info for info in opened.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        found = catalogue.finding("raster-unreadable", file=shown, reason=str(error))
        raise SourceError([found]) from error
    for info in inside:
        if info.file_size > LARGEST_FILE or info.file_size > LARGEST_RATIO * max(
            info.compress_size, 4096
        ):
            raise SourceError(
                [
                    catalogue.finding(
                        "raster-swollen",
                        file=f"{shown}/{info.filename}",
                        value=f"{info.file_size:,} B",
                        size=f"{info.compress_size:,} B",
                    )
                ]
            )
    if len(inside) > MOST_FILES:
        raise SourceError(
            [
                catalogue.finding(
                    "raster-swollen", file=shown, value=f"{len(inside):,}", size=f"{MOST_FILES:,}"
                )
            ]
        )
    endings = (".xml", ".txt", ".csv", ".zip")
    return [info.filename for info in inside if info.filename.lower().endswith(endings)]


def files_in(path: Path, names: list[str], shown: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of files in a zip, one at a time.

    Raises
    ------
    SourceError
        If one cannot be unpacked.
    """
    try:
        with zipfile.ZipFile(path) as opened:
            for name in names:
                with opened.open(name) as file:
                    yield name, file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        found = Catalogue.of("pipeline.raster").finding(
            "raster-unreadable", file=shown, reason=str(error)
        )
        raise SourceError([found]) from error


def tile_of(name: str, shown: str) -> tuple[int, int, int]:
    """Return z, x, y that the name of a text tile tells.

    Raises
    ------
    SourceError
        If it does not.
    """
    found = TILE.search(name)
    z, x, y = (int(part) for part in found.groups()) if found else (99, 0, 0)
    if z > 20 or x >= 1 << z or y >= 1 << z:
        raise SourceError([Catalogue.of("pipeline.raster").finding("tile-name", file=shown)])
    return z, x, y


def read_text_tile(content: bytes, shown: str) -> NDArray[np.float32]:
    """Read the heights of GSI's text tile: 256 rows of 256 numbers, ``e`` for none.

    Raises
    ------
    SourceError
        If it is something else.
    """
    rows = [line.split(",") for line in content.decode("ascii", "replace").split()]
    try:
        values = [[np.nan if v == "e" else float(v) for v in row] for row in rows]
        heights = np.array(values, np.float32)
        if heights.shape != (TILE_PIXELS, TILE_PIXELS):
            raise ValueError("×".join(str(side) for side in heights.shape))
    except ValueError as error:
        found = Catalogue.of("pipeline.raster").finding("tile-shape", file=shown, value=str(error))
        raise SourceError([found]) from error
    return heights


def tile_transform(z: int, x: int, y: int) -> tuple[float, float, float, float, float, float]:
    """Return where the pixel corners of a tile lie in Web Mercator metres."""
    side = 2 * HALF_WORLD / (1 << z)
    pixel = side / TILE_PIXELS
    return (pixel, 0.0, x * side - HALF_WORLD, 0.0, -pixel, HALF_WORLD - y * side)
