"""The types kernels are declared with, and arguments laid out as compiled code expects them.

numba passes an array to compiled code as its owner, its parent, the number of items, their size,
the address, then shape and strides, each as a word of its own; a tuple as its members one after
the other. Owner and parent may be null for memory that the caller keeps alive.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

_ARRAY = re.compile(r"^(\w+)\[((?::, )*)::1\]$")
_SPLIT = re.compile(r", (?![^\[]*\])")
_SCALARS: dict[str, tuple[type, Any]] = {
    "int64": (int, ctypes.c_int64),
    "float64": (float, ctypes.c_double),
    "boolean": (bool, ctypes.c_uint8),
}

_TAKEN: dict[type, tuple[type, ...]] = {
    int: (int, np.integer),
    float: (float, int, np.floating, np.integer),
    bool: (bool, np.bool_),
}

_records: dict[str, tuple[type, tuple[str, ...]]] = {}


def register(kind: type, arrays: str) -> None:
    """Make a NamedTuple known by its name."""
    _records[kind.__name__] = (kind, split(arrays))


def split(types: str) -> tuple[str, ...]:
    """Return the types of a list that commas separate."""
    return tuple(_SPLIT.split(types))


def record_of(name: str) -> tuple[type, tuple[str, ...]] | None:
    """Return a registered NamedTuple and the types of its arrays."""
    return _records.get(name)


@dataclass(frozen=True)
class Array:
    """A contiguous array of some type and number of dimensions."""

    dtype: np.dtype[Any]
    ndim: int

    @property
    def words(self) -> list[Any]:
        """The C types it is passed as."""
        return [ctypes.c_void_p] * 2 + [ctypes.c_ssize_t] * 2 + self._tail

    @property
    def _tail(self) -> list[Any]:
        return [ctypes.c_void_p] + [ctypes.c_ssize_t] * (2 * self.ndim)

    def lay_out(self, value: Any, words: list[Any]) -> None:
        """Append an array to the words of a call."""
        if (
            type(value) is not np.ndarray
            or value.dtype != self.dtype
            or value.ndim != self.ndim
            or not value.flags.c_contiguous
        ):
            raise TypeError(f"expected a contiguous {self.ndim}-d array of {self.dtype}")
        address = value.__array_interface__["data"][0]
        words += (None, None, value.size, value.itemsize, address, *value.shape, *value.strides)


@dataclass(frozen=True)
class Record:
    """A NamedTuple of arrays."""

    kind: type
    arrays: tuple[Array, ...]

    @property
    def words(self) -> list[Any]:
        """The C types it is passed as."""
        return [word for array in self.arrays for word in array.words]

    def lay_out(self, value: Any, words: list[Any]) -> None:
        """Append the arrays of a tuple to the words of a call."""
        if not isinstance(value, tuple) or type(value) is not self.kind:
            raise TypeError(f"expected {self.kind.__name__}")
        for array, part in zip(self.arrays, value, strict=True):
            array.lay_out(part, words)


@dataclass(frozen=True)
class Scalar:
    """A number or truth value."""

    python: type
    word: Any

    @property
    def words(self) -> list[Any]:
        """The C types it is passed as."""
        return [self.word]

    def lay_out(self, value: Any, words: list[Any]) -> None:
        """Append a number to the words of a call."""
        if not isinstance(value, _TAKEN[self.python]):
            raise TypeError(f"expected {self.python.__name__}, got {type(value).__name__}")
        words.append(self.python(value))


@dataclass(frozen=True)
class Signature:
    """What a kernel takes and returns.

    Attributes
    ----------
    arguments
        Their types as they were written.
    result
        ``"int64"``, ``"float64"`` or empty.
    """

    arguments: tuple[str, ...]
    result: str

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Read ``"int64[::1], float64 -> int64"``."""
        arguments, _, result = (part.strip() for part in text.partition("->"))
        return cls(split(arguments), result)

    @cached_property
    def layout(self) -> tuple[Array | Record | Scalar, ...]:
        """How each argument is passed."""
        return tuple(_layout(name) for name in self.arguments)

    @property
    def words(self) -> list[Any]:
        """The C types of all arguments."""
        return [word for part in self.layout for word in part.words]

    def lay_out(self, args: tuple[Any, ...]) -> list[Any]:
        """Return the words of a call."""
        if len(args) != len(self.layout):
            raise TypeError(f"takes {len(self.layout)} arguments, got {len(args)}")
        words: list[Any] = []
        for part, value in zip(self.layout, args, strict=True):
            part.lay_out(value, words)
        return words

    @property
    def holder(self) -> Any:
        """A place for the result."""
        return _SCALARS[self.result][1]() if self.result else ctypes.c_void_p()


def _layout(name: str) -> Array | Record | Scalar:
    if name in _SCALARS:
        return Scalar(*_SCALARS[name])
    if known := record_of(name):
        return Record(known[0], tuple(_array(one) for one in known[1]))
    return _array(name)


def _array(name: str) -> Array:
    found = _ARRAY.match(name)
    if found is None:
        raise TypeError(f"no type of a kernel: {name!r}")
    return Array(np.dtype(found[1].replace("boolean", "bool")), found[2].count(":") + 1)
