"""Attribute values: every distinct value of a layer encoded once, rows hold its number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.tiling.arrow import contiguous, is_json, json_text, masked, numbers, positions
from pipeline.tiling.mvt.statistics import Statistics, statistics_of
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
    statistics
        What each column holds, all rows taken together.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    codes: NDArray[np.int32]
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    unusable: dict[str, int]
    statistics: tuple[Statistics, ...] = ()


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
    return json_text(value)


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


@dataclass(frozen=True)
class _Column:
    """One column taken apart.

    Attributes
    ----------
    codes
        Shape (rows,), int32: number of the value in order of appearance, -1 where there is none.
    distinct
        Form -> the values written in that form, and their numbers.
    infinite
        How many rows hold an infinite number.
    """

    codes: NDArray[np.int32]
    distinct: list[tuple[str, pa.Array, NDArray[np.int64]]]
    infinite: int = 0

    @property
    def kind(self) -> str:
        """What the metadata calls it: one of TileJSON's types, or ``"Mixed"``."""
        kinds = {_FORMS[form][1] for form, _, _ in self.distinct}
        return kinds.pop() if len(kinds) == 1 else "Mixed" if kinds else "String"

    @property
    def statistics(self) -> Statistics:
        """What it holds."""
        return statistics_of((form, values) for form, values, _ in self.distinct)


def _coded(column: pa.Array) -> _Column:
    """Take a column apart into distinct values and their numbers."""
    if is_json(column.type):
        return _coded_documents(column.storage)
    form, plain = _plain(column)
    coded = plain.dictionary_encode()
    codes = _codes(coded)
    infinite = 0
    if form == "number":
        distinct = np.append(numbers(coded.dictionary), 0.0)
        infinite = int(np.isinf(distinct)[codes].sum())
        codes[~np.isfinite(distinct)[codes]] = -1
    return _Column(codes, [(form, coded.dictionary, np.arange(len(coded.dictionary)))], infinite)


def _codes(coded: pa.DictionaryArray) -> NDArray[np.int32]:
    known = numbers(coded.indices.is_valid()) == 1
    return np.where(known, numbers(coded.indices), np.int32(-1)).astype(np.int32)


_DOCUMENTS = {
    "text": pa.large_string(),
    "integer": pa.int64(),
    "unsigned": pa.uint64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


def _coded_documents(storage: pa.Array) -> _Column:
    """Take a column of JSON apart: every value keeps its own type, what has parts stays text."""
    coded = storage.dictionary_encode()
    sorted_out: dict[str, list[tuple[int, Any]]] = {}
    for number, text in enumerate(coded.dictionary.to_pylist()):
        form, value = _document(text)
        sorted_out.setdefault(form, []).append((number, value))
    codes = _codes(coded)
    nothing = [number for number, _ in sorted_out.pop("", [])]
    codes[np.isin(codes, nothing)] = -1
    distinct = []
    for form, kind in _DOCUMENTS.items():
        found = sorted_out.get(form, [])
        if found:
            values = pa.array([value for _, value in found], kind)
            distinct.append((form, values, np.array([number for number, _ in found])))
    return _Column(codes, distinct)


def _document(text: str) -> tuple[str, Any]:
    """Return the form of one JSON text and its value; no form for null."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "text", text
    if value is None:
        return "", None
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int):
        return "integer" if -(1 << 63) <= value < 1 << 63 else "unsigned", value
    if isinstance(value, float):
        return "number", value + 0.0
    return "text", value if isinstance(value, str) else text


def column_statistics(table: pa.Table) -> dict[str, Statistics]:
    """Return what each column of a part of a layer holds."""
    return {
        name: _coded(contiguous(table.column(at))).statistics
        for at, name in enumerate(table.column_names)
    }


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
    if not np.array_equal(order, np.arange(table.num_rows)):
        table = table.take(positions(order))
    columns = [_coded(contiguous(table.column(at))) for at in range(table.num_columns)]
    pools: dict[str, list[tuple[int, pa.Array]]] = {}
    for at, column in enumerate(columns):
        for form, values, _ in column.distinct:
            pools.setdefault(form, []).append((at, values))
    ranks, data, offsets = _encode_pools(pools)
    codes = np.full((len(order), len(columns)), -1, np.int32)
    for at, column in enumerate(columns):
        count = max((int(m.max()) + 1 for _, _, m in column.distinct if m.size), default=0)
        known = np.full(count + 1, -1, np.int32)
        for form, _, members in column.distinct:
            known[members] = ranks[form, at]
        codes[:, at] = known[column.codes]
    names = tuple(table.column_names)
    return Values(
        names=names,
        types=tuple(column.kind for column in columns),
        codes=codes,
        data=data,
        offsets=offsets,
        unusable={n: c.infinite for n, c in zip(names, columns, strict=True) if c.infinite},
        statistics=tuple(column.statistics for column in columns),
    )


def _encode_pools(
    pools: dict[str, list[tuple[int, pa.Array]]],
) -> tuple[dict[tuple[str, int], NDArray[np.int32]], NDArray[np.uint8], NDArray[np.int64]]:
    """Encode the values of each form once; return the numbers of those of each column."""
    ranks: dict[tuple[str, int], NDArray[np.int32]] = {}
    data, offsets = [np.empty(0, np.uint8)], [np.zeros(1, np.int64)]
    base = size = 0
    for form, pool in pools.items():
        together = pa.concat_arrays([values for _, values in pool])
        shared = together.dictionary_encode() if len(pool) > 1 else None
        distinct = together if shared is None else shared.dictionary
        upward = pc.sort_indices(distinct)
        encoded, ends = _FORMS[form][0](distinct.take(upward))
        rank = np.empty(len(upward), np.int32)
        rank[numbers(upward)] = np.arange(base, base + len(upward), dtype=np.int32)
        if shared is not None:
            rank = rank[numbers(shared.indices)]
        start = 0
        for at, values in pool:
            ranks[form, at] = rank[start : start + len(values)]
            start += len(values)
        data.append(encoded)
        offsets.append(ends[1:] + size)
        base += len(ends) - 1
        size += encoded.size
    return ranks, np.concatenate(data), np.concatenate(offsets)
