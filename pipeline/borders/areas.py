"""Areas at a border: what both sides claim, what neither does, in square metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from shapely import STRtree

from pipeline.borders.observations import Kind, Pair, observed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import Geometry

FARTHEST = 1000.0
"""Metres from the line up to which what nobody covers is a gap of the border."""
SILENT_WIDTH = 0.01
"""Metres: slivers thinner than a centimetre are the grain of coordinates."""
THIN = 0.3
"""4πA/P² at most this: a sliver of two drawings of one line; rounder is an area claimed twice."""


@dataclass(frozen=True)
class Side:
    """The features of one municipality in the plane of a pair.

    Attributes
    ----------
    code
        Of the municipality.
    ids
        Text, shape ``(n,)``.
    shapes
        Geometries in metres, shape ``(n,)``.
    """

    code: str
    ids: NDArray[np.object_]
    shapes: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.shapes)

    def taken(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Side:
        """Return some of its features."""
        return Side(self.code, self.ids[which], self.shapes[which])


def mean_width(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return 2A/P in metres: the width of a sliver."""
    around = shapely.length(shapes)
    area = 2 * shapely.area(shapes)
    return np.asarray(np.divide(area, around, out=np.zeros(len(shapes)), where=around > 0))


def thinness(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return 4πA/P²: 1 for a circle, near 0 for a sliver."""
    around = shapely.length(shapes) ** 2
    area = 4 * np.pi * shapely.area(shapes)
    return np.asarray(np.divide(area, around, out=np.zeros(len(shapes)), where=around > 0))


def areal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Leave the polygons of what a set operation gives: lines and points where shapes touch."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == 7)
    if len(mixed):
        shapes = shapes.copy()
        for position in mixed:
            parts = shapely.get_parts(shapes[position])
            shapes[position] = shapely.multipolygons(
                shapely.get_parts(parts[shapely.get_dimensions(parts) == 2])
            )
    shapes[shapely.get_dimensions(shapes) != 2] = shapely.Polygon()
    return shapes


def overlaps(
    a: Side, b: Side, pair: Pair, crs: object, silent: float = SILENT_WIDTH
) -> gpd.GeoDataFrame:
    """Return what features of both sides cover: slivers as ``overlap``, areas as ``double``.

    Parameters
    ----------
    silent
        Mean width in metres below which nothing is said; 0 gives every piece.

    Returns
    -------
    GeoDataFrame
        One row for each two features, their piece as geometry.
    """
    of_a, of_b = STRtree(b.shapes).query(a.shapes, predicate="intersects")
    of_a, of_b = _not_only_touching(a, b, of_a, of_b)
    pieces = areal(shapely.intersection(a.shapes[of_a], b.shapes[of_b]))
    size = shapely.area(pieces)
    told = (size > 0) & (mean_width(pieces) >= silent)
    pieces, size, of_a, of_b = pieces[told], size[told], of_a[told], of_b[told]
    whole = np.minimum(shapely.area(a.shapes[of_a]), shapely.area(b.shapes[of_b]))
    double = (thinness(pieces) > THIN) | (size > 0.5 * whole)
    kinds: tuple[tuple[Kind, NDArray[np.bool_]], ...] = (("overlap", ~double), ("double", double))
    tables = [
        observed(
            kind, pair, pieces[which], crs, size=size[which],
            id_a=a.ids[of_a[which]], id_b=b.ids[of_b[which]],
        )
        for kind, which in kinds
    ]  # fmt: skip
    return gpd.pd.concat(tables, ignore_index=True)


def _not_only_touching(
    a: Side, b: Side, of_a: NDArray[np.int64], of_b: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Leave out pairs that share no inner point, which is cheaper to see than to intersect."""
    shapely.prepare(a.shapes[np.unique(of_a)])
    touching = shapely.touches(a.shapes[of_a], b.shapes[of_b])
    shapely.destroy_prepared(a.shapes)
    return of_a[~touching], of_b[~touching]


@dataclass(frozen=True)
class Ground:
    """What a gap is looked for in: the line and the land on its two sides, in the plane."""

    line: Geometry
    land: Geometry


def gaps(
    sides: tuple[Side, Side],
    others: NDArray[np.object_],
    ground: Ground,
    pair: Pair,
    crs: object,
    silent: float = SILENT_WIDTH,
) -> gpd.GeoDataFrame:
    """Return the land along the line that no feature covers, though both sides are to be full.

    The strip that is searched grows until no gap reaches its edge, to :data:`FARTHEST`.

    Parameters
    ----------
    others
        Features of third municipalities, shape ``(n,)``.
    """
    a, b = sides
    shapes = np.concatenate([a.shapes, b.shapes, others])
    tree = STRtree(shapes)
    width = 50.0
    while True:
        strip = shapely.intersection(shapely.buffer(ground.line, width), ground.land)
        near = shapes[tree.query(strip, predicate="intersects")]
        open_ = shapely.difference(strip, shapely.union_all(near)) if len(near) else strip
        pieces = _at_border(areal(shapely.get_parts(np.asarray([open_]))), a, b, ground.line)
        rim = shapely.difference(shapely.boundary(strip), shapely.buffer(ground.line, width * 0.98))
        if width >= FARTHEST or not shapely.intersects(pieces, rim).any():
            break
        width = min(width * 3, FARTHEST)
    pieces = pieces[mean_width(pieces) >= silent]
    beside_a, beside_b = _neighbour(pieces, a), _neighbour(pieces, b)
    return observed(
        "gap", pair, pieces, crs, size=shapely.area(pieces), distance=mean_width(pieces),
        id_a=beside_a, id_b=beside_b,
    )  # fmt: skip


def _at_border(
    pieces: NDArray[np.object_], a: Side, b: Side, line: Geometry
) -> NDArray[np.object_]:
    """Leave what lies at the line or between the two sides; holes further in are no border's."""
    pieces = pieces[shapely.area(pieces) > 0]
    if not len(pieces):
        return pieces
    shapely.prepare(line)
    at_line = shapely.dwithin(pieces, line, SILENT_WIDTH)
    return np.asarray(pieces[at_line | (_touched(pieces, a) & _touched(pieces, b))])


def _touched(pieces: NDArray[np.object_], side: Side) -> NDArray[np.bool_]:
    found = np.zeros(len(pieces), bool)
    if len(side):
        found[STRtree(side.shapes).query(pieces, predicate="dwithin", distance=1e-6)[0]] = True
    return found


def _neighbour(pieces: NDArray[np.object_], side: Side) -> NDArray[np.object_]:
    """Return the id of the feature each piece lies beside; empty where there is none near."""
    ids = np.full(len(pieces), "", object)
    if len(side) and len(pieces):
        of, which = STRtree(side.shapes).query(pieces, predicate="dwithin", distance=1e-6)
        _, first = np.unique(of, return_index=True)
        ids[of[first]] = side.ids[which[first]]
    return ids
