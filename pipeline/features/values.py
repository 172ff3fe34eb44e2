"""Values that features are asked for by: read by the type of the field, compared by it."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from pipeline.errors import TonariError

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,6})?", re.IGNORECASE | re.ASCII)
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
TRUE, FALSE = ("true", "1"), ("false", "0")
JAPAN = dt.timezone(dt.timedelta(hours=9))
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LONGEST_NUMBER = 60
"""Characters: no double needs more than 24, and longer ones cost time to read."""

Key = str | int | float | None
"""What values are compared by; ``None`` is a value that no feature can have."""


class ValueTypeError(TonariError):
    """A value is not of the type of its field."""


class Kind(StrEnum):
    """How the values of a field are compared; the names are those of ``layers.yaml``."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


def query_key(kind: Kind, text: str) -> Key:
    """Read a value that is asked for.

    Parameters
    ----------
    kind
        Of the field.
    text
        As it stands in the query: numbers in any notation (``21650``, ``21650.0``, ``2.165e4``),
        booleans as ``true``, ``false``, ``1``, ``0``, dates as ISO 8601, moments as RFC 3339
        (without an offset: in Japan); text is taken exactly.

    Returns
    -------
    str, int, float or None
        Equal keys are equal values; ``None`` if the value is of the type but beyond what can be
        stored.

    Raises
    ------
    ValueTypeError
        If it is no value of this kind.
    """
    match kind:
        case Kind.STRING:
            return text
        case Kind.INTEGER:
            return _whole(_decimal(text, "a whole number"))
        case Kind.NUMBER:
            number = float(_decimal(text, "a number"))
            return number if math.isfinite(number) else None
        case Kind.BOOLEAN:
            return _truth(text.strip().lower())
        case Kind.DATE:
            return _date(text.strip())
        case Kind.DATETIME:
            return instant(text)
        case _:
            assert_never(kind)


def _decimal(text: str, wanted: str) -> Decimal:
    plain = text.strip()
    if len(plain) > LONGEST_NUMBER or not NUMBER.fullmatch(plain):
        raise ValueTypeError(wanted)
    return Decimal(plain)


def _whole(number: Decimal) -> int | None:
    # Looked at before it is turned into an int: 1e999999 would take a million digits.
    if number and number.adjusted() > 18:
        return None
    if number != number.to_integral_value():
        raise ValueTypeError("a whole number")
    whole = int(number)
    return whole if -(2**63) <= whole < 2**63 else None


def _truth(text: str) -> int:
    if text not in TRUE + FALSE:
        raise ValueTypeError("true, false, 1 or 0")
    return int(text in TRUE)


def _date(text: str) -> str:
    wanted = "a date like 2026-11-23, 2026-11 or 2026"
    if not DATE.fullmatch(text):
        raise ValueTypeError(wanted)
    try:
        dt.date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise ValueTypeError(wanted) from None
    return text


def instant(text: str) -> int:
    """Return the microseconds from 1970 (UTC) to the moment `text` (RFC 3339).

    Raises
    ------
    ValueTypeError
        If it is none.
    """
    # A plus sign in a query that nobody escaped arrives as a space.
    plain = re.sub(r" (?=\d{2}:\d{2}$)", "+", text.strip()) if "T" in text else text.strip()
    try:
        moment = dt.datetime.fromisoformat(plain)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=JAPAN)
        return (moment - EPOCH) // dt.timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise ValueTypeError("a moment like 2026-11-23T09:00:00+09:00") from None
