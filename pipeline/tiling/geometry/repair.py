"""Making polygons valid on the grid, those few that snapping has tangled.

GEOS decides: what it calls valid stays as it is, the rest is rebuilt (union of what each ring
encloses) and rounded to the grid by snap rounding, which keeps it valid. It is loaded when the
first suspect turns up; most layers have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.tiling.geometry.pieces import SUSPECT, Pieces
from pipeline.tiling.geometry.shapes import ragged_positions

if TYPE_CHECKING:
    from numpy.typing import NDArray


def polygons_of(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    rings: NDArray[np.int64],
    hole: NDArray[np.uint8],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> NDArray[np.object_]:
    """Return one multipolygon for every run ``first:last`` of open rings.

    Rings of fewer than three vertices are left out, and so are holes without exterior ring.
    """
    import shapely

    counts = last - first
    chosen = ragged_positions(first, counts)
    owner = np.repeat(np.arange(first.size), counts)
    sizes = rings[chosen + 1] - rings[chosen]
    usable = sizes >= 3
    chosen, owner, sizes = chosen[usable], owner[usable], sizes[usable]
    starts = rings[chosen]
    vertices = ragged_positions(starts, sizes + 1)
    ends = np.cumsum(sizes + 1)
    vertices[ends - 1] = starts
    coordinates = np.stack([x[vertices], y[vertices]], axis=1).astype(np.float64)
    lines = shapely.linearrings(coordinates, indices=np.repeat(np.arange(chosen.size), sizes + 1))
    shell = np.cumsum(hole[chosen] == 0) - 1
    if chosen.size == 0 or shell[0] < 0:
        return np.full(first.size, shapely.MultiPolygon(), object)
    single = shapely.polygons(lines, indices=shell)
    result: NDArray[np.object_] = np.full(first.size, shapely.MultiPolygon(), object)
    shapely.multipolygons(single, indices=owner[hole[chosen] == 0], out=result)
    return result


def make_valid_on_grid(shapes: NDArray[np.object_], grid: float) -> NDArray[np.object_]:
    """Return valid polygons with corners on multiples of `grid`, exterior rings positive."""
    import shapely

    fixed = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    valid: NDArray[np.object_] = shapely.orient_polygons(
        shapely.set_precision(fixed, grid), exterior_cw=False
    )
    return valid


def rings_of(
    shapes: NDArray[np.object_],
) -> tuple[
    NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]
]:
    """Return open rings of polygons as x, y, first vertices, hole flags, and rings per shape."""
    import shapely

    parts, owner = shapely.get_parts(shapes, return_index=True)
    kept = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    parts, owner = parts[kept], owner[kept]
    lines, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(lines, return_index=True)
    closing = np.ones(len(ring), bool)
    closing[:-1] = ring[1:] != ring[:-1]
    xy, ring = np.rint(xy[~closing]).astype(np.int32), ring[~closing]
    sizes = np.bincount(ring, minlength=len(lines))
    hole = np.zeros(len(lines), np.uint8)
    hole[1:] = part[1:] == part[:-1]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    counts = np.bincount(owner[part], minlength=shapes.size).astype(np.int64)
    x, y = np.ascontiguousarray(xy.T)
    return x, y, starts, hole, counts


def repair(pieces: Pieces) -> tuple[Pieces, int]:
    """Make suspect pieces valid; also return how many were not."""
    suspects = np.flatnonzero(pieces.flag == SUSPECT)
    pieces.flag[suspects] = 0
    if not suspects.size:
        return pieces, 0
    import shapely

    shapes = polygons_of(
        pieces.x, pieces.y, pieces.rings, pieces.hole, pieces.first[suspects], pieces.last[suspects]
    )
    invalid = ~shapely.is_valid(shapes)
    if not invalid.any():
        return pieces, 0
    broken = suspects[invalid]
    fixed = make_valid_on_grid(shapes[invalid], 1.0)
    lost = shapely.is_empty(fixed)
    fixed[lost] = _squares(pieces, broken[lost])
    x, y, starts, hole, counts = rings_of(fixed)
    ends = np.cumsum(counts) + pieces.hole.size
    pieces.first[broken] = ends - counts
    pieces.last[broken] = ends
    mended = pieces._replace(
        x=np.concatenate([pieces.x, x]),
        y=np.concatenate([pieces.y, y]),
        rings=np.concatenate([pieces.rings, starts[1:] + pieces.x.size]),
        hole=np.concatenate([pieces.hole, hole]),
    )
    return mended, int(broken.size)


def _squares(pieces: Pieces, which: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return a square of one unit for polygons of which nothing else is left."""
    import shapely

    at = pieces.rings[pieces.first[which]]
    x, y = pieces.x[at], pieces.y[at]
    squares: NDArray[np.object_] = shapely.box(x, y, x + 1, y + 1)
    return squares
