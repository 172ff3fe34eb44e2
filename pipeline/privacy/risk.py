"""Which cells are sensitive by themselves: frequency, dominance and p% rules.

Source of the rules and protection levels: Handbook on Statistical Disclosure Control, 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Need:
    """How uncertain an outsider must stay of each cell, shape (n,) each; 0 for safe cells.

    Attributes
    ----------
    up, down
        The largest possible value must be at least this much above the true one, the smallest
        this much below.
    width
        Between the smallest and the largest possible value, wherever the true one lies.
    """

    up: Floats
    down: Floats
    width: Floats

    @property
    def sensitive(self) -> Bools:
        """Which cells must be hidden, shape (n,)."""
        return np.asarray((self.up > 0) | (self.down > 0) | (self.width > 0))

    def __or__(self, other: Need) -> Need:
        """Return what satisfies both."""
        return Need(
            np.maximum(self.up, other.up),
            np.maximum(self.down, other.down),
            np.maximum(self.width, other.width),
        )


def too_few(counts: Floats, k: int, width: float | None = None) -> Need:
    """Protect cells with fewer than `k` contributors.

    Nobody may learn the exact count, nor that it lies within less than `width` (by default `k`):
    the rule itself names no level, so it is declared. Empty cells are no persons.

    Parameters
    ----------
    counts
        Contributors per cell, shape (n,).
    """
    risky = (counts > 0) & (counts < k)
    none = np.zeros(len(counts))
    return Need(none, none, np.where(risky, float(k if width is None else width), 0.0))


def dominated(totals: Floats, largest: Floats, share: float) -> Need:
    """(n,k) rule: the n largest contributions must not exceed `share` percent of the cell.

    Parameters
    ----------
    totals
        Value of each cell, shape (n,); contributions are not negative.
    largest
        Its n largest contributions, shape (n, n largest), zeros where there are fewer.
    """
    top = largest.sum(axis=1)
    level = np.where(top > share / 100 * totals, 100 / share * top - totals, 0.0)
    return Need(level, level, np.zeros(len(totals)))


def estimable(totals: Floats, largest: Floats, percent: float) -> Need:
    """p% rule: the second largest contributor must not know the largest within `percent`.

    Parameters
    ----------
    largest
        The two largest contributions, descending, shape (n, 2).
    """
    rest = totals - largest[:, 0] - largest[:, 1]
    level = percent / 100 * largest[:, 0] - rest
    level = np.where((level > 0) & (totals > 0), level, 0.0)
    return Need(level, level, np.zeros(len(totals)))
