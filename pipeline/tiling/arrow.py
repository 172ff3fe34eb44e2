"""Between Arrow and numpy without a detour: pyarrow's own conversions import pandas first.

That import takes longer than cutting a small tileset.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

_NAMES = {"halffloat": "f2", "float": "f4", "double": "f8"}


def contiguous(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    joined = column.combine_chunks()
    if not isinstance(joined, pa.ChunkedArray):
        return joined
    return joined.chunk(0) if joined.num_chunks else pa.nulls(0, column.type)


def numbers(array: pa.Array) -> np.ndarray[Any, Any]:
    """Return the values of an array of numbers or booleans, sharing memory where possible.

    Nulls have to be filled before; booleans become uint8.
    """
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    dtype = np.dtype(_NAMES.get(str(array.type), str(array.type)))
    content = array.buffers()[1]
    if content is None or not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(content, dtype, len(array), array.offset * dtype.itemsize)


def positions(index: np.ndarray[Any, Any]) -> pa.Array:
    """Return row numbers as an Arrow array that shares their memory."""
    whole = np.ascontiguousarray(index, np.int64)
    return pa.Array.from_buffers(pa.int64(), whole.size, [None, pa.py_buffer(whole)])


def masked(values: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> pa.Array:
    """Return numbers as an Arrow array that is null where they are not known."""
    bits = pa.py_buffer(np.packbits(known, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, values.size, [bits, pa.py_buffer(values)])
