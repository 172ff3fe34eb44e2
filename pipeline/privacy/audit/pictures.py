"""What archives of tiles and pictures carry beside the pixels: fields, words, tags."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import rasterio

from pipeline.tiling.archive.header import TileType
from pipeline.tiling.archive.reader import PMTilesReader
from pipeline.tiling.inspect.tile import decode_tile, inflate_tile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_WORDS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
"""Chunks of a PNG that hold words about it (PNG specification, third edition, 11.3)."""
_WEBP_WORDS = frozenset({b"EXIF", b"XMP "})
"""Chunks of a WebP that hold words about it (RFC 9649, 2.7)."""
_TAGS = frozenset({"AREA_OR_POINT", "OVERVIEW_RESAMPLING"})
"""What GDAL itself says of every COG."""


def in_archive(path: Path) -> Iterator[str]:
    """Yield the fields of an archive's metadata and features, or what its pictures carry."""
    with closing(PMTilesReader(path)) as reader:
        metadata: dict[str, Any] = reader.metadata
        for layer in metadata.get("vector_layers", []):
            yield from layer.get("fields", {})
        drawn = reader.header.tile_type
        for _, stored in reader.tiles():
            if drawn is TileType.MVT:
                content = inflate_tile(bytes(stored), path.name)
                for layer in decode_tile(content).values():
                    for feature in layer["features"]:
                        yield from feature["properties"]
            else:
                yield from in_picture(bytes(stored))


def in_picture(content: bytes) -> Iterator[str]:
    """Yield the chunks of a PNG or WebP picture that hold words about it."""
    if content.startswith(_PNG):
        at, order, words, extra = 8, "big", _PNG_WORDS, 12
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        at, order, words, extra = 12, "little", _WEBP_WORDS, 8
    else:
        return
    while at + 8 <= len(content):
        first, second = content[at : at + 4], content[at + 4 : at + 8]
        size, kind = (first, second) if order == "big" else (second, first)
        if kind in words:
            yield kind.decode("ascii").strip()
        length = int.from_bytes(size, "big" if order == "big" else "little")
        at += extra + length + (length % 2 if order == "little" else 0)


def in_cog(path: Path) -> Iterator[str]:
    """Yield the tags of a COG that say more than how it is stored."""
    with rasterio.open(path) as picture:
        spaces = ("", *picture.tag_namespaces())
        for space in spaces:
            if space not in ("IMAGE_STRUCTURE", "DERIVED_SUBDATASETS"):
                yield from (tag for tag in picture.tags(ns=space or None) if tag not in _TAGS)
        for band in picture.indexes:
            yield from picture.tags(band)
        yield from (said for said in picture.descriptions if said)
