"""Shards: the finished tiles of one task in one file, with what was counted on the way."""

from __future__ import annotations

import json
from array import array
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.tiling.partition.blocks import Arrays, bytes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType


class ShardWriter:
    """Takes tiles from several threads; the shard appears complete or not at all.

    Attributes
    ----------
    facts
        JSON-ready, kept with the tiles.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: Any = None
        self._partial = path.with_name(f"{path.name}.partial")
        self._file = self._partial.open("wb")
        self._ids, self._lengths = array("q"), array("q")
        self._lock = Lock()

    def write(self, tile: int, data: bytes) -> None:
        """Add one tile."""
        with self._lock:
            self._file.write(data)
            self._ids.append(tile)
            self._lengths.append(len(data))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._file.close()
            self._partial.unlink(missing_ok=True)
            return
        size, count = self._file.tell(), len(self._ids)
        self._file.write(self._ids.tobytes() + self._lengths.tobytes())
        index = {
            "data": ("|u1", (size,), 0),
            "ids": ("<i8", (count,), size),
            "lengths": ("<i8", (count,), size + 8 * count),
        }
        trailer = json.dumps({"index": index, "facts": self.facts}).encode()
        self._file.write(trailer + len(trailer).to_bytes(8, "little"))
        self._file.close()
        self._partial.replace(self.path)


def tiles_of(path: Path) -> Iterator[tuple[int, memoryview]]:
    """Yield the tiles of a shard."""
    with Arrays(path) as arrays:
        ids, lengths = arrays.read("ids"), arrays.read("lengths")
        ends = np.cumsum(lengths)
        for tile, end, length in zip(ids.tolist(), ends.tolist(), lengths.tolist(), strict=True):
            yield tile, bytes_of(arrays.read("data", end - length, end))


def facts_of(path: Path) -> Any:
    """Return what was counted when a shard was made."""
    with Arrays(path) as arrays:
        return arrays.facts
