"""What stands beside a hidden number and would give it away: measures, shares, densities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.privacy.counts import names
from pipeline.privacy.layout import TOTAL
from pipeline.standardise.columns import MARKER

if TYPE_CHECKING:
    from pipeline.privacy.layout import Layout
    from pipeline.privacy.risk import Bools


def empty_between(out: pd.DataFrame, layout: Layout, cells: Bools) -> None:
    """Empty what relates a class to a hidden total: share times total would be the count."""
    total = cells[:, -1]
    for name, group in layout.beside.items():
        if group != TOTAL and name not in layout.sums and name in out.columns:
            out.loc[total, name] = pd.NA


def empty_related(out: pd.DataFrame, layout: Layout, name: str, group: str, gone: Bools) -> None:
    """Empty what is divided by a hidden sum, or shared out of it: it would give the sum away.

    Parameters
    ----------
    name, group
        The measure, and the class (or `TOTAL`) whose sum is hidden.
    gone
        In which rows, shape (rows,).
    """
    for column, of in layout.related.items():
        here = group == TOTAL or layout.beside.get(column) in (group, TOTAL)
        if name in of and here and column in out.columns:
            out.loc[gone, column] = pd.NA


def empty_shares(
    out: pd.DataFrame,
    layout: Layout,
    measure: str,
    keys: tuple[str, ...],
    gone: Bools,
    whole: Bools | None,
) -> Bools:
    """Empty shares whose whole must not be known, and return the rows where that was done.

    Parameters
    ----------
    gone
        Rows whose number of `measure` is hidden, shape (rows,).
    whole
        Rows whose share is of a hidden total, shape (rows,); ``None`` where the totals took no
        part in the choice of what to hide: then every share beside a hidden number goes.
    """
    done = np.zeros(len(out), bool)
    for column, (of, over) in layout.shares.items():
        if of != measure or column not in out.columns:
            continue
        lost = whole
        if lost is None:
            rest = [name for name in (*keys, *layout.per) if name not in over]
            groups = pd.factorize(np.array(names(out, tuple(rest)), object))[0]
            lost = np.isin(groups, groups[gone])
        done |= lost & out[column].notna().to_numpy(bool)
        out.loc[lost, column] = pd.NA
    return done


def without_parts_of_few(frame: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, int]:
    """Empty measures where the count is none: a corner of a single record lies there.

    Where records are divided by area, a zone may have a part of one and be given none of the count.
    Return the table and how many numbers were emptied.
    """
    out, gone = frame.copy(), 0
    for name, group in layout.beside.items():
        if name not in out.columns:
            continue
        part = (out[layout.columns[group]] == 0) & (out[name].fillna(0) != 0)
        part = part.fillna(False).astype(bool)
        out.loc[part, name] = pd.NA
        gone += int(part.sum())
        if MARKER in out.columns:
            out.loc[part, MARKER] = True
    return out, gone
