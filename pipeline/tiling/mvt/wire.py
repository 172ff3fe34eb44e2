"""Numbers and geometry as bytes: varints and the drawing commands of MVT 2.1, section 4.3."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling.native import inlined

_POINT, _POLYGON = 1, 3
_MOVE_ONE, _CLOSE = 9, 15


@inlined
def varint(out: Any, at: int, value: Any) -> int:
    """Write a number of zero or more at `at`; return the position behind it."""
    while value >= 128:
        out[at] = np.uint8((value & 127) | 128)
        value >>= 7
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@inlined
def big_varint(out: Any, at: int, value: Any) -> int:
    """Write an unsigned number of 64 bits."""
    while value >= np.uint64(128):
        out[at] = np.uint8((value & np.uint64(127)) | np.uint64(128))
        value >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@inlined
def length(value: Any) -> int:
    """Return how many bytes a number takes."""
    count = 1
    while value >= 128:
        value >>= 7
        count += 1
    return count


@inlined
def _zigzag(out: Any, at: int, delta: Any) -> int:
    return varint(out, at, (delta << 1) ^ (delta >> 63))


@inlined
def close_length(out: Any, start: int, guessed: int, at: int) -> int:
    """Write before what lies from `start` to `at` how long it is; return where it ends now.

    `guessed` bytes were kept free in front of it for its length. Guessing saves writing it
    elsewhere first; where the guess was wrong it moves.
    """
    size = at - start
    taken = length(size)
    move = taken - guessed
    if move > 0:
        for k in range(at - 1, start - 1, -1):
            out[k + move] = out[k]
    elif move < 0:
        for k in range(start, at):
            out[k + move] = out[k]
    varint(out, start - guessed, size)
    return at + move


@inlined
def _square(x: Any, y: Any, ox: Any, oy: Any, out: Any, at: int) -> int:
    """Write a square of two units a side around a point."""
    out[at] = _MOVE_ONE
    at = _zigzag(out, at + 1, np.int64(x) - ox - 1)
    at = _zigzag(out, at, np.int64(y) - oy - 1)
    for byte in (26, 4, 0, 0, 4, 3, 0, _CLOSE):  # LineTo 3: (2, 0), (0, 2), (-2, 0)
        out[at] = byte
        at += 1
    return at


@inlined
def _points(
    x: Any, y: Any, rings: Any, first: int, last: int, ox: Any, oy: Any, out: Any, at: int
) -> int:
    """Write points, each place once where it repeats the one before."""
    count = 1
    for ring in range(first + 1, last):
        k, before = rings[ring], rings[ring - 1]
        if x[k] != x[before] or y[k] != y[before]:
            count += 1
    at = varint(out, at, (count << 3) | 1)
    px, py = ox, oy
    for ring in range(first, last):
        k = rings[ring]
        if ring == first or x[k] != px or y[k] != py:
            at = _zigzag(out, at, x[k] - px)
            at = _zigzag(out, at, y[k] - py)
            px, py = np.int64(x[k]), np.int64(y[k])
    return at


@inlined
def _paths(
    x: Any, y: Any, rings: Any, first: int, last: int, closed: bool,
    ox: Any, oy: Any, out: Any, at: int,
) -> int:  # fmt: skip
    px, py = ox, oy
    for ring in range(first, last):
        begin, end = rings[ring], rings[ring + 1]
        out[at] = _MOVE_ONE
        at = _zigzag(out, at + 1, x[begin] - px)
        at = _zigzag(out, at, y[begin] - py)
        px, py = np.int64(x[begin]), np.int64(y[begin])
        if end - begin > 1:
            at = varint(out, at, ((end - begin - 1) << 3) | 2)
        for k in range(begin + 1, end):
            nx, ny = np.int64(x[k]), np.int64(y[k])
            at = _zigzag(out, at, nx - px)
            at = _zigzag(out, at, ny - py)
            px, py = nx, ny
        if closed:
            out[at] = _CLOSE
            at += 1
    return at


@inlined
def geometry(
    x: Any, y: Any, rings: Any, first: int, last: int, kind: int, dust: bool,
    ox: Any, oy: Any, out: Any, at: int,
) -> int:  # fmt: skip
    """Write the commands that draw the rings `first` to `last`; return the position behind them.

    `ox` and `oy` are the corner of the tile, `dust` marks a polygon that is drawn as a square.
    """
    if dust:
        k = rings[first]
        return _square(x[k], y[k], ox, oy, out, at)
    if kind == _POINT:
        return _points(x, y, rings, first, last, ox, oy, out, at)
    return _paths(x, y, rings, first, last, kind == _POLYGON, ox, oy, out, at)
