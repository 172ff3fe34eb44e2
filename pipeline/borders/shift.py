"""A whole drawing that is moved: one cause, one finding, instead of a gap along the whole line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import STRtree

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import Geometry

ROUNDS, KEPT = 60, 0.8
SPACING = 50.0
"""Metres between samples of an outline."""
OLD_DATUM = (219.0, -363.0)
"""Where the old Tokyo datum, left unconverted, moves things in the area of the tests (m east,
north; from the grid: 422.9 to 426.0 m towards 149°). Elsewhere in Japan it is 350 to 470 m."""
FAR = 100.0


@dataclass(frozen=True)
class Shift:
    """How far an outline is moved against the reference.

    Attributes
    ----------
    east, north
        Metres the outline is off: the reference moved by it lies on the outline.
    residual
        Metres (root mean square) that the nearest four fifths differ after moving it back.
    """

    east: float
    north: float
    residual: float

    @property
    def metres(self) -> float:
        return float(np.hypot(self.east, self.north))

    @property
    def azimuth(self) -> float:
        """Degrees from north, clockwise."""
        return float(np.degrees(np.arctan2(self.east, self.north)) % 360)

    @property
    def old_datum(self) -> bool:
        """Whether it is what a datum left unconverted does: its length and direction."""
        turn = abs((self.azimuth - 149 + 180) % 360 - 180)
        return self.metres > FAR and 340 <= self.metres <= 480 and turn < 15


def shift_of(outline: Geometry, reference: Geometry) -> Shift:
    """Return the translation of an outline against its reference by iterated nearest points.

    Parameters
    ----------
    outline, reference
        Lines in one plane of metres.
    """
    segments = _segments(reference)
    tree = STRtree(segments)
    points = _samples(outline)
    moved = np.zeros(2)
    for _ in range(ROUNDS):
        step, residual = _nearest_step(points - moved, segments, tree)
        moved -= step
        if np.hypot(*step) < 1e-4:
            break
    return Shift(float(moved[0]), float(moved[1]), residual)


def _nearest_step(
    points: NDArray[np.float64], segments: NDArray[np.object_], tree: STRtree
) -> tuple[NDArray[np.float64], float]:
    """Return the mean step from the points to the reference, and what is left after it."""
    places = shapely.points(points)
    near = tree.nearest(places)
    links = shapely.get_coordinates(shapely.shortest_line(places, segments[near]))
    steps = links[1::2] - links[0::2]
    length = np.hypot(*steps.T)
    kept = length <= np.quantile(length, KEPT)
    step = np.asarray(steps[kept].mean(axis=0))
    return step, float(np.sqrt(((steps[kept] - step) ** 2).sum(axis=1).mean()))


def _segments(line: Geometry) -> NDArray[np.object_]:
    parts = shapely.get_parts(np.asarray([line], object))
    coords, at = shapely.get_coordinates(parts, return_index=True)
    inside = at[1:] == at[:-1]
    both = np.stack([coords[:-1][inside], coords[1:][inside]], axis=1)
    return np.asarray(shapely.linestrings(both), object)


def _samples(line: Geometry) -> NDArray[np.float64]:
    """Return points of an outline, evenly along it, a few thousand at most."""
    parts = shapely.get_parts(np.asarray([line], object))
    spacing = max(SPACING, float(shapely.length(parts).sum()) / 4000)
    dense = shapely.segmentize(parts, spacing)
    coords = shapely.get_coordinates(dense)
    step = max(1, len(coords) // 8000)
    return np.asarray(coords[::step])
