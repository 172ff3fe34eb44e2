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


JSON = pa.json_(pa.large_string())
"""Columns whose values are of several types: each value is a JSON text of its own."""


def is_json(kind: pa.DataType) -> bool:
    """Tell whether the values of a column are JSON texts."""
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.json"


def json_text(value: Any) -> str:
    """Return a value as JSON text, keys in their order, without blanks."""
    import orjson

    try:
        return orjson.dumps(value, default=_other, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half characters, numbers of more than 64 bits
        import json

        return json.dumps(value, default=_other, separators=(",", ":"))


def _other(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


def json_column(values: list[Any]) -> pa.Array:
    """Return values of any types as a column of JSON; ``None`` is a missing value."""
    texts = [None if value is None else json_text(value) for value in values]
    return pa.ExtensionArray.from_storage(JSON, pa.array(texts, pa.large_string()))
