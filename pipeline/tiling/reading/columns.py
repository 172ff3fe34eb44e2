"""Columns as the engine can hold them: no views, no foreign types, text that is UTF-8."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.tiling.arrow import JSON, contiguous, is_json, json_text, numbers
from pipeline.tiling.reading.source import Noticed

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES = pa.types
_HOUR, _MINUTE = 3_600 * 10**9, 60 * 10**9
_WHOLE_DIGITS = 18


def sound(table: pa.Table, noticed: list[Noticed]) -> pa.Table:
    """Return a table of which every column can be sorted, taken from, joined and encoded.

    Parameters
    ----------
    table
        Attributes of whatever Arrow types.
    noticed
        Takes what had to be changed.
    """
    for at, field in enumerate(table.schema):
        column = contiguous(table.column(at))
        better = _sound(column, field.name, noticed)
        if better is not column:
            table = table.set_column(at, field.name, better)
    return table


def _sound(column: pa.Array, name: str, noticed: list[Noticed]) -> pa.Array:
    kind = column.type
    if _TYPES.is_dictionary(kind):
        return _decoded(column, name, noticed)
    if is_json(kind):
        return _documents(column.storage, name, noticed)
    if isinstance(kind, pa.BaseExtensionType):
        return _extension(column, name, noticed)
    if _TYPES.is_string_view(kind) or _TYPES.is_string(kind) or _TYPES.is_large_string(kind):
        return _utf8(column, name, noticed)
    if _TYPES.is_binary_view(kind):
        return column.cast(pa.large_binary())
    if _TYPES.is_time(kind) or _TYPES.is_duration(kind):
        return _clock(column)
    if _TYPES.is_timestamp(kind) or _TYPES.is_date(kind):
        return _calendar(column, name, noticed)
    if _TYPES.is_decimal(kind):
        return _decimal(column)
    if _TYPES.is_run_end_encoded(kind):
        return _sound(pc.run_end_decode(column), name, noticed)
    if _TYPES.is_nested(kind) or _TYPES.is_interval(kind):
        return _texts([_member(value, kind) for value in column.to_pylist()])
    return column


def _decoded(column: pa.DictionaryArray, name: str, noticed: list[Noticed]) -> pa.Array:
    """Return plain values instead of a dictionary, which may differ from part to part."""
    values = column.dictionary
    if _TYPES.is_string_view(values.type) or _TYPES.is_binary_view(values.type):
        whole = pa.large_string() if _TYPES.is_string_view(values.type) else pa.large_binary()
        values = values.cast(whole)
    return _sound(values.take(column.indices), name, noticed)


def _extension(column: pa.ExtensionArray, name: str, noticed: list[Noticed]) -> pa.Array:
    if column.type.extension_name == "arrow.uuid":
        return _texts([None if value is None else str(value) for value in column.to_pylist()])
    if column.type.extension_name == "arrow.bool8":
        return column.storage.cast(pa.bool_())
    return _sound(column.storage, name, noticed)


def _texts(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.large_string())


def _documents(storage: pa.Array, name: str, noticed: list[Noticed]) -> pa.Array:
    """Return JSON written by a stranger as we write it; what is no JSON is a text."""
    import orjson

    coded = _utf8(storage, name, noticed).cast(pa.large_string()).dictionary_encode()

    def again(text: str) -> str:
        try:
            return json_text(orjson.loads(text))
        except orjson.JSONDecodeError:
            return json_text(text)

    texts = _texts([again(text) for text in coded.dictionary.to_pylist()])
    found = texts.take(coded.indices)
    # A document that says null is a missing value.
    found = pc.if_else(pc.equal(found, "null"), pa.scalar(None, pa.large_string()), found)
    return pa.ExtensionArray.from_storage(JSON, found)


def _utf8(column: pa.Array, name: str, noticed: list[Noticed]) -> pa.Array:
    """Return text as it is, or what can be made of bytes that are no UTF-8."""
    plain = column.cast(pa.large_string())
    try:
        plain.validate(full=True)
    except pa.ArrowInvalid:
        return _mended(plain, name, noticed)
    return plain


def _mended(column: pa.Array, name: str, noticed: list[Noticed]) -> pa.Array:
    from pipeline.sources.text import decode

    values: list[str | None] = []
    wrong: dict[str, list[int]] = {"text-cp932": [], "text-broken": []}
    for at, raw in enumerate(column.cast(pa.large_binary()).to_pylist()):
        text = None if raw is None else decode(raw, "utf-8").text
        if raw is not None and (text is None or len(text.encode()) != len(raw)):
            japanese = decode(raw, "cp932").text
            wrong["text-broken" if japanese is None else "text-cp932"].append(at)
            text = raw.decode("utf-8", "replace") if japanese is None else japanese
        values.append(text)
    for code, rows in wrong.items():
        if rows:
            noticed.append(Noticed(code, rows[0], len(rows), name, str(values[rows[0]])))
    return _texts(values)


def _each(column: pa.Array, written: Callable[[int], str]) -> pa.Array:
    """Return the numbers behind a column of times as texts."""
    whole = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
    coded = whole.dictionary_encode()
    texts = _texts([written(value) for value in coded.dictionary.to_pylist()])
    return texts.take(coded.indices)


_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def _fraction(nanoseconds: int) -> str:
    """Return what follows the seconds: nothing, or as few digits as are needed."""
    return f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""


def _clock(column: pa.Array) -> pa.Array:
    """Write times of day as ISO 8601, spans of time as ISO 8601 in hours, minutes and seconds."""
    scale, span = _UNITS[column.type.unit], _TYPES.is_duration(column.type)

    def written(value: int) -> str:
        total = abs(value) * scale
        hours, rest = divmod(total, _HOUR)
        minutes, rest = divmod(rest, _MINUTE)
        seconds, rest = divmod(rest, 10**9)
        if not span:
            return f"{hours:02}:{minutes:02}:{seconds:02}{_fraction(rest)}"
        sign = "-" if value < 0 else ""
        return f"{sign}PT{hours}H{minutes}M{seconds}{_fraction(rest)}S"

    return _each(column, written)


def _calendar(column: pa.Array, name: str, noticed: list[Noticed]) -> pa.Array:
    """Leave out dates of years that ISO 8601 does not write with four digits."""
    seconds = numbers(column.cast(pa.timestamp("s"), safe=False).cast(pa.int64()).fill_null(0))
    low = int(dt.datetime(1, 1, 3, tzinfo=dt.UTC).timestamp())
    high = int(dt.datetime(9999, 12, 30, tzinfo=dt.UTC).timestamp())
    known = numbers(column.is_valid()) == 1
    within = (seconds >= low) & (seconds <= high)
    lost = (known & ~within).nonzero()[0]
    if not lost.size:
        return column
    noticed.append(Noticed("date-beyond", int(lost[0]), int(lost.size), name))
    return pc.if_else(pa.array(within.tolist()), column, pa.scalar(None, column.type))


def _decimal(column: pa.Array) -> pa.Array:
    """Return decimals without fraction as whole numbers where 64 bits hold them all."""
    whole = column.type.scale == 0 and column.type.precision <= _WHOLE_DIGITS
    return column.cast(pa.int64() if whole else pa.float64())


def _member(value: Any, kind: pa.DataType) -> str | None:
    """Write a list, a structure or a map as JSON text, once."""
    return None if value is None else json_text(_object(value, kind))


def _object(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if _TYPES.is_map(kind):
        return {str(key): _object(one, kind.item_type) for key, one in value}
    if _TYPES.is_struct(kind):
        return {name: _object(one, kind.field(name).type) for name, one in value.items()}
    if isinstance(value, list):
        return [_object(one, kind.value_type) for one in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return value
