"""Input polygons that are not valid, found by a cheap test and mended by GEOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.tiling.geometry.repair import make_valid_on_grid, polygons_of, rings_of
from pipeline.tiling.geometry.rings import is_suspect
from pipeline.tiling.geometry.shapes import Shapes, concatenate, take
from pipeline.tiling.geometry.simplify import orient
from pipeline.tiling.native import kernel
from pipeline.tiling.parallel import spread

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

_POLYGON = 3


@kernel("Shapes, int64, int64, uint8[::1]")
def find_suspects(shapes: Shapes, first: int, last: int, suspect: NDArray[np.uint8]) -> None:
    """Set `suspect` to 1 for polygons that may be invalid at full detail."""
    for shape in range(first, last):
        if shapes.kind[shape] == _POLYGON:
            low, high = shapes.parts[shape], shapes.parts[shape + 1]
            suspect[shape] = is_suspect(shapes.x, shapes.y, shapes.rings, shapes.hole, low, high)


def check_polygons(
    shapes: Shapes, pool: Executor, threads: int
) -> tuple[Shapes, NDArray[np.int64]]:
    """Mend invalid polygons; also return the rows that had one.

    Polygons of which nothing is left (no area at all) stay as they are.
    """
    suspect = np.zeros(shapes.total, np.uint8)
    spread(pool, threads, shapes.total, lambda a, b: find_suspects(shapes, a, b, suspect))
    chosen = np.flatnonzero(suspect)
    if not chosen.size:
        return shapes, np.empty(0, np.int64)
    import shapely

    objects = polygons_of(
        shapes.x, shapes.y, shapes.rings, shapes.hole,
        shapes.parts[chosen], shapes.parts[chosen + 1],
    )  # fmt: skip
    invalid = ~shapely.is_valid(objects)
    fixed = make_valid_on_grid(objects[invalid], 1.0)
    chosen = chosen[invalid]
    usable = ~shapely.is_empty(fixed) & (shapely.area(fixed) > 0)
    fixed, chosen = fixed[usable], chosen[usable]
    if not chosen.size:
        return shapes, chosen
    return _replace(shapes, chosen, fixed), shapes.row[chosen]


def _replace(shapes: Shapes, chosen: NDArray[np.int64], fixed: NDArray[np.object_]) -> Shapes:
    """Put polygons in the place of some shapes; nothing else moves."""
    x, y, rings, hole, counts = rings_of(fixed)
    mended = Shapes(
        x=x,
        y=y,
        importance=np.full(x.size, np.inf, np.float32),
        rings=rings,
        hole=hole,
        parts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        kind=np.full(counts.size, _POLYGON, np.uint8),
        row=shapes.row[chosen],
        bounds=np.zeros((counts.size, 4), np.int32),
        area=np.zeros(counts.size, np.float64),
    )
    orient(mended, 0, mended.total)
    index = np.arange(shapes.total)
    index[chosen] = shapes.total + np.arange(chosen.size)
    return take(concatenate([shapes, mended]), index)
