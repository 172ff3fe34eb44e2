"""Directories of PMTiles v3: which tile ids lie where (specification version 3, section 4).

A directory is columns, not rows: tile ids as differences, run lengths, lengths, and offsets
where 0 means "right after the entry before". An entry whose run length is 0 points to a leaf
directory instead of a tile.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import deflate
import numpy as np

from pipeline.tiling.archive import varint
from pipeline.tiling.archive.errors import CorruptArchiveError, ForeignFileError
from pipeline.tiling.archive.header import Compression
from pipeline.tiling.archive.hilbert import MAX_ZOOM, zoom_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LEAF_ENTRIES = 4096
_LEVEL = 9  # directories are small: their size matters more than their speed
_INFLATED_LIMIT = 1 << 30  # bytes; a directory or metadata beyond it is an attack or an accident


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of one directory, or of all leaves of an archive in order.

    Attributes
    ----------
    tile_ids, offsets, lengths, run_lengths
        Arrays of shape (n,), int64. Offsets and lengths are bytes within the tile data (or
        within the leaf directories where the run length is 0).
    """

    tile_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    run_lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return self.tile_ids.size

    def __getitem__(self, part: slice | NDArray[np.bool_]) -> Entries:
        return Entries(
            self.tile_ids[part], self.offsets[part], self.lengths[part], self.run_lengths[part]
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Entries]) -> Self:
        """Return the entries of all `parts`, in order."""
        none = np.empty(0, np.int64)
        columns = ("tile_ids", "offsets", "lengths", "run_lengths")
        return cls(*(np.concatenate([none, *(getattr(p, c) for p in parts)]) for c in columns))


def encode(entries: Entries) -> bytes:
    """Return a directory, gzip-compressed."""
    follows = np.zeros(len(entries), bool)
    follows[1:] = entries.offsets[1:] == entries.offsets[:-1] + entries.lengths[:-1]
    columns = [
        np.array([len(entries)]),
        np.diff(entries.tile_ids, prepend=0),
        entries.run_lengths,
        entries.lengths,
        np.where(follows, 0, entries.offsets + 1),
    ]
    return compress(varint.encode(np.concatenate(columns)))


def compress(data: bytes) -> bytes:
    """Return `data` as gzip without a time stamp, by libdeflate.

    Not by zlib: which zlib a Python was built with differs between machines, and so do its bytes.
    """
    return bytes(deflate.gzip_compress(data, _LEVEL))


def decode(data: bytes, compression: Compression) -> Entries:
    """Read one directory.

    Raises
    ------
    CorruptArchiveError
        If it cannot be decompressed, its columns differ in length, or a number is impossible.
    ForeignFileError
        If it is compressed in a way that cannot be read here.
    """
    numbers = varint.decode(inflate(data, compression, "a directory"))
    if numbers.size == 0 or (numbers.size - 1) != 4 * int(numbers[0]):
        raise CorruptArchiveError(
            f"a directory says it has {int(numbers[0]) if numbers.size else 'no'} entries "
            f"but holds {max(numbers.size - 1, 0)} numbers, not four for each"
        )
    if int(numbers.max()) > zoom_ids(MAX_ZOOM)[-1] + 1:
        raise CorruptArchiveError("a directory holds a number beyond every id and offset")
    steps, runs, lengths, places = numbers[1:].astype(np.int64).reshape(4, -1)
    ids = np.cumsum(steps)
    last = zoom_ids(MAX_ZOOM)[-1]
    if ids.size and (ids.min() < 0 or (ids.astype(float) + runs).max() > last + 1):
        raise CorruptArchiveError(f"a directory holds a tile id beyond the last of zoom {MAX_ZOOM}")
    if lengths.astype(float).sum() >= 1 << 62:
        raise CorruptArchiveError("the tiles of a directory have more than 2^62 bytes")
    return Entries(ids, _offsets(places, lengths), lengths, runs)


def _offsets(places: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Resolve "right after the entry before" by the last entry that states its place."""
    if places.size and places[0] == 0:
        raise CorruptArchiveError("the first entry of a directory has no offset")
    before = np.cumsum(lengths) - lengths
    stated = np.maximum.accumulate(np.where(places > 0, np.arange(places.size), 0))
    resolved: NDArray[np.int64] = places[stated] - 1 + before - before[stated]
    return resolved


def inflate(data: bytes, compression: Compression, what: str) -> bytes:
    """Decompress a directory or the metadata.

    Raises
    ------
    CorruptArchiveError
        If the bytes are damaged or grow beyond 1 GiB.
    ForeignFileError
        If the compression is neither none nor gzip.
    """
    if compression is Compression.NONE:
        return data
    if compression is not Compression.GZIP:
        raise ForeignFileError(f"{what} is compressed with {compression.name.lower()}, not gzip")
    stream = zlib.decompressobj(wbits=31)
    try:
        inflated = stream.decompress(data, _INFLATED_LIMIT)
    except zlib.error as error:
        raise CorruptArchiveError(f"{what} cannot be decompressed: {error}") from None
    if stream.unconsumed_tail:
        raise CorruptArchiveError(f"{what} decompresses to more than {_INFLATED_LIMIT} bytes")
    if not stream.eof:
        raise CorruptArchiveError(f"{what} ends in the middle of its compressed data")
    return inflated


def split(entries: Entries, root_limit: int) -> tuple[bytes, bytes]:
    """Return root directory and leaf directories, the root at most `root_limit` bytes.

    Small archives have no leaves. Otherwise leaves of 4,096 entries, doubled until the root fits.
    """
    if len(entries) <= root_limit:  # more could fit only when almost all alike: not worth trying
        root = encode(entries)
        if len(root) <= root_limit:
            return root, b""
    size = LEAF_ENTRIES
    while True:
        leaves = [encode(entries[start : start + size]) for start in range(0, len(entries), size)]
        lengths = np.array([len(leaf) for leaf in leaves], np.int64)
        root = encode(
            Entries(
                entries.tile_ids[::size],
                np.cumsum(lengths) - lengths,
                lengths,
                np.zeros_like(lengths),
            )
        )
        if len(root) <= root_limit:
            return root, b"".join(leaves)
        size *= 2


def runs(
    tile_ids: NDArray[np.int64], offsets: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Entries:
    """Join neighbouring ids that share their bytes into runs; ids ascend and differ."""
    starts = np.ones(tile_ids.size, bool)
    starts[1:] = (np.diff(tile_ids) != 1) | (np.diff(offsets) != 0)
    first = np.flatnonzero(starts)
    counts = np.diff(np.append(first, tile_ids.size))
    return Entries(tile_ids[first], offsets[first], lengths[first], counts)


def slices(entries: Entries) -> Iterator[tuple[int, int, int]]:
    """Yield tile id, offset and length of every addressed tile, in order of id."""
    columns = (entries.tile_ids, entries.offsets, entries.lengths, entries.run_lengths)
    for first, offset, length, run in zip(*(c.tolist() for c in columns), strict=True):
        for tile in range(first, first + run):
            yield tile, offset, length
