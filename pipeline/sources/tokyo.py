"""Tokyo datum → JGD2000 by GSI's grid of corrections (TKY2JGD).

PROJ ships no grid for this step and falls back to a three-parameter shift that is some
metres off without saying so. The parameters (TKY2JGD Ver.2.1.1, 国土地理院) come with the
package ``tky2jgd``; they are interpolated here for whole arrays at once.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS_PER_DEGREE, COLUMNS_PER_DEGREE = 120, 80
"""Third-level cells of JIS X 0410: 30 seconds of latitude, 45 seconds of longitude."""
SOUTH, WEST, ROWS, COLUMNS = 20, 120, 27 * ROWS_PER_DEGREE, 35 * COLUMNS_PER_DEGREE
ACCURACY_M = 0.2
"""Stated for EPSG operation 'Tokyo to JGD2011 (2)', which uses the same grid."""

Degrees = NDArray[np.float64]


def to_jgd2000(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift coordinates on the Tokyo datum to JGD2000.

    Parameters
    ----------
    lon, lat
        Degrees on the Tokyo datum (EPSG:4301), shape ``(n,)``.

    Returns
    -------
    lon, lat
        Degrees on JGD2000 (EPSG:4612); NaN where the grid has no parameters, which is
        anywhere but Japanese land and its shores.
    """
    shifts = _grid()
    row = (lat - SOUTH) * ROWS_PER_DEGREE
    column = (lon - WEST) * COLUMNS_PER_DEGREE
    inside = (row >= 0) & (row < ROWS - 1) & (column >= 0) & (column < COLUMNS - 1)
    r = np.where(inside, row, 0).astype(np.int64)
    c = np.where(inside, column, 0).astype(np.int64)
    north, east = np.where(inside, row - r, 0.0), np.where(inside, column - c, 0.0)
    shift = (
        shifts[:, r, c] * (1 - north) * (1 - east)
        + shifts[:, r, c + 1] * (1 - north) * east
        + shifts[:, r + 1, c] * north * (1 - east)
        + shifts[:, r + 1, c + 1] * north * east
    )
    shift[:, ~inside] = np.nan
    return lon + shift[1] / 3600, lat + shift[0] / 3600


@cache
def _grid() -> NDArray[np.float32]:
    """Return latitude and longitude corrections in seconds, shape ``(2, ROWS, COLUMNS)``."""
    with resources.as_file(resources.files("tky2jgd") / "data" / "TKY2JGD.par") as path:
        table = pd.read_csv(path, sep=r"\s+", skiprows=2, names=["code", "lat", "lon"], engine="c")
    code = table["code"].to_numpy(np.int64)
    first, second, third = code // 10000, code // 100 % 100, code % 100
    row = first // 100 * 80 + second // 10 * 10 + third // 10 - SOUTH * ROWS_PER_DEGREE
    column = (first % 100 + 100 - WEST) * COLUMNS_PER_DEGREE + second % 10 * 10 + third % 10
    grid = np.full((2, ROWS, COLUMNS), np.nan, np.float32)
    grid[0, row, column] = table["lat"]
    grid[1, row, column] = table["lon"]
    return grid
