"""Pieces into Mapbox Vector Tile 2.1, many tiles at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.tiling._jit import helper, kernel
from pipeline.tiling.pieces import DUST, Pieces
from pipeline.tiling.wire import big_varint, geometry, length, longer, varint

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAYER, _FEATURE, _KEY, _VALUE = 0x1A, 0x12, 0x1A, 0x22
_ROOM = 8
NO_ID = np.uint64(2**64 - 1)
"""Marks a feature without id; the greatest number is never written."""

_DUST_AREA = 4.0


class Drawn(NamedTuple):
    """What of a layer is written at one zoom, shape by shape.

    Attributes
    ----------
    kind, area
        As in :class:`pipeline.tiling.shapes.Shapes`, the area in units of the zoom's grid.
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


@helper
def _collect(
    codes: Any, columns: Any, shape: int, local: Any, used: Any, counts: Any, tick: int
) -> None:
    """Note which values and keys a feature uses, each once a tile."""
    key_base = local.shape[0] - codes.shape[1]
    for column in columns:
        value = codes[shape, column]
        if value < 0:
            continue
        if local[value] >> 32 != tick:
            local[value] = tick << 32
            used[counts[0]] = value
            counts[0] += 1
        if local[key_base + column] >> 32 != tick:
            local[key_base + column] = (tick << 32) | counts[1]
            used[used.shape[0] - 1 - counts[1]] = column
            counts[1] += 1


@helper
def _number(local: Any, used: Any, counts: Any, values: int, tick: int) -> None:
    """Give the values of a tile numbers in their order in the layer, which packs best."""
    count = counts[0]
    if count * 16 > values:
        count = 0
        for value in range(values):
            if local[value] >> 32 == tick:
                used[count] = value
                count += 1
    else:
        used[:count].sort()
    for i in range(count):
        local[used[i]] = (tick << 32) | i


@helper
def _tags(codes: Any, columns: Any, shape: int, local: Any, out: Any) -> int:
    """Write the pairs of key and value of one feature by their numbers in the tile."""
    at = 0
    key_base = local.shape[0] - codes.shape[1]
    for column in columns:
        value = codes[shape, column]
        if value >= 0:
            at = varint(out, at, local[key_base + column] & 0xFFFFFFFF)
            at = varint(out, at, local[value] & 0xFFFFFFFF)
    return at


@helper
def _feature(
    out: Any, at: int, identity: Any, kind: int, tags: Any, tag_size: int, path: Any, path_size: int
) -> int:
    size = 3 + length(path_size) + path_size
    if tag_size:
        size += 1 + length(tag_size) + tag_size
    if identity != NO_ID:
        size += 2
        rest = identity >> np.uint64(7)
        while rest:
            rest >>= np.uint64(7)
            size += 1
    out[at] = _FEATURE
    at = varint(out, at + 1, size)
    if identity != NO_ID:
        out[at] = 0x08
        at = big_varint(out, at + 1, identity)
    if tag_size:
        out[at] = 0x12
        at = varint(out, at + 1, tag_size)
        for k in range(tag_size):
            out[at + k] = tags[k]
        at += tag_size
    out[at] = 0x18
    out[at + 1] = kind
    out[at + 2] = 0x22
    at = varint(out, at + 3, path_size)
    for k in range(path_size):
        out[at + k] = path[k]
    return at + path_size


@helper
def _keys_and_values(drawn: Drawn, used: Any, counts: Any, out: Any, at: int) -> Any:
    need = at
    for i in range(counts[1]):
        column = used[used.shape[0] - 1 - i]
        need += drawn.key_offsets[column + 1] - drawn.key_offsets[column]
    for i in range(counts[0]):
        need += drawn.offsets[used[i] + 1] - drawn.offsets[used[i]] + 11
    out = longer(out, at, need)
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
    return out, at


# Longer than other functions: splitting it further would hand a dozen buffers from call to call.
@kernel
def encode(
    pieces: Pieces,
    order: NDArray[np.int64],
    spans: NDArray[np.int64],
    drawn: Drawn,
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
    starts, ends = np.zeros(tiles, np.int64), np.zeros(tiles, np.int64)
    features, merged = np.zeros(tiles, np.int64), np.zeros(tiles, np.int64)
    kinds, areas, ids, codes = drawn.kind, drawn.area, drawn.ids, drawn.codes
    columns, flags, shapes = drawn.columns, pieces.flag, pieces.shape
    longest = 1
    for t in range(tiles):
        longest = max(longest, spans[t, 1] - spans[t, 0])
    values = drawn.offsets.shape[0] - 1
    width = columns.shape[0]
    used = np.empty(min(longest * width, values) + width + 1, np.int64)
    local = np.zeros(values + codes.shape[1], np.int64)
    skip = np.zeros(longest, np.uint8)
    tags = np.empty(10 * width + 16, np.uint8)
    path = np.empty(1 << 12, np.uint8)
    out = np.empty(1 << 16, np.uint8)
    counts = np.zeros(2, np.int64)
    at = 0
    for t in range(tiles):
        counts[:] = 0
        dust = _DUST_AREA
        first = spans[t, 0]
        for i in range(first, spans[t, 1]):
            piece = order[i]
            skip[i - first] = 0
            if flags[piece] == DUST:
                dust += areas[shapes[piece]]
                if dust < _DUST_AREA:
                    skip[i - first] = 1
                    merged[t] += 1
                    continue
                dust = min(dust - _DUST_AREA, _DUST_AREA)
            features[t] += 1
            _collect(codes, columns, shapes[piece], local, used, counts, t + 1)
        if not features[t]:
            continue
        _number(local, used, counts, values, t + 1)
        out = longer(out, at, at + _ROOM + drawn.head.shape[0])
        begin = at + _ROOM
        at = begin
        for byte in drawn.head:
            out[at] = byte
            at += 1
        for i in range(first, spans[t, 1]):
            if skip[i - first]:
                continue
            piece = order[i]
            shape = shapes[piece]
            low, high = pieces.first[piece], pieces.last[piece]
            vertices = pieces.rings[high] - pieces.rings[low]
            path = longer(path, 0, 10 * vertices + 12 * (high - low) + 32)
            kind = np.int64(kinds[shape])
            path_size = geometry(
                pieces, piece, kind, pieces.tile_x[piece], pieces.tile_y[piece], path
            )
            tag_size = _tags(codes, columns, shape, local, tags)
            out = longer(out, at, at + tag_size + path_size + 48)
            at = _feature(out, at, ids[shape], kind, tags, tag_size, path, path_size)
        out, at = _keys_and_values(drawn, used, counts, out, at)
        size = at - begin
        starts[t] = begin - 1 - length(size)
        out[starts[t]] = _LAYER
        varint(out, starts[t] + 1, size)
        ends[t] = at
    return Encoded(out, starts, ends, features, merged)
