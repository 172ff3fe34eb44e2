"""Columns between the text of a file and their form in memory, whole columns at a time.

Values repeat in feeds (a day has 86,400 seconds, a stop many departures), so the distinct values
of a column are converted and the column is put together from them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gtfs.feed.schema import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def seconds(clock: str) -> int:
    """Return the seconds of a GTFS time such as ``24:10:00`` or ``8:05:00``.

    Raises
    ------
    ValueError
        If it is not hours, minutes and seconds; hours may pass 24.
    """
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(f"not a GTFS time: {clock!r}")
    hours, minutes, rest = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def clock(seconds: int) -> str:
    """Return seconds of a service day as ``HH:MM:SS``; ten past midnight is ``24:10:00``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}"


def parse(values: pd.Series, kind: Kind) -> tuple[pd.Series, Mask]:
    """Bring a column into its form in memory.

    Parameters
    ----------
    values
        Text as read from a file, or values that already have the form of `kind`.
    kind
        The form wanted.

    Returns
    -------
    typed, unreadable
        The column, and which values (by position) could not be read and are absent in it.
    """
    if kind is Kind.TEXT:
        return as_text(values), np.zeros(len(values), dtype=bool)
    if pd.api.types.is_bool_dtype(values.dtype):
        values = values.astype("Int64")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _from_numbers(values, kind)
    text = as_text(values).str.strip()
    if kind is Kind.FLOAT:
        numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        unreadable = np.isnan(numbers) & (text != "").to_numpy(dtype=bool)
        return pd.Series(numbers, index=values.index, name=values.name), unreadable
    return _by_distinct(text, seconds if kind is Kind.TIME else _integer)


def as_text(values: pd.Series) -> pd.Series:
    """Return a column as text, absent values as the empty text and ``1.0`` of a code as ``1``."""
    if isinstance(values.dtype, pd.StringDtype):
        text = values.astype("str")
        return text.fillna("") if text.hasnans else text
    if pd.api.types.is_float_dtype(values.dtype) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    codes, distinct = pd.factorize(values.astype(object), use_na_sentinel=True)
    words = pd.array([*(str(v) for v in distinct), ""], dtype="str")
    return pd.Series(words.take(codes), index=values.index, name=values.name)


def chosen(words: Sequence[str], positions: NDArray[np.int64]) -> pd.Series:
    """Return a text column that holds, in each row, the word at a position."""
    return pd.Series(pd.array(words, dtype="str").take(positions))


def render(values: pd.Series, kind: Kind) -> pa.Array:
    """Return a column as the text of a file; absent values are empty.

    Numbers are written as short as they can be read back exactly, never with an exponent;
    times with two digits for hours.
    """
    if kind is Kind.TEXT:
        words = pa.array(values, type=pa.large_string(), from_pandas=True)
        return (words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words).fill_null(
            ""
        )
    if kind is Kind.FLOAT:
        return _render_floats(values.to_numpy(dtype="float64", na_value=np.nan))
    numbers = pa.array(values, type=pa.int64(), from_pandas=True)
    if kind is Kind.INTEGER:
        return pc.cast(numbers, pa.large_string()).fill_null("")
    coded = pc.dictionary_encode(numbers)
    words = pa.array([clock(v) for v in coded.dictionary.to_pylist()], type=pa.large_string())
    return words.take(coded.indices).fill_null("")


def _render_floats(numbers: NDArray[np.float64]) -> pa.Array:
    if len(numbers) == 0:
        return pa.array([], type=pa.large_string())
    listed = orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY)
    # "100.0" is written as "100"; the closing bracket ends the last number as a comma would.
    listed = listed[1:-1] + b","
    if b"e" in listed:
        listed = b"".join(_plain(word) + b"," for word in listed[:-1].split(b","))
    listed = listed.replace(b".0,", b",").replace(b"null", b"")[:-1]
    return pc.split_pattern(pa.scalar(listed.decode(), pa.large_string()), ",").values


def _plain(word: bytes) -> bytes:
    if b"e" not in word:
        return word
    return np.format_float_positional(float(word), trim="-").encode()


def _from_numbers(values: pd.Series, kind: Kind) -> tuple[pd.Series, Mask]:
    unreadable = np.zeros(len(values), dtype=bool)
    if kind is Kind.FLOAT:
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        return pd.Series(numbers, index=values.index, name=values.name), unreadable
    if pd.api.types.is_float_dtype(values.dtype):
        fraction = (values % 1 != 0) & values.notna()
        unreadable = fraction.to_numpy(dtype=bool)
        values = values.mask(unreadable)
    return values.astype("Int64"), unreadable


def _by_distinct(text: pd.Series, read: Callable[[str], int]) -> tuple[pd.Series, Mask]:
    codes, distinct = pd.factorize(text)
    numbers = [_attempt(read, word) for word in distinct]
    column = _nullable(numbers)
    bad = np.array(
        [n is None and w != "" for n, w in zip(numbers, distinct, strict=True)], dtype=bool
    )
    typed = column.take(codes) if len(codes) else column
    unreadable = bad[codes] if len(codes) else np.zeros(0, dtype=bool)
    return pd.Series(typed, index=text.index, name=text.name), unreadable


def _nullable(numbers: Sequence[int | None]) -> pd.api.extensions.ExtensionArray:
    return pd.array(numbers, dtype="Int64")


def _attempt(read: Callable[[str], int], word: str) -> int | None:
    try:
        return read(word)
    except ValueError:
        return None


def _integer(word: str) -> int:
    if _INTEGER.fullmatch(word) is None:
        raise ValueError(f"not an integer: {word!r}")
    return int(word)
