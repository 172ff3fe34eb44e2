"""The first 127 bytes of a PMTiles v3 archive (specification version 3, section 3)."""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Self

from pipeline.tiling.archive.errors import (
    CorruptArchiveError,
    ForeignFileError,
    TruncatedArchiveError,
)

HEADER_BYTES = 127
ROOT_END = 16_384  # header and root directory must lie within the first 16 KiB

_LAYOUT = struct.Struct("<7sB11Q?5B4iB2i")
_MAGIC = b"PMTiles"
_VERSION = 3


class Compression(IntEnum):
    """How directories, metadata or tiles are compressed."""

    UNKNOWN = 0
    NONE = 1
    GZIP = 2
    BROTLI = 3
    ZSTD = 4


class TileType(IntEnum):
    """What the tiles hold."""

    UNKNOWN = 0
    MVT = 1
    PNG = 2
    JPEG = 3
    WEBP = 4
    AVIF = 5
    MLT = 6


@dataclass(frozen=True, slots=True)
class Header:
    """Where the parts of an archive are, and what it covers.

    Offsets and lengths are bytes; leaf offsets in directories count from
    `leaf_directories_offset`, tile offsets from `tile_data_offset`. Positions are longitude and
    latitude in units of 1e-7 degrees.
    """

    root_offset: int
    root_length: int
    metadata_offset: int
    metadata_length: int
    leaf_directories_offset: int
    leaf_directories_length: int
    tile_data_offset: int
    tile_data_length: int
    addressed_tiles: int
    tile_entries: int
    tile_contents: int
    clustered: bool
    internal_compression: Compression
    tile_compression: Compression
    tile_type: TileType
    minzoom: int
    maxzoom: int
    west_e7: int
    south_e7: int
    east_e7: int
    north_e7: int
    center_zoom: int
    center_longitude_e7: int
    center_latitude_e7: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        return (self.west_e7 / 1e7, self.south_e7 / 1e7, self.east_e7 / 1e7, self.north_e7 / 1e7)

    @property
    def center(self) -> tuple[float, float, int]:
        """Longitude, latitude in degrees, and zoom to open a map with."""
        return (self.center_longitude_e7 / 1e7, self.center_latitude_e7 / 1e7, self.center_zoom)

    def pack(self) -> bytes:
        """Return the 127 bytes."""
        return _LAYOUT.pack(_MAGIC, _VERSION, *astuple(self))

    @classmethod
    def unpack(cls, data: bytes, name: str) -> Self:
        """Read the header of the archive called `name` from its first bytes.

        Raises
        ------
        ForeignFileError
            If the bytes are not those of a PMTiles version 3 archive.
        TruncatedArchiveError
            If there are fewer than 127 of them.
        CorruptArchiveError
            If a code for compression or tile type is unknown, or the zooms are impossible.
        """
        if not data.startswith(_MAGIC):
            raise ForeignFileError(f"{name}: not a PMTiles archive (it starts with {data[:7]!r})")
        if len(data) > len(_MAGIC) and data[len(_MAGIC)] != _VERSION:
            raise ForeignFileError(
                f"{name}: PMTiles version {data[len(_MAGIC)]}; only version {_VERSION} can be read"
            )
        if len(data) < HEADER_BYTES:
            raise TruncatedArchiveError(
                f"{name}: the header needs {HEADER_BYTES} bytes, the file has {len(data)}"
            )
        fields = list(_LAYOUT.unpack(data[:HEADER_BYTES])[2:])
        try:
            fields[12:15] = [Compression(fields[12]), Compression(fields[13]), TileType(fields[14])]
        except ValueError as error:
            raise CorruptArchiveError(f"{name}: header: {error}") from None
        header = cls(*fields)
        if not header.minzoom <= header.maxzoom <= 31:
            raise CorruptArchiveError(
                f"{name}: zooms {header.minzoom}-{header.maxzoom} are impossible"
            )
        return header

    def require_within(self, size: int, name: str) -> None:
        """Check that every part lies within a file of `size` bytes.

        Raises
        ------
        TruncatedArchiveError
            Naming the part, its bytes and the size.
        """
        parts = {
            "root directory": (self.root_offset, self.root_length),
            "metadata": (self.metadata_offset, self.metadata_length),
            "leaf directories": (self.leaf_directories_offset, self.leaf_directories_length),
            "tile data": (self.tile_data_offset, self.tile_data_length),
        }
        for part, (offset, length) in parts.items():
            if length and offset + length > size:
                raise TruncatedArchiveError(
                    f"{name}: {part} is said to be bytes {offset}-{offset + length - 1}, "
                    f"the file has {size}"
                )
