"""Arrays and tables on disk, of which any run of entries can be read by itself.

Read with ``pread`` and never mapped: mapped pages would count as memory of the process.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from pipeline.tiling.geometry.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

_TABLE_ROWS = 2048
_PER_SHAPE = ("kind", "row", "bounds", "area")
"""Arrays of :class:`Shapes` with one entry per shape."""


def bytes_of(values: NDArray[Any]) -> memoryview:
    """Return the memory of a contiguous array as bytes."""
    view = memoryview(values)  # type: ignore[arg-type]
    return view.cast("B")


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in place in one step."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], facts: Any = None) -> None:
    """Write arrays and JSON-ready facts as one file that appears complete or not at all."""
    index, at = {}, 0
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        for name, values in arrays.items():
            whole = np.ascontiguousarray(values)
            if whole.size:
                file.write(bytes_of(whole))
            index[name] = (whole.dtype.str, whole.shape, at)
            at += whole.nbytes
        trailer = json.dumps({"index": index, "facts": facts}).encode()
        file.write(trailer + len(trailer).to_bytes(8, "little"))
    partial.replace(path)


@dataclass
class Arrays:
    """An open file of arrays; a context manager."""

    path: Path

    def __enter__(self) -> Self:
        self._file = os.open(self.path, os.O_RDONLY)
        end = os.fstat(self._file).st_size
        length = int.from_bytes(os.pread(self._file, 8, end - 8), "little")
        trailer = json.loads(os.pread(self._file, length, end - 8 - length))
        self.facts: Any = trailer["facts"]
        self._index: dict[str, tuple[str, list[int], int]] = trailer["index"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def length(self, name: str) -> int:
        """Return how many entries an array has."""
        return self._index[name][1][0]

    def read(self, name: str, first: int = 0, last: int | None = None) -> NDArray[Any]:
        """Return entries `first` to `last` (all by default) of an array, writable."""
        kind, shape, at = self._index[name]
        last = shape[0] if last is None else last
        out = np.empty((max(last - first, 0), *shape[1:]), np.dtype(kind))
        if out.size:
            width = out.dtype.itemsize * math.prod(shape[1:])
            _fill(self._file, bytes_of(out), at + first * width)
        return out


class Block(Arrays):
    """Shapes, more arrays with one entry per shape, and beside it a table of their attributes."""

    @property
    def total(self) -> int:
        """Number of shapes."""
        return self.length("kind")

    def read_shapes(self, first: int, last: int) -> Shapes:
        """Return shapes `first` to `last`."""
        parts = self.read("parts", first, last + 1)
        rings = self.read("rings", int(parts[0]), int(parts[-1]) + 1)
        low, high = int(rings[0]), int(rings[-1])
        return Shapes(
            x=self.read("x", low, high),
            y=self.read("y", low, high),
            importance=self.read("importance", low, high),
            rings=rings - low,
            hole=self.read("hole", int(parts[0]), int(parts[-1])),
            parts=parts - parts[0],
            **{name: self.read(name, first, last) for name in _PER_SHAPE},
        )

    def read_table(self, first: int, last: int) -> pa.Table:
        """Return the attributes of shapes `first` to `last`."""
        with pa.OSFile(str(_table(self.path)), "rb") as source:
            reader = pa.ipc.open_file(source)
            if last <= first or not reader.schema.names:
                return reader.schema.empty_table()
            low = first // _TABLE_ROWS
            batches = [reader.get_batch(i) for i in range(low, (last - 1) // _TABLE_ROWS + 1)]
        whole = pa.Table.from_batches(batches, reader.schema)
        return whole.slice(first - low * _TABLE_ROWS, last - first)


def _table(path: Path) -> Path:
    return path.with_name(f"{path.name}.arrow")


def write_block(
    path: Path, shapes: Shapes, table: pa.Table, extra: Mapping[str, NDArray[Any]], facts: Any
) -> None:
    """Write shapes in one piece, the attributes of each, and more arrays of one entry per shape."""
    with (
        pa.OSFile(str(_table(path)), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table.combine_chunks(), max_chunksize=_TABLE_ROWS)
    write_arrays(path, shapes._asdict() | dict(extra), facts)


def remove_block(path: Path) -> None:
    """Remove a block that is not needed any more."""
    for part in (path, _table(path)):
        part.unlink(missing_ok=True)


def _fill(file: int, view: memoryview, at: int) -> None:
    done = 0
    while done < view.nbytes:
        read = os.preadv(file, [view[done:]], at + done)
        if not read:
            raise OSError("a file of the work directory is shorter than it was written")
        done += read
