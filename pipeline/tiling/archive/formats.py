"""Which archive a file name asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.tiling.archive.errors import ArchiveError
from pipeline.tiling.archive.writer import ArchiveWriter, PMTilesWriter

if TYPE_CHECKING:
    import os


def writer_for(path: str | os.PathLike[str]) -> type[ArchiveWriter]:
    """Return the writer class that a file name asks for: ``.pmtiles`` or ``.mbtiles``.

    Raises
    ------
    ArchiveError
        If the name ends otherwise.
    """
    suffix = Path(path).suffix.lower()
    if suffix == PMTilesWriter.suffix:
        return PMTilesWriter
    if suffix == ".mbtiles":
        from pipeline.tiling.archive.mbtiles import MBTilesWriter

        return MBTilesWriter
    raise ArchiveError(f"{path}: the name of a tileset ends in .pmtiles or .mbtiles")
