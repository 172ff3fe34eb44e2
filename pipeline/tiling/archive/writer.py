"""Writing a tileset: tiles in any order, one complete archive or none."""

from __future__ import annotations

import json
import math
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pipeline.tiling.archive import directory
from pipeline.tiling.archive.errors import ArchiveError, TileRejectedError
from pipeline.tiling.archive.header import (
    HEADER_BYTES,
    ROOT_END,
    Compression,
    Header,
    TileType,
)
from pipeline.tiling.archive.hilbert import MAX_ZOOM, zoom_ids, zxy
from pipeline.tiling.archive.reader import DIGEST_KEY, PMTilesReader
from pipeline.tiling.archive.spool import TileSpool
from pipeline.tiling.archive.verification import verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Buffer

    from pipeline.tiling.archive.spool import Clustered

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees of longitude and latitude."""


class ArchiveWriter(ABC):
    """What writers of every format share; use :class:`PMTilesWriter` or `MBTilesWriter`.

    A context manager: leaving it normally completes the archive under its name in one atomic
    rename, leaving it by an exception (Ctrl-C included) removes every trace. The bytes depend
    only on tiles and description, never on the order of `write` calls.

    Parameters
    ----------
    path
        The archive; an existing file is replaced on success only. Its folder must exist.
    metadata
        JSON-ready description (``vector_layers``, ``name``, ``attribution`` ...). May be
        replaced or extended through the attribute of the same name until closing.
    minzoom, maxzoom
        Zooms the tileset declares; tiles outside them are rejected.
    bounds
        West, south, east, north in degrees; may be set until closing, like `metadata`.
    center
        Longitude, latitude and zoom to open a map with; the middle of `bounds` if absent.
    compression
        What `write` is given: ``"gzip"`` or ``"none"``. Tiles are stored as they come.
    tile_type
        ``"mvt"``, ``"png"``, ``"jpeg"``, ``"webp"``, ``"avif"`` or ``"mlt"``.

    Raises
    ------
    ArchiveError
        If the zooms are impossible or the folder cannot be written to.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        metadata: Mapping[str, Any],
        minzoom: int,
        maxzoom: int,
        bounds: Bounds,
        center: tuple[float, float, int] | None = None,
        compression: str = "gzip",
        tile_type: str = "mvt",
    ) -> None:
        self.path = Path(path)
        self.metadata: dict[str, Any] = dict(metadata)
        self.bounds = bounds
        self.center = center
        self.minzoom, self.maxzoom = minzoom, maxzoom
        if not 0 <= minzoom <= maxzoom <= MAX_ZOOM:
            raise ArchiveError(f"zooms {minzoom}-{maxzoom} are impossible")
        try:
            self.compression = Compression[compression.upper()]
            self.tile_type = TileType[tile_type.upper()]
        except KeyError as error:
            raise ArchiveError(f"unknown compression or tile type {error}") from None
        self._first, self._last = zoom_ids(minzoom)[0], zoom_ids(maxzoom)[-1]
        try:
            self._spool = TileSpool(self.path.parent)
        except OSError as error:
            raise ArchiveError(f"{self.path}: cannot write in this folder: {error}") from error
        self._open = True

    def write(self, tile: int, data: Buffer) -> None:
        """Add one tile, compressed as declared. Any order, any thread.

        Raises
        ------
        TileRejectedError
            If it is empty or outside the declared zooms.
        ArchiveError
            If the disk is full or the writer closed.
        """
        if not self._first <= tile <= self._last:
            raise TileRejectedError(
                f"tile id {tile} is outside zooms {self.minzoom}-{self.maxzoom} of {self.path.name}"
            )
        if not memoryview(data).nbytes:
            z, x, y = zxy(tile)
            raise TileRejectedError(f"tile {z}/{x}/{y} has no bytes; leave it out instead")
        if not self._open:
            raise ArchiveError(f"{self.path}: the archive is closed")
        try:
            self._spool.add(tile, data)
        except OSError as error:
            raise ArchiveError(f"{self.path}: {error}") from error

    def close(self) -> None:
        """Complete, verify and rename the archive.

        Raises
        ------
        TileRejectedError
            If a tile was given twice.
        ArchiveError
            If there are no tiles, the bounds are impossible, the disk is full, or reading the
            archive back finds a fault. The path is then as it was before.
        """
        if not self._open:
            return
        partial = self.path.with_name(f".{self.path.name}.{os.urandom(6).hex()}.partial")
        try:
            if not len(self._spool):
                raise ArchiveError(f"{self.path}: a tileset needs at least one tile")
            _require_bounds(self.bounds)
            self._write_file(partial, self._spool.cluster())
            partial.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise ArchiveError(f"{self.path}: {error}") from error
        finally:
            partial.unlink(missing_ok=True)
            self.abort()

    def abort(self) -> None:
        """Give up: remove what was spooled and leave the path as it was."""
        self._open = False
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    @abstractmethod
    def _write_file(self, partial: Path, tiles: Clustered) -> None:
        """Write the complete, synced and verified archive to `partial`."""

    def _position(self) -> tuple[float, float, int]:
        if self.center is not None:
            return self.center
        west, south, east, north = self.bounds
        return (west + east) / 2, (south + north) / 2, self.minzoom


class PMTilesWriter(ArchiveWriter):
    """Write a PMTiles v3 archive: clustered, deduplicated, run-length encoded, verified.

    See :class:`ArchiveWriter` for parameters and guarantees.
    """

    suffix: ClassVar[str] = ".pmtiles"

    def _write_file(self, partial: Path, tiles: Clustered) -> None:
        entries = directory.runs(tiles.tile_ids, tiles.offsets, tiles.lengths)
        root, leaves = directory.split(entries, ROOT_END - HEADER_BYTES)
        metadata = metadata_bytes({**self.metadata, DIGEST_KEY: tiles.digest})
        header = self._header(tiles, len(entries), (len(root), len(metadata), len(leaves)))
        with partial.open("xb") as file:
            file.writelines([header.pack(), root, metadata, leaves])
            file.writelines(self._spool.contents(tiles))
            file.flush()
            os.fsync(file.fileno())
        try:
            with PMTilesReader(partial) as reader:
                verify(reader)
        except ArchiveError as error:
            raise type(error)(str(error).replace(str(partial), str(self.path))) from error

    def _header(self, tiles: Clustered, entries: int, lengths: tuple[int, int, int]) -> Header:
        root, metadata, leaves = lengths
        longitude, latitude, zoom = self._position()
        west, south, east, north = (round(v * 1e7) for v in self.bounds)
        return Header(
            root_offset=HEADER_BYTES,
            root_length=root,
            metadata_offset=HEADER_BYTES + root,
            metadata_length=metadata,
            leaf_directories_offset=HEADER_BYTES + root + metadata,
            leaf_directories_length=leaves,
            tile_data_offset=HEADER_BYTES + root + metadata + leaves,
            tile_data_length=tiles.data_length,
            addressed_tiles=tiles.tile_ids.size,
            tile_entries=entries,
            tile_contents=tiles.sources.size,
            clustered=True,
            internal_compression=Compression.GZIP,
            tile_compression=self.compression,
            tile_type=self.tile_type,
            minzoom=self.minzoom,
            maxzoom=self.maxzoom,
            west_e7=west,
            south_e7=south,
            east_e7=east,
            north_e7=north,
            center_zoom=zoom,
            center_longitude_e7=round(longitude * 1e7),
            center_latitude_e7=round(latitude * 1e7),
        )


def metadata_bytes(value: Mapping[str, Any]) -> bytes:
    """Return metadata as archives store it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return directory.compress(text.encode())


def _require_bounds(bounds: Bounds) -> None:
    west, south, east, north = bounds
    if not (
        all(math.isfinite(v) for v in bounds)
        and -180 <= west <= east <= 180
        and -90 <= south <= north <= 90
    ):
        raise ArchiveError(f"bounds {bounds} are not west, south, east, north in degrees")


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
