"""Attribute values: every distinct value of a layer encoded once, rows hold its number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.tiling.arrow import contiguous, masked, numbers, positions
from pipeline.tiling.mvt.wire import big_varint
from pipeline.tiling.native import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_STRING, _FLOAT, _DOUBLE, _UNSIGNED, _SIGNED, _BOOLEAN = 0x0A, 0x15, 0x19, 0x28, 0x30, 0x38
"""Tags of the seven forms of a value in Mapbox Vector Tile 2.1, section 4.1."""


@dataclass(frozen=True)
class Values:
    """Attributes of one layer, row by row in drawing order.

    Attributes
    ----------
    names
        Columns in the order of the input.
    types
        ``"String"``, ``"Number"`` or ``"Boolean"`` for each column.
    codes
        Shape (rows, columns), int32: number of the value, -1 where there is none. Values are
        numbered in ascending order, form by form, which is the order in which they pack best.
    data, offsets
        Encoded values, one after the other; `offsets` has shape (values + 1,).
    unusable
        Column -> how many of its numbers are infinite and were left out.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    codes: NDArray[np.int32]
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    unusable: dict[str, int]


@kernel("uint8[::1], int64[::1], uint8[::1], int64[::1] -> int64")
def _encode_strings(
    text: NDArray[np.uint8],
    ends: NDArray[np.int64],
    out: NDArray[np.uint8],
    offsets: NDArray[np.int64],
) -> int:
    at = 0
    for i in range(ends.shape[0] - 1):
        offsets[i] = at
        out[at] = _STRING
        at = big_varint(out, at + 1, np.uint64(ends[i + 1] - ends[i]))
        for k in range(ends[i], ends[i + 1]):
            out[at] = text[k]
            at += 1
    offsets[ends.shape[0] - 1] = at
    return at


@kernel("uint64[::1], boolean, uint8[::1], int64[::1] -> int64")
def _encode_integers(
    bits: NDArray[np.uint64], signed: bool, out: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> int:
    at = 0
    for i in range(bits.shape[0]):
        offsets[i] = at
        value = np.int64(bits[i])
        if signed and value < 0:
            out[at] = _SIGNED
            at = big_varint(out, at + 1, np.uint64((value << 1) ^ (value >> 63)))
        else:
            out[at] = _UNSIGNED
            at = big_varint(out, at + 1, bits[i])
    offsets[bits.shape[0]] = at
    return at


def _strings(values: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    large = values.cast(pa.large_binary())
    _, ends, text = large.buffers()
    bounds = np.frombuffer(ends, np.int64)[large.offset : large.offset + len(large) + 1]
    source = np.frombuffer(text, np.uint8) if text is not None else np.empty(0, np.uint8)
    out = np.empty(int(bounds[-1] - bounds[0]) + 11 * len(large), np.uint8)
    offsets = np.empty(len(large) + 1, np.int64)
    used = _encode_strings(source, bounds, out, offsets)
    return out[:used], offsets


def _integers(values: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    signed = not pa.types.is_uint64(values.type)
    wide = numbers(values.cast(pa.int64() if signed else pa.uint64()))
    out = np.empty(11 * len(wide), np.uint8)
    offsets = np.empty(len(wide) + 1, np.int64)
    used = _encode_integers(np.ascontiguousarray(wide).view(np.uint64), signed, out, offsets)
    return out[:used], offsets


def _floats(values: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Encode numbers with four bytes where that loses nothing, else with eight."""
    wide = numbers(values.cast(pa.float64())).astype("<f8")
    with np.errstate(over="ignore"):
        narrow = wide.astype("<f4")
    short = narrow.astype(np.float64) == wide
    offsets = np.concatenate([[0], np.cumsum(np.where(short, 5, 9))]).astype(np.int64)
    out = np.empty(int(offsets[-1]), np.uint8)
    starts = offsets[:-1]
    out[starts] = np.where(short, _FLOAT, _DOUBLE)
    for chosen, form in ((short, narrow), (~short, wide)):
        raw = np.ascontiguousarray(form[chosen]).view(np.uint8).reshape(-1, form.itemsize)
        out[starts[chosen][:, None] + 1 + np.arange(form.itemsize)] = raw
    return out, offsets


def _booleans(values: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    bits = numbers(values)
    out = np.stack([np.full(bits.shape, _BOOLEAN, np.uint8), bits], axis=1).ravel()
    return out, np.arange(bits.size + 1, dtype=np.int64) * 2


_FORMS = {
    "text": (_strings, "String"),
    "integer": (_integers, "Number"),
    "unsigned": (_integers, "Number"),
    "number": (_floats, "Number"),
    "boolean": (_booleans, "Boolean"),
}


def _as_text(value: object) -> str:
    """Write a value of no simple type as JSON text, dates in ISO form."""
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (dt.timedelta, bytes)):
        return str(value) if isinstance(value, dt.timedelta) else value.hex()
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _texts(values: Iterable[object]) -> pa.Array:
    return pa.array([None if v is None else _as_text(v) for v in values], pa.large_string())


def _timestamps(column: pa.Array) -> pa.Array:
    """Write timestamps as ISO 8601 with seconds, fractions only where there are any."""
    zone = column.type.tz
    text = []
    for value in column.cast(pa.timestamp("us", zone), safe=False).to_pylist():
        text.append(None if value is None else value.isoformat().replace("+00:00", "Z"))
    return pa.array(text, pa.large_string())


def _plain(column: pa.Array) -> tuple[str, pa.Array]:
    """Return the form of a column and its values in a type that form encodes."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        return "boolean", column
    if pa.types.is_uint64(kind):
        return "unsigned", column
    if pa.types.is_integer(kind):
        return "integer", column.cast(pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # Adding nothing turns minus zero into zero: numbers that are equal are one value.
        wide = column.cast(pa.float64())
        return "number", masked(numbers(wide) + 0.0, numbers(wide.is_valid()) == 1)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text", column.cast(pa.large_string())
    if pa.types.is_date(kind):
        return "text", column.cast(pa.date32(), safe=False).cast(pa.large_string())
    if pa.types.is_timestamp(kind):
        coded = column.dictionary_encode()
        return "text", _timestamps(coded.dictionary).take(coded.indices)
    return "text", _texts(column.to_pylist())


def _coded(form: str, column: pa.Array) -> tuple[NDArray[np.int32], pa.Array, int]:
    """Return codes, distinct values in order of appearance, and how many rows are infinite."""
    coded = column.dictionary_encode()
    codes = np.where(
        numbers(coded.indices.is_valid()) == 1, numbers(coded.indices), np.int32(-1)
    ).astype(np.int32)
    infinite = 0
    if form == "number":
        distinct = np.append(numbers(coded.dictionary), 0.0)
        infinite = int(np.isinf(distinct)[codes].sum())
        codes[~np.isfinite(distinct)[codes]] = -1
    return codes, coded.dictionary, infinite


def encode_values(table: pa.Table, order: NDArray[np.int64]) -> Values:
    """Encode the columns of a table.

    Parameters
    ----------
    table
        Attributes. Numbers, text and booleans keep their type; dates and times become ISO text,
        lists, structures and everything else JSON text; missing values and NaN are left out.
    order
        Shape (rows,): which row of `table` stands where; values are numbered as they appear.
    """
    in_order = bool(np.array_equal(order, np.arange(table.num_rows)))
    index = positions(order)
    codes = np.full((len(order), table.num_columns), -1, np.int32)
    pools: dict[str, list[tuple[int, pa.Array]]] = {}
    types, unusable = [], {}
    for at, name in enumerate(table.column_names):
        column = contiguous(table.column(name))
        form, plain = _plain(column if in_order else column.take(index))
        codes[:, at], distinct, infinite = _coded(form, plain)
        pools.setdefault(form, []).append((at, distinct))
        types.append(_FORMS[form][1])
        if infinite:
            unusable[name] = infinite
    data, offsets = [np.empty(0, np.uint8)], [np.zeros(1, np.int64)]
    base = size = 0
    for form, pool in pools.items():
        together = pa.concat_arrays([distinct for _, distinct in pool])
        shared = together.dictionary_encode() if len(pool) > 1 else None
        distinct = together if shared is None else shared.dictionary
        upward = pc.sort_indices(distinct)
        encoded, ends = _FORMS[form][0](distinct.take(upward))
        rank = np.empty(len(upward), np.int32)
        rank[numbers(upward)] = np.arange(base, base + len(upward), dtype=np.int32)
        if shared is not None:
            rank = rank[numbers(shared.indices)]
        _renumber(codes, pool, rank)
        data.append(encoded)
        offsets.append(ends[1:] + size)
        base += len(ends) - 1
        size += encoded.size
    return Values(
        tuple(table.column_names),
        tuple(types),
        codes,
        np.concatenate(data),
        np.concatenate(offsets),
        unusable,
    )


def _renumber(
    codes: NDArray[np.int32], pool: list[tuple[int, pa.Array]], ranks: NDArray[np.int32]
) -> None:
    """Turn numbers within a column into numbers within the layer, in place."""
    start = 0
    for at, distinct in pool:
        known = np.append(ranks[start : start + len(distinct)], np.int32(-1))
        codes[:, at] = known[codes[:, at]]
        start += len(distinct)
