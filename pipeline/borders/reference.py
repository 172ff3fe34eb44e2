"""The declared reference: areas of municipalities, their common lines, and the plane of a pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from shapely import STRtree

from pipeline.borders.observations import Pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray
    from shapely import Geometry

DEGREE = 111_000.0
"""Metres of a degree of latitude, for margins only."""


@dataclass(frozen=True)
class Reference:
    """Whose area is where.

    Attributes
    ----------
    areas
        ``{code: area}`` in `crs`, geographic.
    lines
        ``{pair: common line}`` of pairs that share edges, in `crs`.
    crs
        Of all of it.
    """

    areas: dict[str, Geometry]
    lines: dict[Pair, Geometry]
    crs: CRS

    @cached_property
    def nodes(self) -> NDArray[np.object_]:
        """Return the points where common lines of three municipalities meet, shape ``(n,)``."""
        ends = [shapely.boundary(line) for line in self.lines.values()]
        points = shapely.get_parts(np.asarray(ends, object)) if ends else np.empty(0, object)
        _, first, count = np.unique(
            shapely.get_coordinates(points), axis=0, return_index=True, return_counts=True
        )
        return np.asarray(points[first[count > 1]], object)

    def near(self, within: float) -> dict[Pair, float]:
        """Return pairs without a common line that are at most `within` m apart, with metres.

        Straits and river mouths part them: a border in the sea. 0 is a point in common.
        """
        codes = sorted(self.areas)
        shapes = np.asarray([self.areas[code] for code in codes], object)
        middle = float(np.median(shapely.get_y(shapely.centroid(shapes)))) if codes else 0.0
        scale = [float(np.cos(np.radians(middle))) * DEGREE, DEGREE]
        flat = shapely.transform(shapes, lambda coords: coords * scale)
        shapely.prepare(flat)
        first, second = STRtree(flat).query(flat, predicate="dwithin", distance=within * 1.05)
        found = {}
        for i, j in zip(first.tolist(), second.tolist(), strict=True):
            pair = Pair(codes[i], codes[j])
            if i < j and pair not in self.lines:
                link = shapely.transform(
                    shapely.shortest_line(flat[i], flat[j]), lambda coords: coords / scale
                )
                metres = self._metres(link)
                if metres <= within:
                    found[pair] = metres
        return found

    def _metres(self, link: Geometry) -> float:
        plane = local_plane(shapely.centroid(link))
        return float(gpd.GeoSeries([link], crs=self.crs).to_crs(plane).length.iloc[0])


def reference_of(frame: gpd.GeoDataFrame, codes: pd.Series | None = None) -> Reference:
    """Return the reference that a table of areas makes.

    Parameters
    ----------
    frame
        Polygons in a geographic CRS; several rows of one municipality (wards) are one area.
    codes
        Municipality of each row; the column ``municipality_code`` unless given.
    """
    owners = np.asarray(frame["municipality_code"] if codes is None else codes, object)
    shapes = frame.geometry.to_numpy()
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    owners, shapes = owners[areal].astype(str), shapes[areal]
    areas = {
        str(code): shapely.make_valid(_dissolved(shapes[owners == code]))
        for code in np.unique(owners)
    }
    return Reference(areas, _common_lines(owners, shapes, areas), CRS.from_user_input(frame.crs))


def _dissolved(shapes: NDArray[np.object_]) -> Geometry:
    return shapely.union_all(shapes) if len(shapes) > 1 else shapes[0]


def _common_lines(
    owners: NDArray[np.str_], shapes: NDArray[np.object_], areas: Mapping[str, Geometry]
) -> dict[Pair, Geometry]:
    """Find edges that two municipalities have in common, to the last digit of their ends."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    coords, at = shapely.get_coordinates(rings, return_index=True)
    codes, owner = np.unique(owners, return_inverse=True)
    inside = at[1:] == at[:-1]
    start, end, who = coords[:-1][inside], coords[1:][inside], owner[of[ring_of[at[:-1][inside]]]]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    edges = np.where(swap[:, None], np.hstack([end, start]), np.hstack([start, end]))
    order = np.lexsort((who, *edges.T[::-1]))
    edges, who = edges[order], who[order]
    twice = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1) & (who[1:] != who[:-1]))
    lines = shapely.linestrings(edges[twice].reshape(-1, 2, 2))
    key = who[twice] * len(codes) + who[twice + 1]
    found = {}
    for number in np.unique(key):
        first, second = divmod(int(number), len(codes))
        merged = shapely.line_merge(shapely.multilinestrings(lines[key == number]))
        found[Pair(str(codes[first]), str(codes[second]))] = merged
    return found | _unmatched_lines(areas, found)


def _unmatched_lines(
    areas: Mapping[str, Geometry], known: Mapping[Pair, Geometry]
) -> dict[Pair, Geometry]:
    """Take the edge of one for the line of areas that touch without sharing edges."""
    codes = sorted(areas)
    shapes = np.asarray([areas[code] for code in codes], object)
    first, second = STRtree(shapes).query(shapes, predicate="intersects")
    found = {}
    for i, j in zip(first.tolist(), second.tolist(), strict=True):
        pair = Pair(codes[i], codes[j])
        if i >= j or pair in known:
            continue
        line = shapely.intersection(shapely.boundary(shapes[i]), shapely.buffer(shapes[j], 1e-6))
        if shapely.length(line) > 1e-5:
            found[pair] = shapely.line_merge(line) if line.geom_type.startswith("Multi") else line
    return found


def local_plane(centre: Geometry) -> CRS:
    """Return an equal-area plane around a point of degrees: metres and square metres are true."""
    text = f"+proj=laea +lat_0={centre.y:.4f} +lon_0={centre.x:.4f} +ellps=GRS80 +units=m +no_defs"
    return CRS.from_proj4(text)


def plane_of(declared: tuple[str, str], around: Geometry) -> CRS:
    """Return the plane in which a pair is measured.

    Parameters
    ----------
    declared
        CRS of the two municipalities; empty if not declared.
    around
        Geometry in degrees in whose middle distortion is to be least.

    Returns
    -------
    CRS
        The plane rectangular zone both use, in which their own programs measure; across zones
        an equal-area plane of the pair's own.
    """
    first, second = declared
    if first and first == second and CRS.from_user_input(first).is_projected:
        return CRS.from_user_input(first)
    return local_plane(shapely.centroid(around))
