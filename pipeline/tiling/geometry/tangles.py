"""Polygons that cross themselves so often that making them valid exactly would take minutes.

The number of places where `n` segments cross may grow with n², and with it the time and the
memory any exact method takes: 2,000 random vertices cross 600,000 times, 100,000 more than a
thousand million times. Beyond :data:`CROSSINGS` a polygon is drawn as the cells of a grid of 1,024
a side over it that lie inside, wound round at least once (the rule GEOS makes polygons valid by).
That takes time in proportion to its vertices, and what is made is valid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.geometry.crossing import cross
from pipeline.tiling.native import helper, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROSSINGS = 20_000
"""GEOS takes some 25 microseconds for each; up to here a feature costs less than a second."""

CELLS = 1024
"""Cells along the longer side; finer ones cost more in every zoom than they show."""

_COMPARISONS = 400_000_000


@helper
def _crosses(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any, dx: Any, dy: Any) -> bool:
    """Tell whether two segments cross within both; those that only touch do not count."""
    one, two = cross(ax, ay, bx, by, cx, cy), cross(ax, ay, bx, by, dx, dy)
    if not ((one > 0 and two < 0) or (one < 0 and two > 0)):
        return False
    three, four = cross(cx, cy, dx, dy, ax, ay), cross(cx, cy, dx, dy, bx, by)
    return (three > 0 and four < 0) or (three < 0 and four > 0)


@kernel("int32[::1], int32[::1], int64[::1], int64[::1], int64, int64 -> int64")
def _count_crossings(
    along: NDArray[np.int32],
    beside: NDArray[np.int32],
    follower: NDArray[np.int64],
    order: NDArray[np.int64],
    most: int,
    comparisons: int,
) -> int:
    """Count crossings up to `most`; `order` sorts segments by their least coordinate `along`."""
    found = 0
    work = 0
    for i in range(order.shape[0]):
        a = order[i]
        b = follower[a]
        end = max(along[a], along[b])
        low, high = min(beside[a], beside[b]), max(beside[a], beside[b])
        for j in range(i + 1, order.shape[0]):
            c = order[j]
            d = follower[c]
            if min(along[c], along[d]) > end:
                break
            work += 1
            if max(beside[c], beside[d]) < low or min(beside[c], beside[d]) > high:
                continue
            if _crosses(
                along[a], beside[a], along[b], beside[b], along[c], beside[c], along[d], beside[d]
            ):
                found += 1
                if found > most:
                    return found
        if work > comparisons:
            return most + 1
    return found


@kernel("float64[::1], float64[::1], int64[::1], int64, int64, int32[:, ::1]")
def _wind(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    follower: NDArray[np.int64],
    top: int,
    bottom: int,
    turns: NDArray[np.int32],
) -> None:
    """Add to each cell by how much the winding number changes there, row by row from the west.

    Coordinates are in cells; `turns` has the rows `top` to `bottom`.
    """
    for i in range(x.shape[0]):
        j = follower[i]
        low, high = min(y[i], y[j]), max(y[i], y[j])
        sign = 1 if y[j] > y[i] else -1
        first = max(top, int(np.ceil(low - 0.5)))
        last = min(bottom, int(np.ceil(high - 0.5)))
        for row in range(first, last):
            share = (row + 0.5 - y[i]) / (y[j] - y[i])
            column = int(np.ceil(x[i] + share * (x[j] - x[i]) - 0.5))
            column = min(max(column, 0), turns.shape[1] - 1)
            turns[row - top, column] += sign


@kernel("uint8[:, ::1] -> int64")
def _fill_corners(inside: NDArray[np.uint8]) -> int:
    """Fill a cell wherever two meet at a corner only, so that no ring touches itself."""
    changed = 0
    for row in range(inside.shape[0] - 1):
        for column in range(inside.shape[1] - 1):
            a, b = inside[row, column], inside[row, column + 1]
            c, d = inside[row + 1, column], inside[row + 1, column + 1]
            if a == d and b == c and a != b:
                if a:
                    inside[row, column + 1] = 1
                else:
                    inside[row, column] = 1
                changed += 1
    return changed


def followers(rings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for every vertex of open rings the one behind it; `rings` starts at 0."""
    behind = np.arange(1, int(rings[-1]) + 1)
    whole = rings[:-1][np.diff(rings) > 0]
    behind[rings[1:][np.diff(rings) > 0] - 1] = whole
    return behind


def is_tangled(x: NDArray[np.int32], y: NDArray[np.int32], rings: NDArray[np.int64]) -> bool:
    """Tell whether rings cross more than :data:`CROSSINGS` times.

    Parameters
    ----------
    x, y
        Vertices of one polygon.
    rings
        First vertex of each of its open rings, and their number of vertices at the end.
    """
    count = x.size
    if count * (count - 3) // 2 <= CROSSINGS:
        return False
    behind = followers(rings)
    spans = [np.abs(v.astype(np.int64) - v[behind]).sum() for v in (x, y)]
    along, beside = (x, y) if spans[0] <= spans[1] else (y, x)
    order = np.argsort(np.minimum(along, along[behind]), kind="stable")
    return _count_crossings(along, beside, behind, order, CROSSINGS, _COMPARISONS) > CROSSINGS


def cells_inside(x: NDArray[np.int32], y: NDArray[np.int32], rings: NDArray[np.int64]) -> Any:
    """Return a polygon as the union of the cells whose middle it winds round.

    Parameters
    ----------
    x, y, rings
        As for :func:`is_tangled`.

    Returns
    -------
    shapely.MultiPolygon
        Valid, on the grid of the input.
    """
    import shapely
    from rasterio import features

    west, north = int(x.min()), int(y.min())
    size = max(int(x.max()) - west, int(y.max()) - north)
    cell = max(1, -(-size // CELLS))
    columns, rows = ((int(v.max()) - int(v.min())) // cell + 2 for v in (x, y))
    across, down = ((v.astype(np.float64) - v.min()) / cell for v in (x, y))
    behind = followers(rings)
    inside = np.zeros((rows, columns), np.uint8)
    for top in range(0, rows, 512):
        bottom = min(top + 512, rows)
        turns = np.zeros((bottom - top, columns), np.int32)
        _wind(across, down, behind, top, bottom, turns)
        inside[top:bottom] = np.cumsum(turns, axis=1) != 0
    while _fill_corners(inside):
        pass
    found = [
        shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:])
        for shape, _ in features.shapes(inside, mask=inside.view(bool), connectivity=4)
    ]
    whole = shapely.MultiPolygon(found)
    return shapely.transform(whole, lambda xy: xy * cell + [west, north])
