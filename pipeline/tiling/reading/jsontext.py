"""Where things stand in a text of GeoJSON, found without building an object of any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.native import helper, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

INCOMPLETE = -1
"""The text ends within a value: read more of it."""

START, END, PROPERTIES, PROPERTIES_END, ID, ID_END = range(6)
"""Columns of what :func:`features_in` finds; -1 where a feature has no such member."""

_QUOTE, _BACKSLASH, _COLON, _COMMA = 0x22, 0x5C, 0x3A, 0x2C
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 0x7B, 0x7D, 0x5B, 0x5D
_PROPERTIES = np.frombuffer(b'"properties"', np.uint8)
_IDENTIFIER = np.frombuffer(b'"id"', np.uint8)


@helper
def _behind_space(data: Any, at: int) -> int:
    """Return the first position that is neither white space nor a record separator."""
    while at < data.shape[0] and (data[at] <= 0x20):
        at += 1
    return at


@helper
def _behind_value(data: Any, at: int) -> int:
    """Return the position behind the value that begins at `at`, or INCOMPLETE."""
    size = data.shape[0]
    depth = 0
    while at < size:
        byte = data[at]
        if byte == _QUOTE:
            at += 1
            while at < size and data[at] != _QUOTE:
                at += 2 if data[at] == _BACKSLASH else 1
            if at >= size:
                return INCOMPLETE
            at += 1
        elif byte in (_OPEN, _OPEN_LIST):
            depth += 1
            at += 1
        elif byte in (_CLOSE, _CLOSE_LIST):
            depth -= 1
            at += 1
        else:
            at += 1
            if depth == 0:
                while (
                    at < size and data[at] > 0x20 and data[at] not in (_COMMA, _CLOSE, _CLOSE_LIST)
                ):
                    at += 1
                return at if at < size else INCOMPLETE
        if depth <= 0:
            return at
    return INCOMPLETE


@kernel("uint8[::1], int64 -> int64")
def behind_value(data: NDArray[np.uint8], at: int) -> int:
    """Return the position behind the value that begins at `at`, or INCOMPLETE."""
    return _behind_value(data, at)


@helper
def _is(data: Any, start: int, end: int, word: Any) -> bool:
    if end - start != word.shape[0]:
        return False
    for k in range(word.shape[0]):
        if data[start + k] != word[k]:
            return False
    return True


@helper
def _members(data: Any, properties: Any, identifier: Any, out: Any) -> None:
    """Find what a feature holds; `out` has its start and end and takes the rest."""
    at = _behind_space(data, out[START] + 1)
    while at < out[END] and data[at] == _QUOTE:
        start = at
        at = _behind_space(data, _behind_value(data, at))
        end = at
        while end > start and data[end - 1] != _QUOTE:
            end -= 1
        if at >= out[END] or data[at] != _COLON:
            return
        value = _behind_space(data, at + 1)
        at = _behind_value(data, value)
        if at < 0 or at > out[END]:
            return
        if _is(data, start, end, properties):
            out[PROPERTIES] = value
            out[PROPERTIES_END] = at
        elif _is(data, start, end, identifier):
            out[ID] = value
            out[ID_END] = at
        at = _behind_space(data, at)
        if at < out[END] and data[at] == _COMMA:
            at = _behind_space(data, at + 1)


@kernel("uint8[::1], int64[::1], uint8[::1], uint8[::1], int64[:, ::1] -> int64")
def _find_features(
    data: NDArray[np.uint8],
    at: NDArray[np.int64],
    properties: NDArray[np.uint8],
    identifier: NDArray[np.uint8],
    out: NDArray[np.int64],
) -> int:
    found = 0
    while found < out.shape[0]:
        start = _behind_space(data, at[0])
        while start < data.shape[0] and (data[start] == _COMMA or data[start] <= 0x20):
            start += 1
        at[0] = start
        if start >= data.shape[0] or data[start] == _CLOSE_LIST:
            break
        end = _behind_value(data, start)
        if end <= start:
            break
        row = out[found]
        row[:] = -1
        row[START] = start
        row[END] = end
        if data[start] == _OPEN:
            _members(data, properties, identifier, row)
        at[0] = end
        found += 1
    return found


def features_in(data: NDArray[np.uint8], at: int, most: int) -> tuple[NDArray[np.int64], int]:
    """Find the features that follow one another in a text.

    Parameters
    ----------
    data
        The text.
    at
        Where the first begins, white space and a comma before it aside.
    most
        How many to look for.

    Returns
    -------
    NDArray
        Shape (found, 6), int64: where each and its members begin and end.
    int
        The position behind the last that is complete: the end of the list, of the text, or the
        start of a feature that is not all there.
    """
    position = np.array([at], np.int64)
    out = np.empty((most, 6), np.int64)
    found = _find_features(data, position, _PROPERTIES, _IDENTIFIER, out)
    return out[:found], int(position[0])
