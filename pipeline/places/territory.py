"""The land of a municipality as standard meshes, and how far a position is from it.

Source: 「市区町村別メッシュ・コード一覧」（総務省統計局）, CC BY 4.0; see ``build.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import STRtree

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

TABLE = Path(__file__).with_name("meshes.parquet")
ROWS_PER_DEGREE, COLUMNS_PER_DEGREE, WEST = 120, 80, 100
"""A standard mesh (JIS X 0410, third level) is 30″ of latitude by 45″ of longitude."""
KM_PER_DEGREE = 111.2
STRIDE = 1 << 20
"""Rows and columns as one number; no column reaches it."""
LARGEST_TABLE = 10_000_000
"""Meshes; all Japan with its seas has 8 million."""
DESIGNATED_WARDS = 200
"""Third to fifth digits below this belong to wards of a designated city (政令指定都市)."""


@dataclass(frozen=True)
class Territory:
    """Where the land of a municipality or prefecture is.

    Attributes
    ----------
    meshes
        int64, sorted, shape ``(n,)``: row × :data:`STRIDE` + column of each standard mesh.
    whole
        Whether it is the municipality itself; ``False`` if only its prefecture is known.
    """

    meshes: NDArray[np.int64]
    whole: bool

    def distance_km(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return how far positions are from the land, to about a kilometre.

        Parameters
        ----------
        lon, lat
            Degrees on JGD2011, shape ``(m,)``.

        Returns
        -------
        ndarray
            Kilometres, shape ``(m,)``: 0 inside a mesh; infinite for what is no position.
        """
        known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) < 90) & (np.abs(lon) < 360)
        distance = np.full(len(lon), np.inf)
        cells, back = _different(meshes_of(lon[known], lat[known]))
        away = np.zeros(len(cells))
        outside = ~np.isin(cells, self.meshes)
        away[outside] = self._nearest(cells[outside])
        distance[known] = away[back]
        return distance

    def _nearest(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        if not len(cells):
            return np.empty(0)
        tree = STRtree(shapely.points(_kilometres(self.meshes, self._scale)))
        points = shapely.points(_kilometres(cells, self._scale))
        _, found = tree.query_nearest(points, return_distance=True, all_matches=False)
        # Between the nearest sides of two meshes, not between their middles.
        between: NDArray[np.float64] = np.maximum(found - 1.0, 0.0)
        return between

    @property
    def _scale(self) -> float:
        return float(np.cos(np.radians(np.median(self.meshes // STRIDE) / ROWS_PER_DEGREE)))


def _different(meshes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different meshes in order, and for each mesh its position among them.

    The same as ``np.unique(…, return_inverse=True)``, without sorting where a table of the area
    is small: millions of vertices lie in hundreds of meshes.
    """
    if not len(meshes):
        return meshes, meshes
    row, column = np.divmod(meshes, STRIDE)
    width = int(column.max() - column.min()) + 1
    size = (int(row.max() - row.min()) + 1) * width
    if size > LARGEST_TABLE:
        cells, back = np.unique(meshes, return_inverse=True)
        return cells, back
    flat = (row - row.min()) * width + column - column.min()
    taken = np.zeros(size, bool)
    taken[flat] = True
    found = np.flatnonzero(taken)
    position = np.empty(size, np.int64)
    position[found] = np.arange(len(found))
    cells = (found // width + row.min()) * STRIDE + found % width + column.min()
    return cells, position[flat]


def meshes_of(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the mesh each position lies in, as :attr:`Territory.meshes` has them."""
    row = np.floor(lat * ROWS_PER_DEGREE).astype(np.int64)
    column = np.floor((lon - WEST) * COLUMNS_PER_DEGREE).astype(np.int64)
    return row * STRIDE + column


@cache
def territory(code: str) -> Territory | None:
    """Return the land of a municipality, designated city, or prefecture.

    Parameters
    ----------
    code
        全国地方公共団体コード, six digits. A municipality founded after the list was made is
        taken for its prefecture. Empty for a file that is no municipality's: it has no land.
    """
    if not code:
        return None
    table, five = _table(), int(code[:5])
    prefecture, number = divmod(five, 1000)
    of = table["code"].to_numpy()
    chosen, whole = of == five, True
    if not chosen.any() and number == 0:
        chosen = of // 1000 == prefecture
    elif not chosen.any() and number < DESIGNATED_WARDS and number % 10 == 0:
        chosen = (of > five) & (of < _next_city(five))
    if not chosen.any():
        chosen, whole = of // 1000 == prefecture, False
    return Territory(np.unique(_cells(table[chosen])), whole) if chosen.any() else None


def _next_city(five: int) -> int:
    """Return the code of the designated city after `five` in its prefecture."""
    # 札幌 has ten wards from 01101; where a prefecture has several cities, they are 30 or more
    # apart by tens: 横浜 14100, 川崎 14130, 相模原 14150.
    cities = {14100: 14130, 14130: 14150, 22100: 22130, 27100: 27140, 40100: 40130}
    return cities.get(five, five // 1000 * 1000 + DESIGNATED_WARDS)


def names_at(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str]:
    """Return the municipality at each position, empty at sea and abroad.

    Where a mesh is shared by several, the first by code is named.
    """
    spread, names = _all_meshes()
    cells = meshes_of(
        np.nan_to_num(lon, posinf=0, neginf=0), np.nan_to_num(lat, posinf=0, neginf=0)
    )
    at = np.minimum(np.searchsorted(spread, cells), len(spread) - 1)
    return [
        str(names[position]) if spread[position] == cell else ""
        for position, cell in zip(at, cells, strict=True)
    ]


def _kilometres(meshes: NDArray[np.int64], scale: float) -> NDArray[np.float64]:
    row, column = np.divmod(meshes, STRIDE)
    # A negative column borrows from the row; positions west of 100° E are far away either way.
    return np.column_stack(
        [
            row * (KM_PER_DEGREE / ROWS_PER_DEGREE),
            column * (KM_PER_DEGREE * scale / COLUMNS_PER_DEGREE),
        ]
    )


def _cells(runs: pd.DataFrame) -> NDArray[np.int64]:
    """Return every mesh of the runs, in their order."""
    count = runs["count"].to_numpy(np.int64)
    start = runs["row"].to_numpy(np.int64) * STRIDE + runs["column"].to_numpy(np.int64)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(np.repeat(start, count) + step)


@cache
def _table() -> pd.DataFrame:
    import pyarrow.parquet as pq  # noqa: PLC0415 - a table of its own kind, read once

    return pq.read_table(TABLE).to_pandas()


@cache
def _all_meshes() -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    table = _table()
    cells, first = np.unique(_cells(table), return_index=True)
    return cells, np.repeat(table["name"].to_numpy(object), table["count"])[first]
