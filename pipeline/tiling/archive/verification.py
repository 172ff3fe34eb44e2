"""Checking that an archive keeps what its header and directories promise."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from pipeline.tiling.archive.errors import CorruptArchiveError, TruncatedArchiveError
from pipeline.tiling.archive.header import HEADER_BYTES, ROOT_END, Compression
from pipeline.tiling.archive.hilbert import zoom_of, zxy

if TYPE_CHECKING:
    from pipeline.tiling.archive.directory import Entries
    from pipeline.tiling.archive.reader import PMTilesReader


def verify(reader: PMTilesReader, sample: int = 64) -> Entries:
    """Check an open archive and return its entries.

    Directories are checked whole; of the tiles, the largest and an even `sample` are
    decompressed (all of them if the archive has no more).

    Raises
    ------
    TruncatedArchiveError
        If an entry points outside the tile data.
    CorruptArchiveError
        If ids do not ascend, runs overlap, counts differ from the header, a tile lies outside
        the declared zooms, the data is not clustered although the header says so, or a sampled
        tile cannot be decompressed.
    """
    entries = reader.entries()
    name = str(reader.path)
    if reader.header.root_offset + reader.header.root_length > ROOT_END:
        raise CorruptArchiveError(f"{name}: the root directory ends beyond {ROOT_END} bytes")
    if reader.header.root_offset < HEADER_BYTES:
        raise CorruptArchiveError(f"{name}: the root directory overlaps the header")
    _check_order(entries, reader)
    _check_ranges(entries, reader)
    _check_counts(entries, reader)
    _check_sample(entries, reader, sample)
    return entries


def _check_order(entries: Entries, reader: PMTilesReader) -> None:
    ends = entries.tile_ids + entries.run_lengths
    late = np.flatnonzero(entries.tile_ids[1:] < ends[:-1])
    if late.size:
        z, x, y = zxy(int(entries.tile_ids[late[0] + 1]))
        raise CorruptArchiveError(f"{reader.path}: tile {z}/{x}/{y} is out of order or given twice")
    if len(entries):
        lowest, highest = zoom_of(int(entries.tile_ids[0])), zoom_of(int(ends[-1]) - 1)
        if lowest < reader.header.minzoom or highest > reader.header.maxzoom:
            raise CorruptArchiveError(
                f"{reader.path}: tiles of zooms {lowest}-{highest}, "
                f"declared {reader.header.minzoom}-{reader.header.maxzoom}"
            )


def _check_ranges(entries: Entries, reader: PMTilesReader) -> None:
    ends = entries.offsets + entries.lengths
    outside = np.flatnonzero((ends > reader.header.tile_data_length) | (entries.lengths == 0))
    if outside.size:
        first = int(outside[0])
        z, x, y = zxy(int(entries.tile_ids[first]))
        raise TruncatedArchiveError(
            f"{reader.path}: tile {z}/{x}/{y} is said to be bytes {int(entries.offsets[first])}-"
            f"{int(ends[first]) - 1} of the tile data, which has {reader.header.tile_data_length}"
        )
    if reader.header.clustered and len(entries):
        reached = np.maximum.accumulate(ends)
        jumps = np.flatnonzero(entries.offsets[1:] > reached[:-1])
        if jumps.size or entries.offsets[0] != 0:
            raise CorruptArchiveError(f"{reader.path}: called clustered, but its tiles are not")


def _check_counts(entries: Entries, reader: PMTilesReader) -> None:
    h = reader.header
    counted = {
        "addressed tiles": (int(entries.run_lengths.sum()), h.addressed_tiles),
        "entries": (len(entries), h.tile_entries),
        "contents": (np.unique(entries.offsets).size, h.tile_contents),
    }
    for what, (found, stated) in counted.items():
        if stated not in (0, found):  # 0 means "unknown" in the specification
            raise CorruptArchiveError(f"{reader.path}: {found} {what}, the header says {stated}")


def _check_sample(entries: Entries, reader: PMTilesReader, sample: int) -> None:
    if reader.header.tile_compression is not Compression.GZIP or not len(entries):
        return
    chosen = np.unique(np.linspace(0, len(entries) - 1, min(sample, len(entries))).astype(np.int64))
    for i in {*chosen.tolist(), int(entries.lengths.argmax())}:
        data = reader.tile_at(int(entries.offsets[i]), int(entries.lengths[i]))
        try:
            whole = _inflates(data)
        except zlib.error:
            whole = False
        if not whole:
            z, x, y = zxy(int(entries.tile_ids[i]))
            raise CorruptArchiveError(f"{reader.path}: tile {z}/{x}/{y} cannot be decompressed")


def _inflates(data: memoryview) -> bool:
    stream = zlib.decompressobj(wbits=31)
    stream.decompress(data)
    return stream.eof and not stream.unused_data
