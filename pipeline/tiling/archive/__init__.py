"""Tile archives: PMTiles v3 written and read, MBTiles on request.

>>> with PMTilesWriter("city.pmtiles", metadata={}, minzoom=0, maxzoom=14, bounds=box) as writer:
...     writer.write(tile_id(14, 14147, 6547), gzipped_tile)
>>> PMTilesReader("city.pmtiles").get(14, 14147, 6547)
<memory at ...>
"""

from importlib import import_module
from typing import TYPE_CHECKING

from pipeline.tiling.archive.directory import Entries
from pipeline.tiling.archive.errors import (
    ArchiveError,
    CorruptArchiveError,
    ForeignFileError,
    TileRejectedError,
    TruncatedArchiveError,
)
from pipeline.tiling.archive.formats import writer_for
from pipeline.tiling.archive.header import Compression, Header, TileType
from pipeline.tiling.archive.hilbert import tile_id, tile_ids, zoom_ids, zoom_of, zxy, zxys
from pipeline.tiling.archive.reader import PMTilesReader
from pipeline.tiling.archive.verification import verify
from pipeline.tiling.archive.writer import ArchiveWriter, PMTilesWriter

if TYPE_CHECKING:
    from pipeline.tiling.archive.mbtiles import MBTilesReader, MBTilesWriter

__all__ = [
    "ArchiveError",
    "ArchiveWriter",
    "Compression",
    "CorruptArchiveError",
    "Entries",
    "ForeignFileError",
    "Header",
    "MBTilesReader",
    "MBTilesWriter",
    "PMTilesReader",
    "PMTilesWriter",
    "TileRejectedError",
    "TileType",
    "TruncatedArchiveError",
    "tile_id",
    "tile_ids",
    "verify",
    "writer_for",
    "zoom_ids",
    "zoom_of",
    "zxy",
    "zxys",
]


def __getattr__(name: str) -> object:
    """Import MBTiles, and with it SQLite, only for those who want it (PEP 562)."""
    if name in ("MBTilesReader", "MBTilesWriter"):
        return getattr(import_module(f"{__name__}.mbtiles"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
