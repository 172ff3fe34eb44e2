"""One tileset: an archive, the tiles it may hold, and what a client must be told about it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.tiling.archive import PMTilesReader
from pipeline.tiling.archive.header import Compression, TileType

if TYPE_CHECKING:
    from pathlib import Path

MAX_LATITUDE = 85.0511287798066
"""Where Web Mercator ends, degrees."""

FORMATS = {
    TileType.MVT: ("mvt", "application/vnd.mapbox-vector-tile"),
    TileType.PNG: ("png", "image/png"),
    TileType.JPEG: ("jpg", "image/jpeg"),
    TileType.WEBP: ("webp", "image/webp"),
    TileType.AVIF: ("avif", "image/avif"),
}
"""Tile type of an archive to ending of the address and media type."""

REMEMBERED_BYTES, REMEMBERED_TAGS = 4_096, 20_000
"""From which size on entity tags are remembered, and how many per tileset: some 5 MB at most."""

Range = tuple[int, int, int, int]


@dataclass(frozen=True)
class Tileset:
    """An opened archive of one layer.

    Attributes
    ----------
    name
        Name of the layer.
    version
        Short hash of the whole archive: it changes when, and only when, the tiles may.
    ending, media_type
        Ending of a tile's address and its media type.
    gzipped
        Whether tiles are stored, and sent, compressed.
    ranges
        Per zoom from `minzoom`: first x, first y, last x, last y of the tiles within bounds.
    tags
        Entity tags of large tiles asked for before.
    """

    name: str
    version: str
    archive: PMTilesReader
    ending: str
    media_type: str
    gzipped: bool
    minzoom: int
    maxzoom: int
    bounds: tuple[float, float, float, float]
    ranges: tuple[Range, ...]
    tags: dict[tuple[int, int, int], str] = field(default_factory=dict)

    @classmethod
    def open(cls, name: str, path: Path, sha256: str) -> Tileset:
        """Map the archive at `path`, whose checksum is `sha256`.

        Raises
        ------
        OSError, pipeline.errors.TonariError
            If it is missing, cut short or no archive.
        ValueError
            If it holds tiles this server cannot name, or in a compression browsers cannot read.
        """
        archive = PMTilesReader(path)
        header = archive.header
        if header.tile_type not in FORMATS:
            raise ValueError(f"tiles of type {header.tile_type.name} cannot be served")
        if header.tile_compression not in (Compression.NONE, Compression.GZIP):
            raise ValueError(f"tiles in {header.tile_compression.name} cannot be served")
        ending, media_type = FORMATS[header.tile_type]
        return cls(
            name=name,
            version=sha256[:12],
            archive=archive,
            ending=ending,
            media_type=media_type,
            gzipped=header.tile_compression is Compression.GZIP,
            minzoom=header.minzoom,
            maxzoom=header.maxzoom,
            bounds=header.bounds,
            ranges=tuple(
                tile_range(header.bounds, z) for z in range(header.minzoom, header.maxzoom + 1)
            ),
        )

    def tag(self, tile: tuple[int, int, int], stored: memoryview) -> str:
        """Return the entity tag of a tile as stored; those of large tiles are remembered.

        Hashing costs a microsecond per kilobyte: nothing for most tiles, most of the work for
        the largest, which are also the most asked for.
        """
        if len(stored) < REMEMBERED_BYTES:
            return content_tag(stored)
        tag = self.tags.get(tile)
        if tag is None:
            if len(self.tags) >= REMEMBERED_TAGS:
                self.tags.clear()
            tag = self.tags[tile] = content_tag(stored)
        return tag

    def covers(self, z: int, x: int, y: int) -> bool:
        """Tell whether tile `z`/`x`/`y` lies within the zooms and bounds, empty or not."""
        if not self.minzoom <= z <= self.maxzoom:
            return False
        west, north, east, south = self.ranges[z - self.minzoom]
        return west <= x <= east and north <= y <= south

    def metadata(self) -> dict[str, Any]:
        """Return the archive's own metadata (``vector_layers`` and more)."""
        return dict(self.archive.metadata)


def tile_range(bounds: tuple[float, float, float, float], z: int) -> Range:
    """Return first x, first y, last x, last y of the Web Mercator tiles that meet `bounds`.

    Parameters
    ----------
    bounds
        West, south, east, north in degrees.
    z
        Zoom; the world is 2**z tiles wide.
    """
    west, south, east, north = bounds
    return (_column(west, z), _row(north, z), _column(east, z), _row(south, z))


def _column(longitude: float, z: int) -> int:
    return _clamp((longitude + 180) / 360, z)


def _row(latitude: float, z: int) -> int:
    phi = math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, latitude)))
    return _clamp((1 - math.asinh(math.tan(phi)) / math.pi) / 2, z)


def _clamp(share: float, z: int) -> int:
    return max(0, min((1 << z) - 1, math.floor(share * (1 << z))))


def content_tag(content: bytes | memoryview) -> str:
    """Return a strong entity tag of `content`: the same bytes have it in every release."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
