"""Whole numbers divided by shares without a remainder, and decimal numbers as whole ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST_DECIMALS = 6
LARGEST = 2**62
"""Above this a sum could leave 64 bits."""


def apportion(totals: Integers, record: Integers, share: Floats) -> Integers:
    """Divide whole numbers by shares so that the parts add up to the last unit.

    By largest remainder; among equal remainders the part that stands first.

    Parameters
    ----------
    totals
        One whole number of each record.
    record
        Of each part, ascending; every record has a part.
    share
        Of each part in its record; those of a record add up to 1.
    """
    if not len(record):
        return np.zeros(0, np.int64)
    first = np.flatnonzero(np.r_[True, record[1:] != record[:-1]])
    size = np.diff(np.r_[first, len(record)])
    group = np.repeat(np.arange(len(first)), size)
    exact = totals[record] * share
    parts = np.floor(exact).astype(np.int64)
    # Floor division also takes back what rounding in `exact` gave too much.
    left = totals[record[first]] - np.add.reduceat(parts, first)
    parts += (left // size)[group]
    order = np.lexsort((-(exact - np.floor(exact)), group))
    rank = np.arange(len(record)) - first[group]
    parts[order] += rank < (left % size)[group]
    return parts


class Units(NamedTuple):
    """Decimal numbers as whole numbers of a unit.

    Attributes
    ----------
    whole
        The numbers times ``10 ** decimals``; 0 where one is missing.
    decimals
        As few as hold all numbers, six at most.
    rounded
        Positions of numbers with more.
    """

    whole: Integers
    decimals: int
    rounded: Integers


def in_units(numbers: Floats) -> Units:
    """Return numbers as whole numbers of the largest decimal unit that holds them all.

    Raises
    ------
    OverflowError
        If their sum could leave 64 bits.
    """
    known = np.where(np.isfinite(numbers), numbers, 0.0)
    for decimals in range(MOST_DECIMALS + 1):
        scaled = np.rint(known * 10**decimals)
        inexact = scaled / 10**decimals != known
        if not inexact.any():
            break
    if np.abs(scaled).sum() >= LARGEST:
        raise OverflowError
    return Units(scaled.astype(np.int64), decimals, np.flatnonzero(inexact))


def group_sums(whole: Integers, group: Integers, count: int) -> Integers:
    """Add up whole numbers by group, exactly; groups are numbered from 0 to `count` - 1."""
    sums = np.zeros(count, np.int64)
    if len(group):
        order = np.argsort(group, kind="stable")
        ordered = group[order]
        first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        sums[ordered[first]] = np.add.reduceat(whole[order], first)
    return sums
