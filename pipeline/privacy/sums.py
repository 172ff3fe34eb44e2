"""Sums of values that few contributors make up, and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.privacy.beside import empty_related, empty_shares
from pipeline.privacy.counts import Counts, counts_of
from pipeline.privacy.layout import TOTAL, Layout, contribution_column
from pipeline.privacy.risk import Need, dominated, estimable
from pipeline.privacy.suppress import suppress

if TYPE_CHECKING:
    from pipeline.config.disclosure import Disclosure
    from pipeline.privacy.risk import Bools, Floats

GAP = 0.05
_MOST = 1e6
"""Sums are reckoned with in a unit in which none is larger: the solver is exact to 1e-6."""
_TOTALS = 20.0
"""A total that other layers may publish is counted on as hidden only where little else helps."""
_HIDDEN = 1e-3
"""Weight of a sum that is hidden already, beside a hidden count."""


@dataclass(frozen=True)
class HiddenSums:
    """What was emptied of the sums of a table.

    Attributes
    ----------
    rows
        With a sum that is hidden, shape (rows,).
    cells, totals
        How many sums of the table, and how many totals that it does not hold itself and that
        must not be published elsewhere.
    """

    rows: Bools
    cells: int = 0
    totals: int = 0


def hide_sums(
    out: pd.DataFrame,
    frame: pd.DataFrame,
    layout: Layout,
    keys: tuple[str, ...],
    rules: Disclosure,
    *,
    nested: bool,
) -> HiddenSums:
    """Empty, in `out`, sums that tell too much of a contributor, and what protects them.

    The rules are those of dominance and p %, the protection levels those of the Handbook on
    Statistical Disclosure Control, 4.2.2. Which other sums are hidden so that these cannot be
    computed is an integer programme over the sums of a measure, margins included. Sums hidden
    with their count stay hidden and help.

    Parameters
    ----------
    out
        `frame` as counts have left it; changed in place.
    frame
        With the largest contributions in the columns of :func:`contribution_column`.

    Raises
    ------
    UnprotectableError
        If nothing protects a sum.
    """
    rows, cells, totals = np.zeros(len(frame), bool), 0, 0
    if not rules.largest:
        return HiddenSums(rows)
    for name, columns in layout.values.items():
        parts = {group: column for group, column in columns.items() if group != TOTAL}
        shares = {c: s for c, s in layout.shares.items() if s[0] == name}
        table = Layout(name, parts, layout.per, shares=shares, zones=layout.zones)
        sums = counts_of(frame, table, keys, nested=nested)
        before = out[list(table.columns.values())].isna().to_numpy(bool)
        found = _hidden(sums, frame, table, rules, before)
        gone = found[sums.at]
        for number, (group, column) in enumerate(table.columns.items()):
            out.loc[gone[:, number], column] = pd.NA
            empty_related(out, layout, name, group, gone[:, number])
        whole = None if sums.group is None else found[sums.group]
        rows |= gone.any(axis=1)
        rows |= empty_shares(out, layout, name, keys, gone[:, -1] | before[:, -1], whole)
        cells += int((gone & ~before).sum())
        totals += int((found & ~sums.real & ~sums.absent).sum())
    return HiddenSums(rows, cells, totals)


def _hidden(
    sums: Counts, frame: pd.DataFrame, table: Layout, rules: Disclosure, before: Bools
) -> Bools:
    system = sums.system
    unit = min(1.0, _MOST / max(float(system.values.max(initial=0.0)), 1.0))
    system = replace(system, values=system.values * unit)
    largest = _largest(sums, frame, table, rules.largest) * unit
    need = _need(system.values, largest, rules)
    if not need.sensitive.any():
        return need.sensitive
    weights = np.maximum(system.values, 1.0) * np.where(sums.real, 1.0, _TOTALS)
    weights[sums.at[before]] = _HIDDEN
    single = None
    if rules.largest > 1:
        single = (largest[:, 0] > 0) & (largest[:, 1] == 0)
    return suppress(system, need, weights, gap=GAP, fixed=sums.absent, single=single).hidden


def _largest(sums: Counts, frame: pd.DataFrame, table: Layout, most: int) -> Floats:
    """Return the largest contributions to every cell, shape (n, most); none for other totals."""
    found = np.zeros((len(sums.real), most))
    for number, column in enumerate(table.columns.values()):
        for rank in range(most):
            values = frame[contribution_column(column, rank)].to_numpy(float, na_value=0.0)
            found[sums.at[:, number], rank] = values
    return found


def _need(values: Floats, largest: Floats, rules: Disclosure) -> Need:
    none = np.zeros(len(values))
    need = Need(none, none, none)
    if rules.dominance is not None:
        need |= dominated(values, largest[:, : rules.dominance.n], rules.dominance.k)
    if rules.p_percent is not None:
        need |= estimable(values, largest, rules.p_percent)
    # What no one contributes to is nobody's, and totals of other tables are looked at there.
    mine = largest[:, 0] > 0
    return Need(*(np.where(mine, level, 0.0) for level in (need.up, need.down, need.width)))
