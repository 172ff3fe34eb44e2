"""How much memory a run may take, and what that means for the size of its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from pipeline.errors import TilingError

ENGINE_BYTES = 160 << 20
"""What the process holds without a single feature: interpreter, libraries, compiled kernels."""

LEAST_BYTES = 256 << 20
"""Below this too little is left to work with."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes of parts, in bytes of their arrays; working on one takes a multiple.

    Attributes
    ----------
    batch
        Input read at a time.
    chunk
        Shapes and attributes of one chunk of a layer.
    task
        Shapes and attributes one task may load.
    """

    batch: int
    chunk: int
    task: int

    @property
    def tile(self) -> int:
        """What a single tile may hold; encoding it takes some three times as much."""
        return self.task * 5 // 4

    @classmethod
    def of(cls, memory: int) -> Self:
        """Return the sizes that keep a process within `memory` bytes."""
        work = memory - ENGINE_BYTES
        return cls(batch=work // 11, chunk=work // 36, task=work // 4)


def parse_size(text: str | int) -> int:
    """Return bytes: ``"2G"``, ``"800M"``, ``"1.5G"`` (powers of 1,024) or a plain number.

    Raises
    ------
    TilingError
        If it is no size.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", str(text).strip(), re.IGNORECASE)
    if not found:
        raise TilingError(f"memory '{text}' is no size: write it like 800M or 2G")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def parse_memory(text: str | int) -> int:
    """Return the bytes of a bound on memory; see :func:`parse_size`.

    Raises
    ------
    TilingError
        If it is no size, or too small for the engine itself.
    """
    size = parse_size(text)
    if size < LEAST_BYTES:
        raise TilingError(
            f"memory '{text}' is too small: the engine itself takes {ENGINE_BYTES >> 20}M, "
            f"use {LEAST_BYTES >> 20}M or more"
        )
    return size
