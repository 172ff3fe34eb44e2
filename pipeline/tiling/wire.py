"""Numbers and geometry as bytes: varints and the drawing commands of MVT 2.1, section 4.3."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.tiling._jit import helper
from pipeline.tiling.pieces import DUST, Pieces

_BITS = 12
_POINT, _POLYGON = 1, 3
_MOVE_ONE, _CLOSE = 9, 15


@helper
def varint(out: Any, at: int, value: Any) -> int:
    """Write a number of zero or more at `at`; return the position behind it."""
    while value >= 128:
        out[at] = np.uint8((value & 127) | 128)
        value >>= 7
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@helper
def big_varint(out: Any, at: int, value: Any) -> int:
    """Write an unsigned number of 64 bits."""
    while value >= np.uint64(128):
        out[at] = np.uint8((value & np.uint64(127)) | np.uint64(128))
        value >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@helper
def length(value: Any) -> int:
    """Return how many bytes a number takes."""
    count = 1
    while value >= 128:
        value >>= 7
        count += 1
    return count


@helper
def _zigzag(out: Any, at: int, delta: Any) -> int:
    return varint(out, at, (delta << 1) ^ (delta >> 63))


@helper
def longer(values: Any, used: int, need: int) -> Any:
    """Return an array of at least `need` entries that begins with the `used` ones of another."""
    if need <= values.shape[0]:
        return values
    more = np.empty(2 * need, values.dtype)
    for i in range(used):
        more[i] = values[i]
    return more


@helper
def _square(x: Any, y: Any, ox: Any, oy: Any, out: Any, at: int) -> int:
    """Write a square of two units a side around a point."""
    out[at] = _MOVE_ONE
    at = _zigzag(out, at + 1, np.int64(x) - ox - 1)
    at = _zigzag(out, at, np.int64(y) - oy - 1)
    for byte in (26, 4, 0, 0, 4, 3, 0, _CLOSE):  # LineTo 3: (2, 0), (0, 2), (-2, 0)
        out[at] = byte
        at += 1
    return at


@helper
def _points(pieces: Pieces, piece: int, ox: Any, oy: Any, out: Any, at: int) -> int:
    """Write points, each place once where it repeats the one before."""
    px, py = ox, oy
    count = 0
    for ring in range(pieces.first[piece], pieces.last[piece]):
        k = pieces.rings[ring]
        if count == 0 or pieces.x[k] != px or pieces.y[k] != py:
            px, py = np.int64(pieces.x[k]), np.int64(pieces.y[k])
            count += 1
    at = varint(out, at, (count << 3) | 1)
    px, py = ox, oy
    fresh = True
    for ring in range(pieces.first[piece], pieces.last[piece]):
        k = pieces.rings[ring]
        if fresh or pieces.x[k] != px or pieces.y[k] != py:
            at = _zigzag(out, at, pieces.x[k] - px)
            at = _zigzag(out, at, pieces.y[k] - py)
            px, py = np.int64(pieces.x[k]), np.int64(pieces.y[k])
            fresh = False
    return at


@helper
def _paths(pieces: Pieces, piece: int, kind: int, ox: Any, oy: Any, out: Any, at: int) -> int:
    px, py = ox, oy
    for ring in range(pieces.first[piece], pieces.last[piece]):
        first = pieces.rings[ring]
        last = pieces.rings[ring + 1]
        out[at] = _MOVE_ONE
        at += 1
        for k in range(first, last):
            if k == first + 1:
                at = varint(out, at, ((last - first - 1) << 3) | 2)
            x = np.int64(pieces.x[k])
            y = np.int64(pieces.y[k])
            at = _zigzag(out, at, x - px)
            at = _zigzag(out, at, y - py)
            px, py = x, y
        if kind == _POLYGON:
            out[at] = _CLOSE
            at += 1
    return at


@helper
def geometry(pieces: Pieces, piece: int, kind: int, tx: int, ty: int, out: Any) -> int:
    """Write the commands that draw a piece in its tile; return how many bytes they take."""
    ox = np.int64(tx) << _BITS
    oy = np.int64(ty) << _BITS
    if pieces.flag[piece] == DUST:
        k = pieces.rings[pieces.first[piece]]
        return _square(pieces.x[k], pieces.y[k], ox, oy, out, 0)
    if kind == _POINT:
        return _points(pieces, piece, ox, oy, out, 0)
    return _paths(pieces, piece, kind, ox, oy, out, 0)
