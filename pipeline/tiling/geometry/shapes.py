"""Shapes: the geometry of a layer as ragged arrays on the integer world grid.

The world is a square of 2^30 units in Web Mercator, x to the east and y to the south, origin in
the north-west corner: 3.7 cm at the equator, and exactly the 4,096-unit grid of a tile at zoom 18.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.tiling.native import record

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORLD_BITS = 30
EXTENT_BITS = 12
MAX_ZOOM = WORLD_BITS - EXTENT_BITS
WORLD = 1 << WORLD_BITS
EXTENT = 1 << EXTENT_BITS
MAX_LATITUDE = 85.0511287798066

POINT, LINE, POLYGON = 1, 2, 3


@record(
    "int32[::1], int32[::1], float32[::1], int64[::1], uint8[::1], int64[::1], uint8[::1],"
    " int64[::1], int32[:, ::1], float64[::1]"
)
class Shapes(NamedTuple):
    """Shapes of one layer in drawing order; a feature of mixed geometry gives one per kind.

    Attributes
    ----------
    x, y
        Shape (vertices,), int32: world coordinates. Rings are stored open, their closing vertex
        left out; exterior rings have positive area in (x, y), interior rings negative.
    importance
        Shape (vertices,), float32: squared distance in world units by which the line would move
        if the vertex were left out; infinite for vertices that always stay.
    rings
        Shape (rings + 1,), int64: first vertex of every ring, line or point.
    hole
        Shape (rings,), uint8: 1 for interior rings, which follow their exterior ring.
    parts
        Shape (shapes + 1,), int64: first ring of every shape.
    kind
        Shape (shapes,), uint8: 1 point, 2 line, 3 polygon, as in the tile format.
    row
        Shape (shapes,), int64: row of the input table.
    bounds
        Shape (shapes, 4), int32: least x, least y, greatest x, greatest y.
    area
        Shape (shapes,), float64: area of polygons in square world units, otherwise 0.
    """

    x: NDArray[np.int32]
    y: NDArray[np.int32]
    importance: NDArray[np.float32]
    rings: NDArray[np.int64]
    hole: NDArray[np.uint8]
    parts: NDArray[np.int64]
    kind: NDArray[np.uint8]
    row: NDArray[np.int64]
    bounds: NDArray[np.int32]
    area: NDArray[np.float64]

    @property
    def total(self) -> int:
        """Number of shapes."""
        return int(self.kind.shape[0])


def allocate(vertices: int, rings: int, shapes: int) -> Shapes:
    """Return shapes of the given size with nothing in them yet."""
    return Shapes(
        x=np.empty(vertices, np.int32),
        y=np.empty(vertices, np.int32),
        importance=np.full(vertices, np.inf, np.float32),
        rings=np.full(rings + 1, vertices, np.int64),
        hole=np.zeros(rings, np.uint8),
        parts=np.full(shapes + 1, rings, np.int64),
        kind=np.empty(shapes, np.uint8),
        row=np.empty(shapes, np.int64),
        bounds=np.zeros((shapes, 4), np.int32),
        area=np.zeros(shapes, np.float64),
    )


def ragged_positions(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return start, start + 1 … for every run, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    return np.arange(total) + np.repeat(starts - ends + counts, counts)


def take(shapes: Shapes, index: NDArray[np.int64]) -> Shapes:
    """Return the shapes at `index`, in its order."""
    ring_counts = shapes.parts[index + 1] - shapes.parts[index]
    rings = ragged_positions(shapes.parts[index], ring_counts)
    vertex_counts = shapes.rings[rings + 1] - shapes.rings[rings]
    vertices = ragged_positions(shapes.rings[rings], vertex_counts)
    return Shapes(
        x=shapes.x[vertices],
        y=shapes.y[vertices],
        importance=shapes.importance[vertices],
        rings=np.concatenate([[0], np.cumsum(vertex_counts)]).astype(np.int64),
        hole=shapes.hole[rings],
        parts=np.concatenate([[0], np.cumsum(ring_counts)]).astype(np.int64),
        kind=shapes.kind[index],
        row=shapes.row[index],
        bounds=shapes.bounds[index],
        area=shapes.area[index],
    )


def concatenate(pieces: list[Shapes]) -> Shapes:
    """Return the shapes of all `pieces`, one after the other."""

    def offsets(name: str) -> NDArray[np.int64]:
        parts = [getattr(piece, name) for piece in pieces]
        bases = np.cumsum([0] + [int(part[-1]) for part in parts])
        joined = [part[:-1] + base for part, base in zip(parts, bases, strict=False)]
        return np.concatenate([*joined, bases[-1:]]).astype(np.int64)

    arrays: dict[str, Any] = {
        name: offsets(name)
        if name in ("rings", "parts")
        else np.concatenate([getattr(piece, name) for piece in pieces])
        for name in Shapes._fields
    }
    return Shapes(**arrays)


def to_degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude in degrees of a point of the world grid."""
    longitude = (x / WORLD - 0.5) * 360
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / WORLD))))
    return longitude, latitude


def degrees_of(left: int, top: int, right: int, bottom: int) -> tuple[float, float, float, float]:
    """Return west, south, east and north in degrees of a box, cut to the world."""
    west, north = to_degrees(max(left, 0), top)
    east, south = to_degrees(min(right, WORLD), bottom)
    return round(west, 7), round(south, 7), round(east, 7), round(north, 7)
