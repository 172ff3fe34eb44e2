"""Standard grid square codes of JIS X 0410, in whole numbers.

A row is 1/960 degree of latitude from the equator, a column 1/640 degree of longitude from 100°E:
the size of the eighth mesh, so that every level is a whole number of both. 2/3 degree has no exact
binary form, and products like ``lat * 960`` of a corner may fall short of the whole number; an
edge is therefore compared as the float nearest to ``row / 960``. Cells are closed south and west.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

ROWS_PER_DEGREE, COLUMNS_PER_DEGREE = 960, 640
FIRST_LONGITUDE = 100
LAST = 100 * 640
"""Codes have two digits each for latitude and longitude of the first mesh of 640 by 640."""
SEMI_MAJOR, FLATTENING = 6_378_137.0, 1 / 298.257222101
"""GRS80."""
FIRST, SECOND, THIRD, DOUBLE = 640, 80, 8, 16


@dataclass(frozen=True)
class Level:
    """One size of cell.

    Attributes
    ----------
    name
        As a declaration has it.
    digits
        Of its codes.
    size
        Rows, and columns, of an eighth mesh.
    """

    name: str
    digits: int
    size: int


LEVELS = {
    level.name: level
    for level in (
        Level("80km", 4, FIRST),
        Level("10km", 6, SECOND),
        Level("5km", 7, 40),
        Level("2km", 9, DOUBLE),
        Level("1km", 8, THIRD),
        Level("500m", 9, 4),
        Level("250m", 10, 2),
        Level("125m", 11, 1),
    )
}


def position(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> tuple[Integers, Integers]:
    """Return the row and column of points.

    Parameters
    ----------
    longitude, latitude
        Degrees (JGD2000 or JGD2011), shape ``(n,)``.

    Returns
    -------
    row, column
        Shape ``(n,)``; -1 in both where a point has no code (south of the equator, west of
        100°E, north of 66°40′N, east of 200°E) or no place.
    """
    row = _index(np.asarray(latitude, float), ROWS_PER_DEGREE)
    column = _index(np.asarray(longitude, float), COLUMNS_PER_DEGREE)
    column = column - FIRST_LONGITUDE * COLUMNS_PER_DEGREE
    outside = (row < 0) | (row >= LAST) | (column < 0) | (column >= LAST)
    return np.where(outside, -1, row), np.where(outside, -1, column)


def _index(degrees: NDArray[np.float64], per_degree: int) -> Integers:
    nowhere = ~np.isfinite(degrees)
    nearest = np.rint(np.where(nowhere, -1.0, degrees) * per_degree)
    index: Integers = (nearest - (degrees < nearest / per_degree)).astype(np.int64)
    return index


def codes(row: Integers, column: Integers, level: Level) -> Integers:
    """Return the codes of the cells of a level that hold eighth meshes.

    Parameters
    ----------
    row, column
        As :func:`position` has them, none of them -1.

    Returns
    -------
    int64, shape ``(n,)``; a code begins with no zero, since 100°E, 0°N lies at sea far from Japan:
    use :func:`texts` for the form with all its digits.
    """
    code = row // FIRST * 100 + column // FIRST
    if level.size == FIRST:
        return code
    code = code * 100 + row % FIRST // SECOND * 10 + column % FIRST // SECOND
    if level.size == SECOND:
        return code
    if level.size == 40:
        return code * 10 + _quadrant(row, column, 40)
    if level.size == DOUBLE:
        # 2 km: the even digits of the third mesh in its south-west, and a 5 where a half mesh
        # has 1 to 4.
        return code * 1000 + row % SECOND // DOUBLE * 200 + column % SECOND // DOUBLE * 20 + 5
    code = code * 100 + row % SECOND // THIRD * 10 + column % SECOND // THIRD
    for size in (4, 2, 1):
        if level.size <= size:
            code = code * 10 + _quadrant(row, column, size)
    return code


def _quadrant(row: Integers, column: Integers, size: int) -> Integers:
    return row // size % 2 * 2 + column // size % 2 + 1


def texts(code: Integers, level: Level) -> NDArray[np.object_]:
    """Return codes as text with all their digits."""
    return np.array([f"{c:0{level.digits}d}" for c in code.tolist()], dtype=object)


def level_of(code: str) -> Level | None:
    """Return the level a code is of, by its length and last digit; ``None`` if it is none.

    Nine digits ending in 5 are a 2 km mesh, whose digits of the third mesh are even.
    """
    if not (code.isascii() and code.isdigit()):
        return None
    for level in LEVELS.values():
        if level.digits == len(code) and (level.size == DOUBLE) == (
            len(code) == 9 and code[-1] == "5"
        ):
            return level if _well_formed(code, level) else None
    return None


def _well_formed(code: str, level: Level) -> bool:
    if not set(code[4:6]) <= set("01234567"):
        return False
    if level.size == DOUBLE:
        return set(code[6:8]) <= set("02468")
    last = code[6:] if level.size == 40 else code[8:]
    return set(last) <= set("1234")


def corner(code: str) -> tuple[int, int, Level]:
    """Return the row and column of the south-west corner of a cell, and its level.

    Raises
    ------
    ValueError
        If it is no code of JIS X 0410.
    """
    level = level_of(code)
    if level is None:
        raise ValueError(code)
    row, column = int(code[:2]) * FIRST, int(code[2:4]) * FIRST
    if len(code) >= 6:
        row, column = row + int(code[4]) * SECOND, column + int(code[5]) * SECOND
    if level.size == 40:
        return (*_into(row, column, code[6], 40), level)
    if len(code) >= 8:
        row, column = row + int(code[6]) * THIRD, column + int(code[7]) * THIRD
    if level.size < THIRD:
        for digit, size in zip(code[8:], (4, 2, 1), strict=False):
            row, column = _into(row, column, digit, size)
    return row, column, level


def _into(row: int, column: int, digit: str, size: int) -> tuple[int, int]:
    quadrant = int(digit) - 1
    return row + quadrant // 2 * size, column + quadrant % 2 * size


def corners(found: Iterable[str]) -> tuple[Integers, Integers]:
    """Return the south-west corners of cells by their codes; see :func:`corner`."""
    places = [corner(code)[:2] for code in found]
    array = np.array(places, np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def squares(row: Integers, column: Integers, size: int) -> NDArray[Any]:
    """Return cells as polygons in degrees, from their south-west corners.

    Corners are divisions of whole numbers, so that neighbours share theirs to the last bit.
    """
    west = (column + FIRST_LONGITUDE * COLUMNS_PER_DEGREE) / COLUMNS_PER_DEGREE
    east = (column + size + FIRST_LONGITUDE * COLUMNS_PER_DEGREE) / COLUMNS_PER_DEGREE
    made: NDArray[Any] = shapely.box(
        west, row / ROWS_PER_DEGREE, east, (row + size) / ROWS_PER_DEGREE
    )
    return made


def areas(row: Integers, size: int) -> NDArray[np.float64]:
    """Return the areas of cells on the GRS80 ellipsoid, in square metres, by their south edge."""
    south, north = row / ROWS_PER_DEGREE, (row + size) / ROWS_PER_DEGREE
    strip = _belt(np.radians(north)) - _belt(np.radians(south))
    found: NDArray[np.float64] = strip * np.radians(size / COLUMNS_PER_DEGREE)
    return found


def _belt(latitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area from the equator to a latitude, per radian of longitude, in square metres."""
    square = FLATTENING * (2 - FLATTENING)
    eccentricity, sine = np.sqrt(square), np.sin(latitude)
    minor = SEMI_MAJOR * (1 - FLATTENING)
    belt: NDArray[np.float64] = sine / (1 - square * sine**2)
    belt += np.arctanh(eccentricity * sine) / eccentricity
    found: NDArray[np.float64] = belt * (minor**2 / 2)
    return found
