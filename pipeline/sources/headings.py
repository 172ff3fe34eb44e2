"""Names of columns that take several rows: 人口 over 男 and 女."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

JOINT = " "
"""Between the parts of a joined name."""


def joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Join the parts of each column's name from top to bottom.

    A part that repeats the one above it (a merged cell) is said once. An empty part takes that of
    the column to its left, as a merged cell looks in CSV, but only where both columns go on below:
    a column whose name ends above is no heading of its neighbours.

    Parameters
    ----------
    rows
        The rows of headings, the upper first; they may be of different length.
    """
    width = max(map(len, rows), default=0)
    grid = [[*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in rows]
    for level, row in enumerate(grid[:-1]):
        for column in range(1, width):
            if not row[column] and _goes_on(grid, level, column, column - 1):
                row[column] = row[column - 1]
    columns = zip(*grid, strict=True)
    return [JOINT.join(part for part, _ in groupby(c) if part) for c in columns]


def _goes_on(grid: list[list[str]], level: int, *columns: int) -> bool:
    return all(any(row[column] for row in grid[level + 1 :]) for column in columns)
