"""Numbers that a table withholds: what is made of them is withheld too, and never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.standardise.columns import MARKER

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.derive.tables import Given

    Integers = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_INTO = "merged_into"
_TREATMENT = "merge_treatment"
_HOST = 1


class Gaps(NamedTuple):
    """Groups whose sum nobody may or can tell.

    Attributes
    ----------
    withheld
        A part of the group is suppressed, or lies in a row of another group (合算).
    empty
        The group has rows, and none of them has a number.
    missing
        Rows without a number that is not withheld: not provided.
    """

    withheld: Bools
    empty: Bools
    missing: Integers


def marked(given: Given) -> bool:
    """Tell whether a table says which of its numbers are withheld."""
    return MARKER in given.fields or _INTO in given.fields


def withheld(given: Given, name: str) -> Bools:
    """Return the rows whose number is suppressed, shape (rows,)."""
    number = given.frame[name].isna().to_numpy()
    return np.asarray(number & flags(given))


def flags(given: Given) -> Bools:
    """Return the rows marked as suppressed, shape (rows,)."""
    if MARKER not in given.fields:
        return np.zeros(len(given.frame), bool)
    said = given.frame[MARKER].astype("boolean").fillna(value=False)
    return np.asarray(said.to_numpy(bool))


def gaps(given: Given, name: str, record: Integers, group: Integers, count: int) -> Gaps:
    """Find the groups whose sum of a field is not known.

    Parameters
    ----------
    record, group
        Row of the table and number of the group of each part, shape (parts,).
    count
        Number of groups.
    """
    none = given.frame[name].isna().to_numpy()
    hidden = withheld(given, name)
    member, apart = _merged(given, record, group)
    bad = hidden | apart
    there, rows, secret = (np.zeros(count, bool) for _ in range(3))
    secret[group[bad[record]]] = True
    rows[group[~member[record]]] = True
    there[group[~none[record]]] = True
    missing = np.flatnonzero(none & ~hidden & ~member)
    return Gaps(secret, rows & ~there & ~secret, missing)


def _merged(given: Given, record: Integers, group: Integers) -> tuple[Bools, Bools]:
    """Return the rows held by another one, and the rows of mergers that are not in one group."""
    size = len(given.frame)
    member, apart = np.zeros(size, bool), np.zeros(size, bool)
    if _INTO not in given.fields:
        return member, apart
    frame = given.frame.reset_index(drop=True)
    member = frame[_INTO].notna().to_numpy()
    hosts = _hosts(given, frame, member)
    where: dict[int, set[int]] = {}
    for row, place in zip(record.tolist(), group.tolist(), strict=True):
        where.setdefault(row, set()).add(place)
    for row in np.flatnonzero(member).tolist():
        host = hosts.get(str(frame[_INTO].iloc[row]))
        mine = where.get(row, set())
        if host is None or len(mine) != 1 or mine != where.get(host, set()):
            apart[row] = True
            if host is not None:
                apart[host] = True
    return member, apart


def _hosts(given: Given, frame: pd.DataFrame, member: Bools) -> dict[str, int]:
    """Return the row of each host by its name: the only one of its table with such a key."""
    wanted = set(frame[_INTO][member].astype(str))
    found: dict[str, int] = {}
    own = (MARKER, _INTO, _TREATMENT, "merged_from")
    if _TREATMENT in given.fields:
        rows = np.flatnonzero((frame[_TREATMENT] == _HOST).fillna(value=False).to_numpy(bool))
    else:
        rows = np.flatnonzero(~member)
    for name in (n for n in given.fields if n not in own):
        for row in rows.tolist():
            value = str(frame[name].iloc[row])
            if value in wanted:
                found.setdefault(value, row)
    return found
