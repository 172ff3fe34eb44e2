"""Areas of small shapes in degrees, in square metres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEMI_MAJOR = 6_378_137.0
SQUARE = (2 - 1 / 298.257222101) / 298.257222101
"""Of the eccentricity of GRS80."""


def square_metres(shapes: NDArray[Any]) -> NDArray[np.float64]:
    """Return the areas of shapes by the size of a degree on GRS80 at the middle of each.

    For parcels and buildings: a shape 1 km high is off by less than a millionth.

    Parameters
    ----------
    shapes
        Longitude and latitude in degrees, shape ``(n,)``; nothing and empty ones have no area.
    """
    bounds = np.nan_to_num(shapely.bounds(shapes).reshape(-1, 4))
    latitude = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    square = 1 - SQUARE * np.sin(latitude) ** 2
    north = SEMI_MAJOR * (1 - SQUARE) / square**1.5
    east = SEMI_MAJOR * np.cos(latitude) / np.sqrt(square)
    found: NDArray[np.float64] = (
        np.nan_to_num(shapely.area(shapes)) * north * east * np.radians(1.0) ** 2
    )
    return found
