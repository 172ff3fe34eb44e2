"""Looking into a tileset somebody hands you: sizes by zoom, largest tiles, layers, faults."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.archive import (
    ArchiveError,
    MBTilesReader,
    PMTilesReader,
    verify,
    zoom_ids,
    zxy,
)

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

Reader = PMTilesReader | MBTilesReader

_LARGEST = 10


@dataclass(frozen=True, slots=True)
class ZoomSizes:
    """What one zoom holds: tiles, and their stored bytes as a client receives them."""

    z: int
    tiles: int
    bytes: int
    median: int
    largest: int


@dataclass(frozen=True, slots=True)
class TileSize:
    """One tile and its stored bytes."""

    z: int
    x: int
    y: int
    bytes: int


@dataclass(frozen=True, slots=True)
class TilesetReport:
    """What is in a tileset.

    Attributes
    ----------
    format
        ``"pmtiles"`` or ``"mbtiles"``.
    bytes
        Size of the file.
    tile_type, compression
        What the tiles hold (``"mvt"``, ``"png"`` ...) and how they are stored.
    minzoom, maxzoom, bounds, center
        As the archive declares them: degrees, west south east north.
    tiles, contents
        Addressed tiles, and how many of them differ (absent where the format does not share).
    zooms, largest
        Sizes by zoom, and the ten largest tiles.
    layers
        ``vector_layers`` of the metadata: id, fields, zooms.
    metadata
        All of it.
    fault
        What verification found wrong, else empty.
    """

    path: str
    format: str
    bytes: int
    tile_type: str
    compression: str
    minzoom: int
    maxzoom: int
    bounds: tuple[float, ...]
    center: tuple[float, ...]
    tiles: int
    contents: int | None
    zooms: list[ZoomSizes]
    largest: list[TileSize]
    layers: list[dict[str, Any]]
    metadata: dict[str, Any]
    fault: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return asdict(self)


def open_tileset(path: str | os.PathLike[str]) -> Reader:
    """Open a tileset by the ending of its name, ``.mbtiles`` or else PMTiles.

    Raises
    ------
    ArchiveError
        If it cannot be read.
    """
    return MBTilesReader(path) if Path(path).suffix.lower() == ".mbtiles" else PMTilesReader(path)


def inspect_tileset(path: str | os.PathLike[str]) -> TilesetReport:
    """Describe a ``.pmtiles`` or ``.mbtiles`` file.

    Raises
    ------
    ArchiveError
        If it cannot be read at all. What verification finds beyond that is in the report.
    """
    with closing(open_tileset(path)) as reader:
        return _mbtiles(reader) if isinstance(reader, MBTilesReader) else _pmtiles(reader)


def _pmtiles(reader: PMTilesReader) -> TilesetReport:
    header = reader.header
    fault = ""
    try:
        verify(reader)
    except ArchiveError as error:
        fault = str(error)
    entries = reader.entries()
    zooms, largest = _sizes(entries.tile_ids, entries.run_lengths, entries.lengths)
    return TilesetReport(
        path=str(reader.path),
        format="pmtiles",
        bytes=reader.path.stat().st_size,
        tile_type=tile_type(reader),
        compression=header.tile_compression.name.lower(),
        minzoom=header.minzoom,
        maxzoom=header.maxzoom,
        bounds=header.bounds,
        center=header.center,
        tiles=int(entries.run_lengths.sum()),
        contents=int(np.unique(entries.offsets).size),
        zooms=zooms,
        largest=largest,
        layers=_layers(reader.metadata),
        metadata=reader.metadata,
        fault=fault,
    )


def _mbtiles(reader: MBTilesReader) -> TilesetReport:
    ids, lengths = reader.sizes()
    zooms, largest = _sizes(ids, np.ones_like(ids), lengths)
    plain = reader.plain_metadata
    first = reader.get(*zxy(int(ids[0]))) if ids.size else None
    found = [size.z for size in zooms]
    return TilesetReport(
        path=str(reader.path),
        format="mbtiles",
        bytes=reader.path.stat().st_size,
        tile_type=tile_type(reader),
        compression="gzip" if first and first[:2] == b"\x1f\x8b" else "none",
        minzoom=_number(plain.get("minzoom"), min(found, default=0)),
        maxzoom=_number(plain.get("maxzoom"), max(found, default=0)),
        bounds=_numbers(plain.get("bounds")),
        center=_numbers(plain.get("center")),
        tiles=ids.size,
        contents=None,
        zooms=zooms,
        largest=largest,
        layers=_layers(reader.metadata),
        metadata=reader.metadata,
    )


def _sizes(
    ids: NDArray[np.int64], runs: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[list[ZoomSizes], list[TileSize]]:
    zooms = []
    for z in range(32):
        every = zoom_ids(z)
        low, high = every[0], every[-1] + 1
        counts = np.clip(np.minimum(ids + runs, high) - np.maximum(ids, low), 0, None)
        here = counts > 0
        if not here.any():
            continue
        count, size = counts[here], lengths[here]
        order = np.argsort(size, kind="stable")
        middle = np.searchsorted(np.cumsum(count[order]), (int(count.sum()) + 1) // 2)
        median = int(size[order][middle])
        zooms.append(
            ZoomSizes(z, int(count.sum()), int((count * size).sum()), median, int(size.max()))
        )
    first = np.argsort(-lengths, kind="stable")[:_LARGEST].tolist()
    return zooms, [TileSize(*zxy(int(ids[i])), bytes=int(lengths[i])) for i in first]


def _layers(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Return ``vector_layers`` as far as a stranger's metadata has the shape it should have."""
    layers = metadata.get("vector_layers")
    if not isinstance(layers, list):
        return []
    return [
        layer | {"fields": fields if isinstance(fields := layer.get("fields"), dict) else {}}
        for layer in layers
        if isinstance(layer, dict)
    ]


def tile_type(reader: Reader) -> str:
    """Return what the tiles of an open tileset hold, e.g. ``mvt`` (``pbf`` in MBTiles)."""
    if isinstance(reader, PMTilesReader):
        return reader.header.tile_type.name.lower()
    return reader.plain_metadata.get("format", "unknown")


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() else otherwise


def _numbers(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        return ()
