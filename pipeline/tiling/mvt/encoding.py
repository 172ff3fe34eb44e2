"""Pieces into Mapbox Vector Tile 2.1, many tiles at a time.

The order of the fields of a feature is free; they stand as they pack best (docs/adr/0061): points
as kind, id, tags, place; lines and areas as kind, path, tags, id. The kind comes first because
some decoders want to know it before the geometry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.tiling.geometry.pieces import DUST, Pieces
from pipeline.tiling.mvt.wire import big_varint, close_length, geometry, length, varint
from pipeline.tiling.native import helper, inlined, kernel, record

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 12
_LAYER, _FEATURE, _VALUE = 0x1A, 0x12, 0x22
_ID, _TAGS, _KIND, _GEOMETRY = 0x08, 0x12, 0x18, 0x22
_POINT = 1
_ROOM = 8
_SHORT_TAGS, _SHORT_FEATURE, _SHORT_PATH = 31, 112, 120
"""Below these a length is guessed to take one byte; a wrong guess costs a move, no more."""

NO_ID = np.uint64(0xF5A730C91E6BD284)
"""Marks a feature without id: one of 2**64 ids, which is never written. It has no pattern, so that
nobody meets it; whoever does is told that it is unusable."""

_DUST_AREA = 4.0


@record(
    "uint8[::1], float64[::1], uint64[::1], int32[:, ::1], uint8[::1], int64[::1],"
    " int64[::1], uint8[::1], int64[::1], uint8[::1]"
)
class Drawn(NamedTuple):
    """What of a layer is written at one zoom, shape by shape.

    Attributes
    ----------
    kind, area
        As in :class:`pipeline.tiling.geometry.shapes.Shapes`, the area in units of the zoom's grid.
    ids
        Shape (shapes,), uint64.
    codes
        Shape (shapes, columns), int32.
    data, offsets
        Encoded values.
    columns
        Shape (n,), int64: the columns shown at this zoom.
    keys, key_offsets
        Encoded names of all columns.
    head
        Encoded version, name and extent of the layer.
    """

    kind: NDArray[np.uint8]
    area: NDArray[np.float64]
    ids: NDArray[np.uint64]
    codes: NDArray[np.int32]
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    columns: NDArray[np.int64]
    keys: NDArray[np.uint8]
    key_offsets: NDArray[np.int64]
    head: NDArray[np.uint8]


@record("uint8[::1], int64[::1], int64[::1], int64[::1], int64[::1]")
class Encoded(NamedTuple):
    """Tiles of one layer: tile `t` is ``data[starts[t]:ends[t]]``; no features, no bytes.

    `features` counts what was written, `merged` the polygons that only added to the area of
    a neighbour's square.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    features: NDArray[np.int64]
    merged: NDArray[np.int64]


@inlined
def _collect(
    codes: Any, columns: Any, shape: int, number: Any, keys: Any, used: Any, counts: Any
) -> None:
    """Note which values and keys a feature uses, each once a tile."""
    for column in columns:
        value = codes[shape, column]
        if value < 0:
            continue
        if number[value] < 0:
            number[value] = 0
            used[counts[0]] = value
            counts[0] += 1
        if keys[column] < 0:
            keys[column] = counts[1]
            used[used.shape[0] - 1 - counts[1]] = column
            counts[1] += 1


@helper
def _give_numbers(number: Any, used: Any, counts: Any) -> None:
    """Give the values of a tile numbers in their order in the layer, which packs best."""
    count = counts[0]
    if count * 16 > number.shape[0]:
        count = 0
        for value in range(number.shape[0]):
            if number[value] >= 0:
                used[count] = value
                count += 1
    else:
        used[:count].sort()
    for i in range(count):
        number[used[i]] = i


@inlined
def _forget(number: Any, keys: Any, used: Any, counts: Any) -> None:
    """Make ready for the next tile."""
    for i in range(counts[0]):
        number[used[i]] = -1
    keys[:] = -1


@inlined
def _identity(identity: Any, out: Any, at: int) -> int:
    if identity != NO_ID:
        out[at] = _ID
        at = big_varint(out, at + 1, identity)
    return at


@inlined
def _tags(codes: Any, columns: Any, shape: int, number: Any, keys: Any, out: Any, at: int) -> int:
    """Write the pairs of key and value of one feature by their numbers in the tile."""
    guess = 1 if columns.shape[0] <= _SHORT_TAGS else 2
    start = at + 1 + guess
    end = start
    for column in columns:
        value = codes[shape, column]
        if value >= 0:
            end = varint(out, end, keys[column])
            end = varint(out, end, number[value])
    if end == start:
        return at
    out[at] = _TAGS
    return close_length(out, start, guess, end)


@helper
def _room_for_values(drawn: Drawn, used: Any, counts: Any) -> int:
    """Return at least as many bytes as the keys and values of a tile take."""
    need = 0
    for i in range(counts[1]):
        column = used[used.shape[0] - 1 - i]
        need += drawn.key_offsets[column + 1] - drawn.key_offsets[column]
    for i in range(counts[0]):
        need += drawn.offsets[used[i] + 1] - drawn.offsets[used[i]] + 11
    return need


@helper
def _keys_and_values(drawn: Drawn, used: Any, counts: Any, out: Any, at: int) -> int:
    for i in range(counts[1]):
        column = used[used.shape[0] - 1 - i]
        for k in range(drawn.key_offsets[column], drawn.key_offsets[column + 1]):
            out[at] = drawn.keys[k]
            at += 1
    for i in range(counts[0]):
        low = drawn.offsets[used[i]]
        high = drawn.offsets[used[i] + 1]
        out[at] = _VALUE
        at = varint(out, at + 1, high - low)
        for k in range(low, high):
            out[at] = drawn.data[k]
            at += 1
    return at


# Longer than other functions: splitting it further would hand two dozen arrays from call to call.
@kernel("Pieces, int64[::1], int64[:, ::1], Drawn, int64, Encoded -> int64")
def _encode_from(
    pieces: Pieces,
    order: NDArray[np.int64],
    spans: NDArray[np.int64],
    drawn: Drawn,
    begun: int,
    into: Encoded,
) -> int:
    """Encode the tiles from `begun` on; return the first that found no room, else their number."""
    out, starts, ends, features, merged = into
    x, y, rings, _, tile_x, tile_y, shapes, firsts, lasts, flags = pieces
    kinds, areas, ids, codes = drawn.kind, drawn.area, drawn.ids, drawn.codes
    columns, head = drawn.columns, drawn.head
    longest = 1
    for t in range(begun, spans.shape[0]):
        longest = max(longest, spans[t, 1] - spans[t, 0])
    values, width = drawn.offsets.shape[0] - 1, columns.shape[0]
    used = np.empty(min(longest * width, values) + width + 1, np.int32)
    number = np.full(values, np.int32(-1), np.int32)
    keys = np.full(codes.shape[1], np.int32(-1), np.int32)
    skip = np.zeros(longest, np.uint8)
    counts = np.zeros(2, np.int64)
    at = ends[begun - 1] if begun > 0 else 0
    for t in range(begun, spans.shape[0]):
        counts[:] = 0
        features[t] = merged[t] = 0
        starts[t] = ends[t] = at
        dust = _DUST_AREA
        first = spans[t, 0]
        need = _ROOM + head.shape[0]
        for i in range(first, spans[t, 1]):
            piece = order[i]
            shape = shapes[piece]
            skip[i - first] = 0
            if flags[piece] == DUST:
                dust += areas[shape]
                if dust < _DUST_AREA:
                    skip[i - first] = 1
                    merged[t] += 1
                    continue
                dust = min(dust - _DUST_AREA, _DUST_AREA)
            features[t] += 1
            low, high = firsts[piece], lasts[piece]
            need += 10 * (rings[high] - rings[low]) + 12 * (high - low) + 10 * width + 80
            _collect(codes, columns, shape, number, keys, used, counts)
        if not features[t]:
            continue
        _give_numbers(number, used, counts)
        if at + need + _room_for_values(drawn, used, counts) > out.shape[0]:
            return t
        begin = at + _ROOM
        at = begin
        for byte in head:
            out[at] = byte
            at += 1
        at = _keys_and_values(drawn, used, counts, out, at)
        ox, oy = np.int64(tile_x[order[first]]) << _BITS, np.int64(tile_y[order[first]]) << _BITS
        for i in range(first, spans[t, 1]):
            if skip[i - first]:
                continue
            piece = order[i]
            shape = shapes[piece]
            low, high = firsts[piece], lasts[piece]
            vertices = rings[high] - rings[low]
            guess = 1 if 3 * vertices + 4 * width < _SHORT_FEATURE else 2
            path_guess = 1 if 3 * vertices < _SHORT_PATH else 2
            out[at] = _FEATURE
            body = at + 1 + guess
            out[body], out[body + 1] = _KIND, kinds[shape]
            at = body + 2
            if kinds[shape] == _POINT:
                at = _identity(ids[shape], out, at)
                at = _tags(codes, columns, shape, number, keys, out, at)
            out[at] = _GEOMETRY
            path = at + 1 + path_guess
            at = geometry(
                x, y, rings, low, high, np.int64(kinds[shape]), flags[piece] == DUST,
                ox, oy, out, path,
            )  # fmt: skip
            at = close_length(out, path, path_guess, at)
            if kinds[shape] != _POINT:
                at = _tags(codes, columns, shape, number, keys, out, at)
                at = _identity(ids[shape], out, at)
            at = close_length(out, body, guess, at)
        _forget(number, keys, used, counts)
        size = at - begin
        starts[t] = begin - 1 - length(size)
        out[starts[t]] = _LAYER
        varint(out, starts[t] + 1, size)
        ends[t] = at
    return spans.shape[0]


def encode(
    pieces: Pieces, order: NDArray[np.int64], spans: NDArray[np.int64], drawn: Drawn
) -> Encoded:
    """Encode one layer of many tiles.

    Parameters
    ----------
    pieces
        Pieces of one zoom.
    order
        Shape (pieces,): pieces tile by tile, in drawing order.
    spans
        Shape (tiles, 2): where each tile begins and ends in `order`.
    drawn
        What to write of each shape.
    """
    tiles = spans.shape[0]
    counts = (np.zeros(tiles, np.int64) for _ in range(4))
    into = Encoded(np.empty(1 << 20, np.uint8), *counts)
    done = 0
    while (done := _encode_from(pieces, order, spans, drawn, done, into)) < tiles:
        longer_data = np.empty(2 * into.data.size, np.uint8)
        used = int(into.ends[done - 1]) if done else 0
        longer_data[:used] = into.data[:used]
        into = into._replace(data=longer_data)
    return into
