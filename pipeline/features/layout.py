"""The file of a feature index: a header in JSON, then arrays and bytes under names.

All numbers are little-endian. ::

    8 bytes   b"TONARIFX"
    8 bytes   length of the header
    header    JSON: {"format", "rows", "placed", "fields", "sections": {name: [at, bytes, dtype]}}
    sections  each at a multiple of 64 bytes from the start of the file
"""

from __future__ import annotations

import json
import mmap
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"TONARIFX"
FORMAT = 1
ALIGNMENT = 64
START = struct.Struct("<8sQ")
BYTES = "|u1"
"""Type of a section that is no array of numbers."""


class IndexFileError(TonariError):
    """A file is no feature index, or is damaged."""


class OtherFormatError(IndexFileError):
    """A feature index of a format that this version does not read."""


def write_sections(
    path: Path, facts: Mapping[str, Any], sections: Mapping[str, NDArray[Any] | bytes]
) -> None:
    """Write an index file; equal content gives equal bytes.

    Parameters
    ----------
    facts
        Goes into the header as it is.
    sections
        Arrays of little-endian numbers, or bytes, by name.
    """
    listed: dict[str, tuple[int, int, str]] = {}
    at = 0
    for name, content in sections.items():
        size = len(content) if isinstance(content, bytes) else content.nbytes
        listed[name] = (at, size, BYTES if isinstance(content, bytes) else content.dtype.str)
        at = _aligned(at + size)
    header = json.dumps(
        {"format": FORMAT, **facts, "sections": listed}, ensure_ascii=False, sort_keys=True
    ).encode()
    begin = _aligned(START.size + len(header))
    with path.open("wb") as out:
        out.write(START.pack(MAGIC, len(header)))
        out.write(header)
        for name, content in sections.items():
            out.seek(begin + listed[name][0])
            out.write(content if isinstance(content, bytes) else np.ascontiguousarray(content).data)
        out.truncate(begin + at)


def _aligned(at: int) -> int:
    return -(-at // ALIGNMENT) * ALIGNMENT


class Sections:
    """An index file mapped into memory: processes that read it share its pages.

    Parameters
    ----------
    path
        Written by :func:`write_sections`.

    Raises
    ------
    IndexFileError
        If it is no index, cut short, or of another format.
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            try:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # an empty file cannot be mapped
                raise IndexFileError("the feature index is empty") from None
        self.facts = self._header()
        self._begin = _aligned(START.size + self._length)
        for name, (at, size, _) in self.facts["sections"].items():
            if self._begin + at + size > len(self._map):
                raise IndexFileError(f"the feature index is cut short in '{name}'")

    def _header(self) -> dict[str, Any]:
        if len(self._map) < START.size:
            raise IndexFileError("the feature index is cut short")
        magic, self._length = START.unpack_from(self._map)
        if magic != MAGIC:
            raise IndexFileError("this is no feature index")
        try:
            facts: dict[str, Any] = json.loads(self._map[START.size : START.size + self._length])
        except ValueError:
            raise IndexFileError("the header of the feature index is damaged") from None
        if facts.get("format") != FORMAT:
            raise OtherFormatError(f"a feature index of format {facts.get('format')}")
        return facts

    def array(self, name: str) -> NDArray[Any]:
        """Return an array of numbers as it lies in the file, nothing copied."""
        at, size, dtype = self.facts["sections"][name]
        kind = np.dtype(dtype)
        return np.frombuffer(self._map, kind, size // kind.itemsize, self._begin + at)

    def bytes(self, name: str) -> memoryview:
        """Return the bytes of a section, nothing copied."""
        at, size, _ = self.facts["sections"][name]
        return memoryview(self._map)[self._begin + at : self._begin + at + size]
