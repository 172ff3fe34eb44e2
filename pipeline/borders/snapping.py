"""Bringing both sides to one line: the vertices within tolerance of it, and no other.

Everything is reckoned along the reference: a vertex near the line becomes a position on it, an
edge that runs along the line becomes the line's own path between two positions, with every
position that either side has. So both sides get the very same vertices.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from shapely import STRtree

from pipeline.borders.areas import mean_width

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS
    from shapely import Geometry

SAME = 1e-3
"""Metres within which two positions on a line are one."""


@dataclass(frozen=True)
class Track:
    """A common line as positions along it.

    Attributes
    ----------
    plane
        The line in metres.
    degrees
        Its vertices in the CRS of the layer, shape ``(n, 2)``: taken over to the last digit.
    at
        Position of each vertex in metres along the line, shape ``(n,)``.
    """

    plane: Geometry
    degrees: NDArray[np.float64]
    at: NDArray[np.float64]

    @property
    def closed(self) -> bool:
        """Whether it goes round an enclave."""
        return bool(shapely.is_closed(self.plane))

    def position(self, metres: float, tolerance: float) -> float:
        """Return a position, drawn to the line's own vertex where that is near."""
        nearest = int(np.abs(self.at - metres).argmin())
        own = abs(self.at[nearest] - metres) <= min(0.2, tolerance / 2)
        return float(self.at[nearest]) if own else round(metres / SAME) * SAME

    def degree(self, metres: float) -> tuple[float, float]:
        """Return the coordinates of a position; equal positions give equal digits."""
        after = int(np.searchsorted(self.at, metres))
        if after < len(self.at) and self.at[after] == metres:
            return float(self.degrees[after, 0]), float(self.degrees[after, 1])
        after = min(max(after, 1), len(self.at) - 1)
        share = (metres - self.at[after - 1]) / (self.at[after] - self.at[after - 1])
        x, y = self.degrees[after - 1] + share * (self.degrees[after] - self.degrees[after - 1])
        return float(x), float(y)


def tracks_of(lines: list[Geometry], crs: object, plane: CRS) -> list[Track]:
    """Return the parts of common lines as tracks."""
    parts = shapely.get_parts(np.asarray(lines, object)) if lines else np.empty(0, object)
    flat = gpd.GeoSeries(parts, crs=crs).to_crs(plane).to_numpy() if len(parts) else parts
    found = []
    for part, metres in zip(parts, flat, strict=True):
        steps = np.hypot(*np.diff(shapely.get_coordinates(metres), axis=0).T)
        at = np.concatenate([[0.0], np.cumsum(steps)])
        found.append(Track(metres, shapely.get_coordinates(part), at))
    return found


@dataclass(frozen=True)
class Snapped:
    """Features brought to the line.

    Attributes
    ----------
    shapes
        As given but for what was moved, shape ``(n,)``.
    moved
        Farthest move of a vertex of each feature in metres; 0 where nothing changed.
    too_small, undone
        Positions of features thinner than twice the tolerance, and of those that moving would
        have made invalid: both are as they were.
    """

    shapes: NDArray[np.object_]
    moved: NDArray[np.float64]
    too_small: list[int]
    undone: list[int]


def snap_areas(
    shapes: NDArray[np.object_], tracks: list[Track], crs: object, plane: CRS, tolerance: float
) -> Snapped:
    """Bring the areas of both sides to their common lines.

    Parameters
    ----------
    shapes
        Polygons in degrees, shape ``(n,)``.
    """
    flat = gpd.GeoSeries(shapes, crs=crs).to_crs(plane).to_numpy()
    lines = np.asarray([track.plane for track in tracks], object)
    result, moved = shapes.copy(), np.zeros(len(shapes))
    near = np.unique(STRtree(flat).query(lines, predicate="dwithin", distance=tolerance)[1])
    small = mean_width(flat[near]) < 2 * tolerance
    work = _Work(tracks, STRtree(lines), lines, tolerance)
    chosen = near[~small]
    for row in chosen:
        work.visit(flat[row])
    undone = []
    for row in chosen:
        made, metres = work.rebuilt(shapes[row], flat[row])
        if metres > 0 or made is not shapes[row]:
            if shapely.is_valid(made) and not shapely.is_empty(made):
                result[row], moved[row] = made, metres
            else:
                undone.append(int(row))
    return Snapped(result, moved, near[small].tolist(), undone)


class _Work:
    """The positions all features have on the lines, then their rings along them."""

    def __init__(
        self, tracks: list[Track], tree: STRtree, lines: NDArray[np.object_], tolerance: float
    ) -> None:
        self.tracks, self.tree, self.lines, self.tolerance = tracks, tree, lines, tolerance
        self.stops: list[set[float]] = [set(track.at.tolist()) for track in tracks]
        self._sorted: list[NDArray[np.float64]] | None = None

    def on_line(self, coords: NDArray[np.float64]) -> list[tuple[int, float] | None]:
        """Return for each vertex its line and position, or nothing if it is not near one."""
        found: list[tuple[int, float] | None] = [None] * len(coords)
        points = shapely.points(coords)
        at, line = self.tree.query_nearest(points, max_distance=self.tolerance, all_matches=False)
        metres = shapely.line_locate_point(self.lines[line], points[at])
        for vertex, number, position in zip(
            at.tolist(), line.tolist(), metres.tolist(), strict=True
        ):
            track = self.tracks[number]
            found[vertex] = number, track.position(position, self.tolerance)
        return found

    def visit(self, shape: Geometry) -> None:
        """Note the positions of a feature."""
        for number, position in filter(None, self.on_line(shapely.get_coordinates(shape))):
            self.stops[number].add(position)

    def rebuilt(self, shape: Geometry, flat: Geometry) -> tuple[Geometry, float]:
        """Return a feature with its rings along the lines, and its farthest move in metres."""
        farthest, changed = 0.0, False
        polygons = []
        for part, flat_part in zip(
            shapely.get_parts(np.asarray([shape], object)),
            shapely.get_parts(np.asarray([flat], object)),
            strict=True,
        ):
            rings = []
            for ring, flat_ring in zip(
                shapely.get_rings(part), shapely.get_rings(flat_part), strict=True
            ):
                made, metres = self._ring(
                    shapely.get_coordinates(ring), shapely.get_coordinates(flat_ring)
                )
                changed |= made is not None
                farthest = max(farthest, metres)
                rings.append(ring if made is None else made)
            polygons.append(_polygon(rings))
        if not changed:
            return shape, 0.0
        polygons = [polygon for polygon in polygons if polygon is not None]
        if not polygons:
            return shapely.Polygon(), farthest
        if shape.geom_type == "Polygon":
            return polygons[0], farthest
        return shapely.multipolygons(polygons), farthest

    def _ring(
        self, degrees: NDArray[np.float64], flat: NDArray[np.float64]
    ) -> tuple[Geometry | None, float]:
        places = self.on_line(flat[:-1])
        if not any(places):
            return None, 0.0
        # Started at a vertex away from the lines, so that no run goes over the ring's own end.
        first = next((i for i, place in enumerate(places) if place is None), 0)
        order = [(first + i) % len(places) for i in range(len(places))]
        made: list[tuple[float, float]] = []
        run: list[int] = []
        for before, vertex in zip([order[-1], *order], [*order, order[0]], strict=False):
            if run and not self._goes_on(places, flat, before, vertex, fresh=vertex == order[0]):
                made += self._run([places[i] for i in run])
                run = []
            if vertex == order[0] and made:
                break
            if places[vertex] is None:
                made.append((float(degrees[vertex, 0]), float(degrees[vertex, 1])))
            else:
                run.append(vertex)
        if run:
            made += self._run([places[i] for i in run])
        distinct = _distinct([*made, made[0]])
        if np.array_equal(np.asarray(distinct), np.vstack([degrees[:-1][order], degrees[first]])):
            return None, 0.0
        farthest = self._farthest(flat, places)
        return (shapely.linearrings(distinct) if len(distinct) > 3 else _NO_RING), farthest

    def _farthest(self, flat: NDArray[np.float64], places: list[tuple[int, float] | None]) -> float:
        there = [vertex for vertex, place in enumerate(places) if place is not None]
        found = [place for place in places if place is not None]
        lines = self.lines[[number for number, _ in found]]
        targets = shapely.line_interpolate_point(lines, [position for _, position in found])
        return float(np.hypot(*(shapely.get_coordinates(targets) - flat[there]).T).max())

    def _goes_on(
        self,
        places: list[tuple[int, float] | None],
        flat: NDArray[np.float64],
        before: int,
        vertex: int,
        *,
        fresh: bool,
    ) -> bool:
        """Tell whether the edge to a vertex runs along the lines its ends are on."""
        one, other = places[before], places[vertex]
        if one is None or other is None or (fresh and not all(places)):
            return False
        same = one[0] == other[0] or self._node(*one, *other) is not None
        return same and self._along(flat[[before, vertex]], one[0], other[0])

    def _run(self, places: list[tuple[int, float] | None]) -> list[tuple[float, float]]:
        """Return the vertices of a stretch along lines, straight on: what goes back is noise."""
        legs: list[list[float]] = []
        numbers: list[int] = []
        for number, position in filter(None, places):
            if not numbers or numbers[-1] != number:
                node = self._node(numbers[-1], legs[-1][-1], number, position) if numbers else None
                if node is not None:
                    legs[-1].append(node[0])
                legs.append([] if node is None else [node[1]])
                numbers.append(number)
            legs[-1].append(position)
        made: list[tuple[float, float]] = []
        for number, leg in zip(numbers, legs, strict=True):
            track = self.tracks[number]
            steps = leg if track.closed else [leg[0], leg[-1]]
            made.append(track.degree(steps[0]))
            for start, end in itertools.pairwise(steps):
                made += [*self._between(number, start, end), track.degree(end)]
        return made

    def _along(self, edge: NDArray[np.float64], first: int, second: int) -> bool:
        """Tell whether an edge lies within tolerance of the lines its ends are on."""
        shares = np.linspace(0, 1, 7)[1:-1, None]
        points = shapely.points(edge[0] + shares * (edge[1] - edge[0]))
        near = np.minimum(
            shapely.distance(points, self.lines[first]),
            shapely.distance(points, self.lines[second]),
        )
        return bool((near <= self.tolerance).all())

    def _between(self, number: int, start: float, end: float) -> list[tuple[float, float]]:
        """Return the stops of a line between two positions, in the order of travel."""
        if self._sorted is None:
            self._sorted = [np.array(sorted(stops)) for stops in self.stops]
        track, stops = self.tracks[number], self._sorted[number]
        low, high = min(start, end), max(start, end)
        whole = float(track.at[-1])
        if track.closed and high - low > whole / 2:
            passed = np.concatenate([stops[stops > high], stops[(stops > 0) & (stops < low)]])
            passed = passed if end < start else passed[::-1]
        else:
            passed = stops[(stops > low) & (stops < high)]
            passed = passed if end > start else passed[::-1]
        return [track.degree(float(position)) for position in passed]

    def _node(self, first: int, s: float, second: int, e: float) -> tuple[float, float] | None:
        """Return the ends of two lines that are one point, where three municipalities meet."""
        one, other = self.tracks[first], self.tracks[second]
        ways = [
            (abs(out - s) + abs(back - e), out, back)
            for i, out in ((0, 0.0), (-1, float(one.at[-1])))
            for j, back in ((0, 0.0), (-1, float(other.at[-1])))
            if np.array_equal(one.degrees[i], other.degrees[j])
        ]
        return min(ways)[1:] if ways else None


_NO_RING = shapely.LinearRing()


def _distinct(made: list[tuple[float, float]]) -> list[tuple[float, float]]:
    pairs = itertools.pairwise(made)
    return [made[0], *(after for before, after in pairs if after != before)]


def _polygon(rings: list[Geometry]) -> Geometry | None:
    shell, *holes = rings
    if shapely.is_empty(shell):
        return None
    return shapely.Polygon(shell, [hole for hole in holes if not shapely.is_empty(hole)])
