"""Reading a PMTiles v3 archive: mapped, in constant small memory, one tile in microseconds."""

from __future__ import annotations

import hashlib
import json
import mmap
from array import array
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.tiling.archive import directory
from pipeline.tiling.archive.directory import Entries
from pipeline.tiling.archive.errors import (
    ArchiveError,
    CorruptArchiveError,
    TruncatedArchiveError,
)
from pipeline.tiling.archive.header import HEADER_BYTES, Header
from pipeline.tiling.archive.hilbert import tile_id

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import TracebackType

DIGEST_KEY = "tonari:content"
"""Metadata key of a digest of all tiles, put there by our writers."""

_DEPTH = 4  # root and at most three levels of leaves, as the reference readers
_CACHED_LEAVES = 256  # of 4,096 entries and 128 KiB each: at most 32 MiB


class _Node:
    """One directory for scalar look-ups: arrays whose items Python reads fastest."""

    __slots__ = ("ids", "lengths", "offsets", "runs")

    def __init__(self, entries: Entries) -> None:
        self.ids = array("q", entries.tile_ids.tobytes())
        self.offsets = array("q", entries.offsets.tobytes())
        self.lengths = array("q", entries.lengths.tobytes())
        self.runs = array("q", entries.run_lengths.tobytes())


class PMTilesReader:
    """One archive, open for reading from any number of threads.

    Parameters
    ----------
    path
        The archive. It may be replaced by another file meanwhile: this reader goes on with the
        one it opened.

    Attributes
    ----------
    header
        Offsets, counts, zooms and bounds.

    Raises
    ------
    ForeignFileError
        If the file is not a PMTiles v3 archive or compressed in a way that cannot be read.
    TruncatedArchiveError
        If the file ends before a part its header promises.
    CorruptArchiveError
        If the root directory cannot be decoded.
    ArchiveError
        If the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            with self.path.open("rb") as file:
                self.header = Header.unpack(file.read(HEADER_BYTES), str(path))
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise ArchiveError(f"{path}: cannot be opened: {error.strerror}") from error
        self._view = memoryview(self._map)
        self.header.require_within(len(self._view), str(path))
        h = self.header
        self._data_start = h.tile_data_offset
        self._data_end = h.tile_data_offset + h.tile_data_length
        self._root = _Node(_read_root(self._view, h, str(path)))
        self._leaves: dict[int, _Node] = {}
        self._lock = Lock()

    def get(self, z: int, x: int, y: int) -> memoryview | None:
        """Return the stored bytes of a tile (compressed as the header says), or None.

        Tiles outside their zoom are None too, as is everything the archive does not hold.

        Raises
        ------
        ArchiveError
            If the archive turns out to be damaged on the way.
        """
        try:
            found = self.find(tile_id(z, x, y))
        except ValueError:
            return None
        return None if found is None else self._view[found[0] : found[1]]

    def find(self, tile: int) -> tuple[int, int] | None:
        """Return first byte and end of a tile within the file, or None if it is not there.

        Raises
        ------
        TruncatedArchiveError, CorruptArchiveError
            If a directory is damaged or points outside the tile data.
        """
        node = self._root
        for _ in range(_DEPTH):
            i = bisect_right(node.ids, tile) - 1
            if i < 0:
                return None
            run = node.runs[i]
            if run:
                if tile - node.ids[i] >= run:
                    return None
                start = self._data_start + node.offsets[i]
                end = start + node.lengths[i]
                if end > self._data_end:
                    raise TruncatedArchiveError(
                        f"{self.path}: tile id {tile} is said to be bytes {start}-{end - 1}, "
                        f"the tile data ends before {self._data_end}"
                    )
                return start, end
            place = node.offsets[i]
            node = self._leaves.get(place) or self._load(place, node.lengths[i])
        raise CorruptArchiveError(f"{self.path}: directories are nested deeper than {_DEPTH}")

    def _load(self, offset: int, length: int) -> _Node:
        """Decode a leaf and remember it in place of the one remembered longest."""
        node = _Node(_read_leaf(self._view, self.header, str(self.path), offset, length))
        with self._lock:
            while len(self._leaves) >= _CACHED_LEAVES:
                del self._leaves[next(iter(self._leaves))]
            self._leaves[offset] = node
        return node

    def entries(self) -> Entries:
        """Return every entry that points to a tile, in order of the directories."""
        root = _read_root(self._view, self.header, str(self.path))
        return Entries.concatenate(list(self._walk(root)))

    def tiles(self) -> Iterator[tuple[int, memoryview]]:
        """Yield id and stored bytes of every addressed tile, in order of id."""
        for part in self._walk(_read_root(self._view, self.header, str(self.path))):
            for tile, offset, length in directory.slices(part):
                yield tile, self.tile_at(offset, length)

    def tile_at(self, offset: int, length: int) -> memoryview:
        """Return the stored bytes of an entry.

        Raises
        ------
        TruncatedArchiveError
            If they do not lie within the tile data.
        """
        start = self._data_start + offset
        if start + length > self._data_end:
            raise TruncatedArchiveError(
                f"{self.path}: an entry points to bytes {start}-{start + length - 1}, "
                f"the tile data ends before {self._data_end}"
            )
        return self._view[start : start + length]

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The archive's description.

        Raises
        ------
        CorruptArchiveError
            If it is not a JSON object.
        """
        h = self.header
        stored = bytes(self._view[h.metadata_offset : h.metadata_offset + h.metadata_length])
        if not stored:
            return {}
        try:
            text = directory.inflate(stored, h.internal_compression, "the metadata")
            value = json.loads(text)
        except (ValueError, ArchiveError) as error:
            raise CorruptArchiveError(f"{self.path}: metadata: {error}") from error
        if not isinstance(value, dict):
            raise CorruptArchiveError(f"{self.path}: metadata is not a JSON object")
        return value

    @cached_property
    def etag(self) -> str:
        """A strong entity tag of the archive: 32 hexadecimal digits, without quotes.

        Made of everything before the tile data. Archives written here carry a digest of all
        tiles in their metadata, so equal tags mean equal tiles; for archives of others the
        tiles themselves are hashed, once.
        """
        h = self.header
        digest = hashlib.blake2b(self._view[:HEADER_BYTES], digest_size=16)
        for offset, length in (
            (h.root_offset, h.root_length),
            (h.metadata_offset, h.metadata_length),
            (h.leaf_directories_offset, h.leaf_directories_length),
        ):
            digest.update(self._view[offset : offset + length])
        if DIGEST_KEY not in self.metadata:
            digest.update(self._view[self._data_start : self._data_end])
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of the file; tiles already handed out stay readable."""
        self._leaves.clear()
        try:
            self._view.release()
            self._map.close()
        except BufferError:
            pass  # a tile is still in someone's hands: the map goes when that does

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _walk(self, entries: Entries, seen: set[int] | None = None) -> Iterator[Entries]:
        """Yield the entries that point to tiles, leaves in the place of their pointers.

        A leaf may be reached once: a few that point to each other would never end.
        """
        seen = set() if seen is None else seen
        start = 0
        for pointer in np.flatnonzero(entries.run_lengths == 0).tolist():
            yield entries[start:pointer]
            place, length = int(entries.offsets[pointer]), int(entries.lengths[pointer])
            if place in seen:
                raise CorruptArchiveError(f"{self.path}: leaf directory {place} is used twice")
            seen.add(place)
            leaf = _read_leaf(self._view, self.header, str(self.path), place, length)
            yield from self._walk(leaf, seen)
            start = pointer + 1
        yield entries[start:]


def _read_root(view: memoryview, header: Header, name: str) -> Entries:
    return _read_directory(view, header, name, header.root_offset, header.root_length)


def _read_leaf(view: memoryview, header: Header, name: str, offset: int, length: int) -> Entries:
    if offset + length > header.leaf_directories_length:
        raise TruncatedArchiveError(
            f"{name}: a leaf is said to be bytes {offset}-{offset + length - 1} of the leaf "
            f"directories, which have {header.leaf_directories_length}"
        )
    return _read_directory(view, header, name, header.leaf_directories_offset + offset, length)


def _read_directory(
    view: memoryview, header: Header, name: str, offset: int, length: int
) -> Entries:
    stored = bytes(view[offset : offset + length])
    try:
        return directory.decode(stored, header.internal_compression)
    except ArchiveError as error:
        raise type(error)(f"{name}: directory at byte {offset}: {error}") from error
