"""What stands beside a hidden number and would give it away: measures, shares, densities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

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
