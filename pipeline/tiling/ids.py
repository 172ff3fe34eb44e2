"""Which features a tileset calls by which number, and which columns may say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.tiling.arrow import is_json, numbers
from pipeline.tiling.mvt.encoding import NO_ID

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GREATEST = str(2**64 - 1)


@dataclass(frozen=True)
class Numbers:
    """A column read as ids.

    Attributes
    ----------
    ids
        Shape (rows,), uint64; :data:`NO_ID` where the column holds no whole number of zero or
        more.
    usable
        Shape (rows,), bool.
    complete
        Whether the ids say all that the column says: no text, no leading zero is lost with it.
    """

    ids: NDArray[np.uint64]
    usable: NDArray[np.bool_]
    complete: bool


def numbers_in(column: pa.Array) -> Numbers:
    """Read a column of any type as unsigned numbers of 64 bits."""
    known = numbers(column.is_valid()) == 1
    kind = column.type
    complete = True
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        ids, fits = _from_numbers(numbers(column))
    elif is_json(kind) or _is_text(kind):
        ids, fits, complete = _from_text(column)
    else:
        ids, fits = np.zeros(len(column), np.uint64), np.zeros(len(column), bool)
    usable = known & fits & (ids != NO_ID)
    complete = complete and bool((usable | ~known).all())
    return Numbers(np.where(usable, ids, NO_ID), usable, complete)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _from_numbers(values: NDArray[Any]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    if values.dtype.kind == "f":
        wide = values.astype(np.float64)
        with np.errstate(invalid="ignore"):
            fits = (np.floor(wide) == wide) & (wide >= 0) & (wide < 2.0**64)
        return np.where(fits, wide, 0).astype(np.uint64), fits
    return values.astype(np.uint64), values >= 0


def _from_text(column: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.bool_], bool]:
    """Return numbers written as text; also whether they are written as numbers are."""
    text = column.storage if is_json(column.type) else column.cast(pa.large_string())
    text = pc.utf8_trim(text, '"') if is_json(column.type) else text
    plain = pc.utf8_ltrim(text, "0")
    plain = pc.if_else(pc.equal(plain, ""), "0", plain)
    size = pc.utf8_length(plain)
    fits = pc.or_(pc.less(size, 20), pc.and_(pc.equal(size, 20), pc.less_equal(plain, _GREATEST)))
    fits = pc.and_(fits, pc.match_substring_regex(text, "^[0-9]+$")).fill_null(fill_value=False)
    whole = pc.if_else(fits, plain, "0").fill_null("0").cast(pa.uint64())
    same = pc.all(pc.equal(plain, text)).as_py()  # None if nothing is known
    return numbers(whole), numbers(fits) == 1, same is not False


def repeated_in(ids: NDArray[np.uint64]) -> tuple[int, int]:
    """Return how many usable ids repeat an earlier one, and the least of them."""
    ordered = np.sort(ids[ids != NO_ID])
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    return int(twice.size), int(twice[0]) if twice.size else 0
