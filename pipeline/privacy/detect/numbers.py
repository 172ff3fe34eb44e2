"""Columns of personal numbers: judged by how many pass the check digit, not by one that does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from stdnum.exceptions import ValidationError
from stdnum.jp import cn, in_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BY_CHANCE = 0.0998
"""Share of random numbers of twelve digits that pass (measured)."""

LEAST_SHARE, LEAST_PASSING = 0.25, 3
RARE = -14.0
"""Natural logarithm of how unlikely so many passing by chance must be."""


def is_my_number(digits: str) -> bool:
    """Tell whether twelve digits pass as a 個人番号 (番号法施行令 第8条, check digit)."""
    try:
        in_.validate(digits)
    except ValidationError:
        return False
    return True


def is_corporate_number(digits: str) -> bool:
    """Tell whether thirteen digits pass as a 法人番号, which is public."""
    try:
        cn.validate(digits)
    except ValidationError:
        return False
    return True


def judged(numbers: Sequence[str], whole: int) -> NDArray[np.bool_]:
    """Tell which numbers of a column are taken for 個人番号: those that pass, or none of them.

    Parameters
    ----------
    numbers
        Every number of eleven digits (a leading zero lost) or twelve in the column.
    whole
        Of how many of them the leading zero was not lost.

    Returns
    -------
    numpy.ndarray
        bool, shape ``(len(numbers),)``.
    """
    passing = np.array([is_my_number(n.zfill(12)) for n in numbers], bool)
    found = int(passing.sum())
    none = np.zeros(len(numbers), bool)
    # Eleven digits alone are more often telephone numbers and codes.
    if found < LEAST_PASSING or found < LEAST_SHARE * len(numbers) or whole < len(numbers) / 2:
        return none
    return passing if _log_chance(len(numbers), found) < RARE or found == len(numbers) else none


def _log_chance(n: int, k: int) -> float:
    """Bound the logarithm of the chance that `k` or more of `n` pass (Chernoff)."""
    share = k / n
    if share <= BY_CHANCE:
        return 0.0
    other = 0.0 if share == 1 else (1 - share) * math.log((1 - share) / (1 - BY_CHANCE))
    return -n * (share * math.log(share / BY_CHANCE) + other)
