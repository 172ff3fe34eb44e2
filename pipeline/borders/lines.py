"""Lines that end at a border: whether they go on beyond it, and as the same road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import STRtree

from pipeline.borders.names import place_name
from pipeline.borders.observations import Pair, observed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import Geometry

    from pipeline.borders.areas import Side

MET = 0.01
"""Metres within which two ends are one point."""
SAME_NUMBER = 0.05
"""Widths that differ by less are the same (m)."""


@dataclass(frozen=True)
class Ends:
    """Free ends of lines: those at which no other line of the same municipality goes on.

    Attributes
    ----------
    row
        Of the line in its side, int64, shape ``(n,)``.
    last
        Whether it is the last vertex, else the first.
    points
        Shape ``(n,)``.
    """

    row: NDArray[np.int64]
    last: NDArray[np.bool_]
    points: NDArray[np.object_]

    def taken(self, which: NDArray[np.bool_]) -> Ends:
        """Return some of them."""
        return Ends(self.row[which], self.last[which], self.points[which])


def free_ends(side: Side) -> Ends:
    """Return the ends at which no other line of the side goes on."""
    parts, row = shapely.get_parts(side.shapes, return_index=True)
    line = shapely.get_type_id(parts) == 1
    parts, row = parts[line], row[line]
    points = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    rows, last = np.tile(row, 2), np.repeat([False, True], len(parts))
    at = np.round(shapely.get_coordinates(points), 3)
    _, back, count = np.unique(at, axis=0, return_inverse=True, return_counts=True)
    free = count[back.ravel()] == 1
    return Ends(rows[free], last[free], points[free])


@dataclass(frozen=True)
class Meetings:
    """Ends of the two sides that belong together, one to one, with their distance in metres."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    distance: NDArray[np.float64]


def meetings(a: Ends, b: Ends, reach: float, differ: NDArray[np.bool_] | None = None) -> Meetings:
    """Return which ends belong together, nearest first.

    Parameters
    ----------
    reach
        Metres within which ends may belong together.
    """
    nothing = np.empty(0, np.int64)
    if not len(a.row) or not len(b.row):
        return Meetings(nothing, nothing, np.empty(0))
    of_a, of_b = STRtree(b.points).query(a.points, predicate="dwithin", distance=reach)
    distance = shapely.distance(a.points[of_a], b.points[of_b])
    order = np.lexsort((of_b, of_a, distance))
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    kept = []
    for position in order.tolist():
        i, j = int(of_a[position]), int(of_b[position])
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            kept.append(position)
    return Meetings(of_a[kept], of_b[kept], distance[kept])


def unmet_lines(
    sides: tuple[Side, Side],
    line: Geometry | None,
    pair: Pair,
    crs: object,
    *,
    tolerance: float,
    reach: float,
) -> tuple[gpd.GeoDataFrame, tuple[Ends, Ends], Meetings]:
    """Return ends at the border that do not meet, and which do.

    Parameters
    ----------
    line
        Common line in the plane; without one only ends near each other are looked at.
    tolerance
        Metres within which ends are told to meet.
    reach
        Metres within which an end is at the border, and ends may belong together.
    """
    a, b = sides
    ends_a, ends_b = _at_border(free_ends(a), line, reach), _at_border(free_ends(b), line, reach)
    met = meetings(ends_a, ends_b, reach)
    apart = met.distance > tolerance
    first, second = ends_a.points[met.a[apart]], ends_b.points[met.b[apart]]
    tables = [
        observed(
            "unmet", pair, _links(first, second), crs, grade="apart",
            size=met.distance[apart], distance=met.distance[apart],
            id_a=a.ids[ends_a.row[met.a[apart]]], id_b=b.ids[ends_b.row[met.b[apart]]],
        )
    ]  # fmt: skip
    if line is not None:
        tables += [
            _alone(ends_a, met.a, a, line, pair, crs, "id_a"),
            _alone(ends_b, met.b, b, line, pair, crs, "id_b"),
        ]
    return gpd.pd.concat(tables, ignore_index=True), (ends_a, ends_b), met


def _at_border(ends: Ends, line: Geometry | None, reach: float) -> Ends:
    if line is None or not len(ends.row):
        return ends
    shapely.prepare(line)
    return ends.taken(shapely.dwithin(ends.points, line, reach))


def _links(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
    pairs = np.stack([shapely.get_coordinates(first), shapely.get_coordinates(second)], axis=1)
    return np.asarray(shapely.linestrings(pairs), object) if len(pairs) else np.empty(0, object)


def _alone(
    ends: Ends,
    met: NDArray[np.int64],
    side: Side,
    line: Geometry,
    pair: Pair,
    crs: object,
    key: str,
) -> gpd.GeoDataFrame:
    """Return ends at the very line beyond which there is no line of the neighbour at all."""
    alone = np.ones(len(ends.row), bool)
    alone[met] = False
    left = ends.taken(alone)
    distance = shapely.distance(left.points, line) if len(left.row) else np.empty(0)
    return observed(
        "unmet", pair, left.points, crs, grade="alone", size=distance, distance=distance,
        **{key: side.ids[left.row]},
    )  # fmt: skip


def differing(
    met: Meetings,
    ends: tuple[Ends, Ends],
    sides: tuple[Side, Side],
    values: tuple[pd.DataFrame, pd.DataFrame],
    pair: Pair,
    crs: object,
) -> gpd.GeoDataFrame:
    """Return fields that say otherwise beyond the line, for lines that belong together.

    Parameters
    ----------
    values
        Rows of the two sides: the fields that are to agree.
    """
    (a, b), (ends_a, ends_b) = sides, ends
    rows_a, rows_b = ends_a.row[met.a], ends_b.row[met.b]
    tables = []
    for name in values[0].columns:
        first, second = values[0][name].iloc[rows_a], values[1][name].iloc[rows_b]
        told = differ(first, second)
        tables.append(
            observed(
                "value", pair, ends_a.points[met.a[told]], crs, size=np.zeros(int(told.sum())),
                distance=met.distance[told], field=name,
                id_a=a.ids[rows_a[told]], id_b=b.ids[rows_b[told]],
                value_a=first[told].astype(str), value_b=second[told].astype(str),
            )
        )  # fmt: skip
    return gpd.pd.concat(tables, ignore_index=True) if tables else observed("value", pair, [], crs)


def differ(first: pd.Series, second: pd.Series) -> NDArray[np.bool_]:
    """Tell where two columns say different things; what is missing says nothing."""
    both = first.notna().to_numpy() & second.notna().to_numpy()
    if pd.api.types.is_numeric_dtype(first) and pd.api.types.is_numeric_dtype(second):
        one, other = first.to_numpy(float, na_value=np.nan), second.to_numpy(float, na_value=np.nan)
        return np.asarray(both & (np.abs(np.where(both, one - other, 0)) > SAME_NUMBER))
    whole = [
        bool(there) and place_name(str(x)).whole != place_name(str(y)).whole
        for there, x, y in zip(both, first, second, strict=True)
    ]
    return np.asarray(whole, bool)
