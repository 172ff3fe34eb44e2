"""Sums that may have no number, and what is divided by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECIMALS = 6
"""Of shares, densities and ratios; further ones would say nothing of the records."""


class Sum(NamedTuple):
    """Exact sums by row of the result and class, with their total as the last column.

    Attributes
    ----------
    whole
        int64, shape ``(rows, classes + 1)``, in units of ``10 ** -decimals``.
    unknown
        Which of them have no number: a part is suppressed, or none was provided; same shape.
    """

    whole: NDArray[np.int64]
    decimals: int
    titles: tuple[str, str]
    kind: str
    unknown: NDArray[np.bool_]

    def values(self, column: int) -> Any:
        """Return a column as numbers of the field's own unit, empty where it is not known."""
        whole = self.kind == "integer"
        numbers = self.whole[:, column] if whole else self.whole[:, column] / 10**self.decimals
        made = pd.array(numbers, dtype="Int64" if whole else "Float64")
        made[self.unknown[:, column]] = pd.NA
        return made


def quotient(above: Any, below: Any) -> Any:
    """Divide; what would be divided by nothing has no value."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _floats(above) / _floats(below)
    return pd.array(
        np.round(np.where(np.isfinite(found), found, np.nan), DECIMALS), dtype="Float64"
    )


def _floats(numbers: Any) -> NDArray[np.float64]:
    """Return numbers with NaN where there is none."""
    made: NDArray[np.float64] = pd.array(numbers, dtype="Float64").to_numpy(float, na_value=np.nan)
    return made
