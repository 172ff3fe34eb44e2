"""Input polygons that are not valid, found by a cheap test and mended by GEOS."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.tiling.geometry.repair import make_valid_on_grid, polygons_of, rings_of
from pipeline.tiling.geometry.rings import is_suspect
from pipeline.tiling.geometry.shapes import Shapes, concatenate, take
from pipeline.tiling.geometry.simplify import orient
from pipeline.tiling.geometry.tangles import cells_inside, is_tangled
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


class Mended(NamedTuple):
    """Shapes with valid polygons.

    Attributes
    ----------
    shapes
        All of them.
    broken
        Rows of polygons that were not valid.
    tangled
        Rows of those that cross themselves too often to be made valid exactly, and are drawn as
        cells (:mod:`pipeline.tiling.geometry.tangles`).
    """

    shapes: Shapes
    broken: NDArray[np.int64]
    tangled: NDArray[np.int64]


def check_polygons(shapes: Shapes, pool: Executor, threads: int) -> Mended:
    """Mend invalid polygons; those of which nothing is left (no area at all) stay as they are."""
    none = np.empty(0, np.int64)
    suspect = np.zeros(shapes.total, np.uint8)
    spread(pool, threads, shapes.total, lambda a, b: find_suspects(shapes, a, b, suspect))
    chosen = np.flatnonzero(suspect)
    if not chosen.size:
        return Mended(shapes, none, none)
    import shapely

    objects = polygons_of(
        shapes.x, shapes.y, shapes.rings, shapes.hole,
        shapes.parts[chosen], shapes.parts[chosen + 1],
    )  # fmt: skip
    invalid = ~shapely.is_valid(objects)
    chosen, objects = chosen[invalid], objects[invalid]
    fixed, tangled = _mended(shapes, chosen, objects)
    usable = ~shapely.is_empty(fixed) & (shapely.area(fixed) > 0)
    fixed, chosen, tangled = fixed[usable], chosen[usable], tangled[usable]
    if not chosen.size:
        return Mended(shapes, none, none)
    rows = shapes.row[chosen]
    return Mended(_replace(shapes, chosen, fixed), rows, rows[tangled])


def _mended(
    shapes: Shapes, chosen: NDArray[np.int64], objects: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return polygons made valid, and which of them are drawn as cells."""
    import shapely

    tangled = np.zeros(chosen.size, bool)
    fixed: NDArray[np.object_] = np.empty(chosen.size, object)
    for at, shape in enumerate(chosen.tolist()):
        rings = shapes.rings[shapes.parts[shape] : shapes.parts[shape + 1] + 1]
        x, y = shapes.x[rings[0] : rings[-1]], shapes.y[rings[0] : rings[-1]]
        tangled[at] = is_tangled(x, y, rings - rings[0])
        if tangled[at]:
            fixed[at] = cells_inside(x, y, rings - rings[0])
    fixed[~tangled] = make_valid_on_grid(objects[~tangled], 1.0)
    fixed[tangled] = shapely.orient_polygons(fixed[tangled], exterior_cw=False)
    return fixed, tangled


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
