"""Tiles on their way to an archive: kept on disk in any order, handed out clustered."""

from __future__ import annotations

import hashlib
import os
import tempfile
from array import array
from dataclasses import dataclass
from threading import Lock
from typing import IO, TYPE_CHECKING

import numpy as np

from pipeline.tiling.archive.errors import TileRejectedError
from pipeline.tiling.archive.hilbert import zxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from typing_extensions import Buffer

_DIGEST_BYTES = 16
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Clustered:
    """Tiles in order of id, with equal contents stored once.

    Attributes
    ----------
    tile_ids, offsets, lengths
        Shape (tiles,), int64; offsets count from the start of the tile data to be written.
    sources, source_lengths
        Shape (contents,), int64: where each distinct content lies in the spool, in the order in
        which it is to be written.
    digest
        Hexadecimal digest of all ids and contents, the same for the same tileset.
    """

    tile_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    sources: NDArray[np.int64]
    source_lengths: NDArray[np.int64]
    digest: str

    @property
    def spool_offsets(self) -> NDArray[np.int64]:
        """Where the content of every tile lies in the spool, shape (tiles,)."""
        starts = np.cumsum(self.source_lengths) - self.source_lengths
        return self.sources[np.searchsorted(starts, self.offsets)]

    @property
    def data_length(self) -> int:
        """Bytes of all distinct contents."""
        return int(self.source_lengths.sum())


class TileSpool:
    """An unnamed temporary file of tiles plus 40 bytes of memory for each.

    Tiles may come in any order and from several threads. Equal contents are recognised when
    everything has arrived, by a 128-bit digest, so that memory stays small and the result does
    not depend on the order of arrival.

    Parameters
    ----------
    folder
        Where the temporary file lies: a file system with room for all tiles.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=_BUFFER_BYTES)  # noqa: SIM115 - closed by close()
        self._lock = Lock()
        self._ids = array("q")
        self._lengths = array("q")
        self._offsets = array("q")
        self._digests = bytearray()
        self._end = 0

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, tile: int, data: Buffer) -> None:
        """Keep one tile; `data` may be reused by the caller afterwards."""
        digest = hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()
        length = memoryview(data).nbytes
        with self._lock:
            self._file.write(data)
            self._ids.append(tile)
            self._offsets.append(self._end)
            self._lengths.append(length)
            self._digests += digest
            self._end += length

    def cluster(self) -> Clustered:
        """Order the tiles by id and find equal contents.

        Raises
        ------
        TileRejectedError
            If a tile was given twice.
        """
        self._file.flush()
        ids = np.frombuffer(self._ids, np.int64) if self._ids else np.empty(0, np.int64)
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        twice = np.flatnonzero(ids[1:] == ids[:-1])
        if twice.size:
            z, x, y = zxy(int(ids[twice[0]]))
            raise TileRejectedError(f"tile {z}/{x}/{y} was given twice ({twice.size} such tiles)")
        lengths = np.array(self._lengths, np.int64)[order]
        sources = np.array(self._offsets, np.int64)[order]
        digests = np.frombuffer(bytes(self._digests), np.uint64).reshape(-1, 2)[order]
        first = _first_of_equals(digests)
        fresh = first == np.arange(first.size)
        starts = np.cumsum(np.where(fresh, lengths, 0)) - np.where(fresh, lengths, 0)
        summary = hashlib.blake2b(ids.tobytes(), digest_size=_DIGEST_BYTES)
        summary.update(digests.tobytes())
        return Clustered(
            ids, starts[first], lengths, sources[fresh], lengths[fresh], summary.hexdigest()
        )

    def contents(self, clustered: Clustered) -> Iterator[bytes]:
        """Yield the distinct contents in writing order, in pieces of bounded size.

        Neighbours in the spool come together, so pieces are not tiles.
        """
        sources, lengths = clustered.sources, clustered.source_lengths
        breaks = np.ones(sources.size, bool)
        breaks[1:] = sources[1:] != sources[:-1] + lengths[:-1]
        starts = np.flatnonzero(breaks)
        spans = np.add.reduceat(lengths, starts) if starts.size else lengths
        for start, span in zip(sources[starts].tolist(), spans.tolist(), strict=True):
            for offset in range(start, start + span, _BUFFER_BYTES):
                yield self.read(offset, min(_BUFFER_BYTES, start + span - offset))

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the spool. Read, not mapped: mapped pages would count as memory."""
        return os.pread(self._file.fileno(), length, offset)

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()


def _first_of_equals(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return for each row the position of the first row that equals it."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: equals stay in order
    ranked = digests[order]
    fresh = np.ones(order.size, bool)
    fresh[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    leader = order[np.maximum.accumulate(np.where(fresh, np.arange(order.size), 0))]
    first = np.empty_like(order)
    first[order] = leader
    return first
