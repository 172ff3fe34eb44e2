"""A table of counts as a system: its own cells, and totals that are taken to be known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.findings import Place
from pipeline.privacy.layout import TOTAL, Layout
from pipeline.privacy.system import Dimension, System, TableError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.privacy.risk import Bools

LARGEST = 3_000_000
"""Cells of a table, with those that are zero and its totals."""
WHOLE = "\x00whole"
_KILOMETRE = 8
"""Digits of a cell of 1 km; each further digit quarters it (JIS X 0410)."""


@dataclass(frozen=True)
class Counts:
    """Counts by zone, by the fields of rows within a zone, and by class.

    Attributes
    ----------
    system
        Of all cells, totals included.
    at
        Number of the cell of each row and count column, shape (rows, columns).
    real
        Which cells the table has, shape (n,); the others are totals or zero.
    zone
        Position of the zone of each row.
    group
        Number of the cell each row's shares are taken of, shape (rows,): the total over the
        fields `over`; ``None`` without shares.
    """

    system: System
    at: NDArray[np.int64]
    real: Bools
    absent: Bools
    zone: NDArray[np.int64]
    group: NDArray[np.int64] | None = None


def counts_of(
    frame: pd.DataFrame, layout: Layout, keys: tuple[str, ...], *, nested: bool = True
) -> Counts:
    """Return the counts of a table.

    Totals over zones, over coarser cells of the grid and over the fields of `layout.per` are
    cells too: other layers may publish them. So are those that shares are taken of, which
    whoever reads a share beside its count knows.

    Parameters
    ----------
    keys
        Fields that name a zone.
    nested
        Whether each level of the grid between is a total; else only the cell of 1 km.

    Raises
    ------
    TableError
        If it has more than :data:`LARGEST` cells, or one row twice.
    """
    zones, zone = _zones(frame, layout, keys, nested=nested)
    pers, per, group = _per(frame, layout)
    columns = Dimension.flat(list(layout.parts), TOTAL) if layout.parts else _single(TOTAL)
    shape = (len(zones.codes), len(pers.codes), len(columns.codes))
    if np.prod(shape) > LARGEST:
        raise TableError(f"a table of {np.prod(shape)} cells")
    leaves = frame[list(layout.columns.values())].to_numpy(float, na_value=0.0)
    rows = zone * shape[1] + per
    if len(np.unique(rows)) < len(rows):
        raise TableError("two rows of one zone")
    at = rows[:, None] * shape[2] + np.arange(shape[2])[None, :]
    values = np.zeros(int(np.prod(shape)))
    values[at] = leaves
    summed = pers.summed(zones.summed(values.reshape(shape), 0), 1)
    system = System.of_table(summed, (zones, pers, columns))
    real = np.zeros(len(values), bool)
    real[at] = True
    inner = np.ix_(zones.leaves, pers.leaves, np.ones(shape[2], bool))
    absent = np.zeros(shape, bool)
    absent[inner] = True
    absent = absent.ravel() & ~real
    upper = np.where(absent, 0.0, np.inf)
    whole = None if group is None else (zone * shape[1] + group) * shape[2] + shape[2] - 1
    return Counts(replace(system, upper=upper), at, real, absent, zone, whole)


def _per(
    frame: pd.DataFrame, layout: Layout
) -> tuple[Dimension, NDArray[np.int64], NDArray[np.int64] | None]:
    """Return the fields of rows as a dimension, the place of each row, and of its share's whole."""
    over = layout.over(layout.count)
    if not over or frame.empty:
        return (*_flat(frame, layout.per), None)
    rest = tuple(name for name in layout.per if name not in over)
    if not rest:
        dimension, at = _flat(frame, layout.per)
        return dimension, at, np.full(len(frame), len(dimension.codes) - 1)
    mine, above = names(frame, layout.per), names(frame, rest)
    pairs = sorted(set(zip(mine, above, strict=True)))
    ways = [(f"row\x1e{below}", f"of\x1e{up}") for below, up in pairs]
    ways += [(code, WHOLE) for code in dict.fromkeys(up for _, up in ways)]
    dimension = Dimension.of_pairs(ways)
    place = {code: i for i, code in enumerate(dimension.codes)}
    return (
        dimension,
        np.array([place[f"row\x1e{name}"] for name in mine], np.int64),
        np.array([place[f"of\x1e{name}"] for name in above], np.int64),
    )


def _single(code: str) -> Dimension:
    return Dimension((code,), (-1,))


def names(frame: pd.DataFrame, keys: tuple[str, ...]) -> list[str]:
    """Return one text for the values of some fields of each row."""
    columns = [frame[key].astype(object).where(frame[key].notna(), "") for key in keys]
    return ["\x1f".join(map(str, row)) for row in zip(*columns, strict=True)]


def _flat(frame: pd.DataFrame, keys: tuple[str, ...]) -> tuple[Dimension, NDArray[np.int64]]:
    if not keys:
        return _single(TOTAL), np.zeros(len(frame), np.int64)
    mine = names(frame, keys)
    codes = sorted(set(mine))
    place = {code: i for i, code in enumerate(codes)}
    return Dimension.flat(codes, WHOLE), np.array([place[name] for name in mine], np.int64)


def _zones(
    frame: pd.DataFrame, layout: Layout, keys: tuple[str, ...], *, nested: bool
) -> tuple[Dimension, NDArray[np.int64]]:
    mine = names(frame, keys)
    if layout.zones != "mesh":
        return _flat(frame, keys)
    pairs: dict[str, str] = {}
    for code in sorted(set(mine)):
        way = [code[:n] for n in range(len(code), _KILOMETRE - 1, -1)]
        way = way if nested else [code, code[:_KILOMETRE]]
        for below, above in zip(way, [*way[1:], WHOLE], strict=True):
            if below != above:
                pairs[below] = above
    dimension = Dimension.of_pairs(pairs.items())
    place = {code: i for i, code in enumerate(dimension.codes)}
    return dimension, np.array([place[code] for code in mine], np.int64)


def empty_counts(frame: pd.DataFrame, layout: Layout, keys: tuple[str, ...]) -> list[Place]:
    """Return the counts that nobody said anything of, each with its zone and column."""
    empty = frame[list(layout.columns.values())].isna()
    zone = [name.replace("\x1f", ", ") for name in names(frame, keys)]
    return [
        Place(feature=f"{zone[row]} {empty.columns[column]}".strip())
        for row, column in np.argwhere(empty.to_numpy()).tolist()
    ]
