"""Columns of a source as the declared types; what does not fit is reported and left empty."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.standardise.dates import Note, Read
from pipeline.standardise.moments import read_date, read_datetime

if TYPE_CHECKING:
    from collections.abc import Callable

TRUE = frozenset(
    {"1", "true", "t", "yes", "y", "○", "〇", "◯", "●", "有", "あり", "有り", "可", "はい"}
)
FALSE = frozenset(
    {"0", "false", "f", "no", "n", "×", "✕", "無", "なし", "無し", "不可", "いいえ", "-"}
)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
UNREADABLE = object()
"""Stands for a cell that is not of the declared type."""


def plain(text: str) -> str:
    """Return text in NFKC without surrounding space: for comparing, never for publishing."""
    return unicodedata.normalize("NFKC", text).strip()


def _as_string(cell: Any) -> Any:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip() or None


def _as_number(cell: Any) -> Any:
    if not isinstance(cell, str):
        return _finite(float(cell))
    text = re.sub(r"(?<=\d),(?=\d{3})", "", plain(cell).replace("−", "-"))
    # Python reads 1_000 as a thousand; nobody else does.
    return _finite(float(text)) if NUMBER.fullmatch(text) else UNREADABLE


def _finite(number: float) -> Any:
    return number if math.isfinite(number) else UNREADABLE


def _as_integer(cell: Any) -> Any:
    number = _as_number(cell)
    if number is UNREADABLE or not number.is_integer() or abs(number) >= 2**53:
        return UNREADABLE
    return int(number)


def _as_boolean(cell: Any) -> Any:
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    text = plain(_as_string(cell) or "").lower()
    return True if text in TRUE else False if text in FALSE else UNREADABLE


def _as_date(cell: Any) -> Any:
    return read_date(str(_as_string(cell))) or UNREADABLE


def _as_datetime(cell: Any) -> Any:
    return read_datetime(str(_as_string(cell))) or UNREADABLE


CONVERTERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "string": (_as_string, "object"),
    "integer": (_as_integer, "Int64"),
    "number": (_as_number, "Float64"),
    "boolean": (_as_boolean, "boolean"),
    "date": (_as_date, "object"),
    "datetime": (_as_datetime, "object"),
}


DTYPES = {kind: dtype for kind, (_, dtype) in CONVERTERS.items()}
"""Nullable dtype of a column of each declared type."""


class Converted(NamedTuple):
    """A column of a declared type.

    Attributes
    ----------
    column
        Same length and index as the cells; nullable dtype, missing where unreadable.
    unreadable
        Positions of the cells that are not of the type.
    notes
        Positions of the cells of which something is to be said, by the finding that says it.
    """

    column: pd.Series
    unreadable: list[int]
    notes: dict[Note, list[int]]


def convert(column: pd.Series, kind: str) -> Converted:
    """Convert a column to a declared type.

    Parameters
    ----------
    column
        Cells as read: text, numbers, booleans or missing. Blank text is missing.
    kind
        ``string``, ``integer``, ``number``, ``boolean``, ``date`` or ``datetime`` (ISO 8601 text).
    """
    function, dtype = CONVERTERS[kind]
    known = {cell: _one(cell, function) for cell in column.dropna().unique()}
    values = [None if pd.isna(cell) else known[cell] for cell in column]
    unreadable = [i for i, value in enumerate(values) if value is UNREADABLE]
    for position in unreadable:
        values[position] = None
    notes: dict[Note, list[int]] = {}
    for position, value in enumerate(values):
        if isinstance(value, Read):
            values[position] = value.iso
            for note in value.notes:
                notes.setdefault(note, []).append(position)
    return Converted(pd.Series(values, index=column.index, dtype=dtype), unreadable, notes)


def _one(cell: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(cell, str) and not cell.strip():
        return None
    return function(cell)


def inferred_type(column: pd.Series) -> str:
    """Return the type of a column nobody declared, from what the file format says it is."""
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    if pd.api.types.is_float_dtype(column):
        filled = column.dropna()
        whole = len(filled) and np.equal(np.mod(filled, 1), 0).all()
        return "integer" if whole else "number"
    return "string"


def widest(kinds: set[str]) -> str:
    """Return the type that values of all these types fit."""
    if len(kinds) < 2:
        return next(iter(kinds), "string")
    return "number" if kinds == {"integer", "number"} else "string"
