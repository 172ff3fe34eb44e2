"""Who makes up a sum: the largest contributions to every cell of a table of sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.config.operations import Aggregate, Zones
from pipeline.derive.aggregate import grouped
from pipeline.derive.apportion import apportion, in_units
from pipeline.derive.fields import require
from pipeline.derive.zones import grouped_pieces, locate
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Place
from pipeline.privacy.layout import contribution_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.operations import Operation
    from pipeline.derive.tables import Given

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]


def add_largest(
    table: pd.DataFrame,
    most: int,
    contributor: str,
    operation: Operation,
    given: Given,
    others: tuple[Given, ...],
) -> pd.DataFrame:
    """Put the largest contributions beside every sum of a table that an operation has made.

    Parameters
    ----------
    table
        What the operation made of the same inputs, a row for each cell.
    most
        How many of the largest, in columns named by :func:`contribution_column`, descending;
        0 where a cell has fewer.
    contributor
        Field that names whose a row is; empty, or without a value: every row stands for itself.

    Raises
    ------
    OperationError
        If there is no such field, or a number that is added up is negative: the rules of
        dominance know no negative parts.
    """
    if contributor:
        require(given, [contributor], "privacy.contributor")
    whose = _whose(given.frame.reset_index(drop=True), contributor)
    match operation:
        case Aggregate():
            found = _of_aggregate(operation, given, whose, most)
        case Zones():
            found = _of_zones(operation, given, others, whose, most)
        case _:
            return table
    columns = {
        contribution_column(name, rank): pd.Series(values[:, rank], table.index, dtype="Float64")
        for name, values in found.items()
        for rank in range(most)
    }
    return table.assign(**columns)


def _whose(frame: pd.DataFrame, contributor: str) -> Integers:
    """Return a number for the contributor of each row: rows of one value have one."""
    own = np.arange(len(frame), dtype=np.int64)
    if not contributor:
        return own
    names = frame[contributor].astype("string").str.strip()
    codes, _ = pd.factorize(names.where(names != "", pd.NA))
    return np.where(codes < 0, own, len(frame) + codes)


def _of_aggregate(
    options: Aggregate, given: Given, whose: Integers, most: int
) -> dict[str, Floats]:
    groups, _ = grouped(given.frame.reset_index(drop=True), options.by)
    count = int(groups.max(initial=-1)) + 1
    out = {}
    for new, old in options.sums.items():
        values = _positive(given, old)
        out[new] = largest(values, groups, whose, count, most)
    return out


def _of_zones(
    options: Zones, given: Given, others: tuple[Given, ...], whose: Integers, most: int
) -> dict[str, Floats]:
    frame = given.frame.reset_index(drop=True)
    where = locate(options, given, frame, others)
    groups = grouped_pieces(options, frame, where)
    record, rows = where.pieces.record, len(groups.zone)
    classes, names = _classes(options, frame)
    out = {}
    for name, measure in options.measures.items():
        if measure.kind != "sum":
            continue
        units = in_units(_positive(given, str(measure.of)))
        parts = apportion(units.whole, record, where.pieces.share) / 10**units.decimals
        out[name] = largest(parts, groups.of_piece, whose[record], rows, most)
        if not names:
            continue
        cell = groups.of_piece * len(names) + classes[record]
        by_class = largest(parts, cell, whose[record], rows * len(names), most)
        for number, group in enumerate(names):
            out[f"{name}_{group}"] = by_class[number :: len(names)]
    return out


def _classes(options: Zones, frame: pd.DataFrame) -> tuple[Integers, list[str]]:
    if options.classes is None:
        return np.zeros(len(frame), np.int64), []
    groups = options.classes.groups
    number = {value: at for at, values in enumerate(groups.values()) for value in values}
    codes = frame[options.classes.field].map(number).astype("Float64").fillna(len(groups))
    return codes.astype(np.int64).to_numpy(), [*groups, options.classes.rest]


def _positive(given: Given, name: str) -> Floats:
    values: Floats = given.frame[name].astype("Float64").to_numpy(float, na_value=np.nan)
    if (values < 0).any():
        places = [Place(feature=str(row + 1)) for row in np.flatnonzero(values < 0).tolist()]
        finding = Catalogue.of("pipeline.derive").finding(
            "contribution-negative", field=name, places=places
        )
        raise OperationError([finding])
    return values


def largest(values: Floats, cell: Integers, whose: Integers, count: int, most: int) -> Floats:
    """Return the largest contributions to each cell, shape ``(count, most)``, descending.

    Parameters
    ----------
    values, cell, whose
        Of each part, shape ``(parts,)``; a missing value contributes nothing. Parts of one
        contributor in one cell are one contribution.
    """
    out = np.zeros((count, most))
    known = np.isfinite(values)
    values, cell, whose = values[known], cell[known], whose[known]
    if not len(values):
        return out
    order = np.lexsort((whose, cell))
    cell, whose, values = cell[order], whose[order], values[order]
    first = np.flatnonzero(np.r_[True, (cell[1:] != cell[:-1]) | (whose[1:] != whose[:-1])])
    sums, cells = np.add.reduceat(values, first), cell[first]
    order = np.lexsort((-sums, cells))
    sums, cells = sums[order], cells[order]
    start = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]])
    rank = np.arange(len(cells)) - np.repeat(start, np.diff(np.r_[start, len(cells)]))
    shown = rank < most
    out[cells[shown], rank[shown]] = sums[shown]
    return out
