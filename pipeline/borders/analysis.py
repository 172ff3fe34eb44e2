"""One layer of several municipalities held against the reference and against itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.borders.areas import FARTHEST, Ground, gaps, overlaps
from pipeline.borders.causes import one_cause
from pipeline.borders.duplicates import duplicates
from pipeline.borders.lines import differing, unmet_lines
from pipeline.borders.observations import Pair, observed, together
from pipeline.borders.reference import DEGREE, plane_of
from pipeline.borders.strays import strays
from pipeline.borders.subject import Subject, of_dimension, side_of
from pipeline.borders.values import differing_areas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pyproj import CRS
    from shapely import Geometry

    from pipeline.borders.reference import Reference

STRAIT = 1000.0
"""Metres up to which two municipalities without a common line are neighbours over water."""


@dataclass(frozen=True)
class Meeting:
    """Two municipalities with their common line, if they have one, and the plane of the pair."""

    pair: Pair
    line: Geometry | None
    plane: CRS


def meetings_of(subject: Subject, reference: Reference | None) -> Iterator[tuple[Meeting, float]]:
    """Yield the pairs of municipalities of a layer that are neighbours, and how far apart (m).

    Without a reference all whose features come near each other.
    """
    present = sorted(subject.trees)
    if reference is None:
        for a, b in combinations(present, 2):
            box_a, box_b = (shapely.box(*_bounds(subject, code)) for code in (a, b))
            if shapely.dwithin(box_a, box_b, STRAIT / DEGREE):
                around = shapely.union(box_a, box_b)
                yield Meeting(Pair(a, b), None, _plane(subject, Pair(a, b), around)), np.nan
        return
    near = reference.near(STRAIT)
    for pair in sorted({*reference.lines, *near}, key=lambda pair: pair.name):
        if pair.a in subject.trees and pair.b in subject.trees:
            line = reference.lines.get(pair)
            around = line if line is not None else reference.areas[pair.a]
            yield Meeting(pair, line, _plane(subject, pair, around)), near.get(pair, 0.0)


def _plane(subject: Subject, pair: Pair, around: Geometry) -> CRS:
    return plane_of((subject.planes.get(pair.a, ""), subject.planes.get(pair.b, "")), around)


def _bounds(subject: Subject, code: str) -> NDArray[np.float64]:
    return np.asarray(shapely.total_bounds(subject.shapes[subject.trees[code][0]]))


def analyse(subject: Subject, reference: Reference | None) -> gpd.GeoDataFrame:
    """Return everything observed at the borders of a layer.

    Parameters
    ----------
    reference
        Whose area is where; without one only what the two sides say of each other is seen.

    Returns
    -------
    GeoDataFrame
        Rows as :mod:`pipeline.borders.observations` has them, in the CRS of the layer.
    """
    tables = []
    for meeting, apart in meetings_of(subject, reference):
        tables += list(_of_pair(subject, reference, meeting, apart))
    if reference is not None:
        known = set(reference.areas)
        tables += [
            observed(
                "no-reference", Pair(code, ""), [shapely.Point()], subject.frame.crs, size=len(rows)
            )
            for code, (rows, _) in subject.trees.items()
            if code not in known
        ]  # fmt: skip
        tables += strays(_placed(subject), reference, subject.planes)
        tables = one_cause(tables, subject, reference)
    return together(tables, subject.frame.crs)


def lines_of(subject: Subject, reference: Reference | None) -> gpd.GeoDataFrame:
    """Return the common line of every pair of a layer, or both shores where there is none.

    They are no findings: drawings show them beneath what was found.
    """
    tables = []
    for meeting, _ in meetings_of(subject, reference) if reference is not None else ():
        line = meeting.line if meeting.line is not None else _shores(reference, meeting.pair)
        length = gpd.GeoSeries([line], crs=subject.frame.crs).to_crs(meeting.plane).length
        tables.append(observed("line", meeting.pair, [line], subject.frame.crs, size=length))
    return together(tables, subject.frame.crs)


def _shores(reference: Reference | None, pair: Pair) -> Geometry:
    assert reference is not None
    a, b = (reference.areas[code] for code in (pair.a, pair.b))
    margin = float(shapely.distance(a, b)) + 2 * STRAIT / DEGREE
    shores = [
        shapely.intersection(shapely.boundary(one), shapely.buffer(other, margin))
        for one, other in ((a, b), (b, a))
    ]
    return shapely.union_all(shores)


def _placed(subject: Subject) -> gpd.GeoDataFrame:
    return subject.frame[subject.dimensions >= 0]


def _of_pair(
    subject: Subject, reference: Reference | None, meeting: Meeting, apart: float
) -> Iterator[gpd.GeoDataFrame]:
    pair, plane = meeting.pair, meeting.plane
    line = _to_plane(meeting.line, subject, plane)
    rows = {code: _near_rows(subject, code, meeting) for code in (pair.a, pair.b)}
    if reference is not None and meeting.line is None:
        yield observed("sea", pair, [shapely.Point()], plane, size=apart)
    yield from _areas(subject, reference, meeting, rows, line)
    yield from _lines(subject, meeting, rows, line)
    yield from _points(subject, meeting)


def _to_plane(line: Geometry | None, subject: Subject, plane: CRS) -> Geometry | None:
    if line is None:
        return None
    found: Geometry = gpd.GeoSeries([line], crs=subject.frame.crs).to_crs(plane).iloc[0]
    return found


def _near_rows(subject: Subject, code: str, meeting: Meeting) -> NDArray[np.int64]:
    """Return rows within reach of the line; without one all of the municipality."""
    rows, tree = subject.trees[code]
    if meeting.line is None:
        return rows
    margin = max(subject.options.reach, FARTHEST if subject.options.full else 0.0) * 1.4 / DEGREE
    near = tree.query(shapely.segmentize(meeting.line, 0.05), predicate="dwithin", distance=margin)
    return np.asarray(np.sort(rows[near]))


def _areas(
    subject: Subject,
    reference: Reference | None,
    meeting: Meeting,
    rows: dict[str, NDArray[np.int64]],
    line: Geometry | None,
) -> Iterator[gpd.GeoDataFrame]:
    pair, plane, options = meeting.pair, meeting.plane, subject.options
    both = _overlapping(subject, pair)
    claims = [side_of(subject, c, at, plane) for c, at in zip((pair.a, pair.b), both, strict=True)]
    yield overlaps(claims[0], claims[1], pair, plane)
    near = [of_dimension(subject, rows[code], 2) for code in (pair.a, pair.b)]
    if options.agree and len(near[0]) and len(near[1]) and line is not None:
        close = tuple(
            side_of(subject, c, at, plane) for c, at in zip((pair.a, pair.b), near, strict=True)
        )
        values = tuple(_values(subject, at) for at in near)
        yield differing_areas(
            (close[0], close[1]), (values[0], values[1]), pair, plane, options.tolerance
        )
    if options.full and line is not None and reference is not None:
        yield _gaps(subject, reference, meeting, near, line)


def _gaps(
    subject: Subject,
    reference: Reference,
    meeting: Meeting,
    near: list[NDArray[np.int64]],
    line: Geometry,
) -> gpd.GeoDataFrame:
    pair, plane = meeting.pair, meeting.plane
    a, b = (side_of(subject, c, at, plane) for c, at in zip((pair.a, pair.b), near, strict=True))
    third = [
        at[tree.query(meeting.line, predicate="dwithin", distance=FARTHEST * 1.4 / DEGREE)]
        for code, (at, tree) in subject.trees.items()
        if code not in (pair.a, pair.b)
    ]
    others = np.concatenate([*third, np.empty(0, np.int64)])
    land = gpd.GeoSeries([_land(reference, pair, meeting.line)], crs=reference.crs).to_crs(plane)
    outside = side_of(subject, "", of_dimension(subject, others.astype(np.int64), 2), plane)
    return gaps((a, b), outside.shapes, Ground(line, land.iloc[0]), pair, plane)


def _land(reference: Reference, pair: Pair, line: Geometry | None) -> Geometry:
    """Return the two areas as far as the widest strip reaches."""
    box = shapely.box(*shapely.bounds(shapely.buffer(line, 2 * FARTHEST / DEGREE)))
    parts = np.concatenate([shapely.get_parts(reference.areas[c]) for c in (pair.a, pair.b)])
    return shapely.union_all(parts[shapely.intersects(parts, box)])


def _overlapping(subject: Subject, pair: Pair) -> list[NDArray[np.int64]]:
    """Return the areas of both sides whose boxes meet."""
    (rows_a, _), (rows_b, tree) = subject.trees[pair.a], subject.trees[pair.b]
    rows_a = of_dimension(subject, rows_a, 2)
    of_a, of_b = tree.query(subject.shapes[rows_a])
    areas = subject.dimensions[rows_b[of_b]] == 2
    return [np.unique(rows_a[of_a[areas]]), np.unique(rows_b[of_b[areas]])]


def _values(subject: Subject, rows: NDArray[np.int64]) -> pd.DataFrame:
    return pd.DataFrame(subject.frame[list(subject.options.agree)].iloc[rows])


def _lines(
    subject: Subject,
    meeting: Meeting,
    rows: dict[str, NDArray[np.int64]],
    line: Geometry | None,
) -> Iterator[gpd.GeoDataFrame]:
    pair, plane, options = meeting.pair, meeting.plane, subject.options
    near = [of_dimension(subject, rows[code], 1) for code in (pair.a, pair.b)]
    if not (len(near[0]) or len(near[1])):
        return
    a, b = (side_of(subject, c, at, plane) for c, at in zip((pair.a, pair.b), near, strict=True))
    found, ends, met = unmet_lines(
        (a, b), line, pair, plane, tolerance=options.tolerance, reach=options.reach
    )
    yield found
    if options.agree:
        values = _values(subject, near[0]), _values(subject, near[1])
        yield differing(met, ends, (a, b), values, pair, plane)


def _points(subject: Subject, meeting: Meeting) -> Iterator[gpd.GeoDataFrame]:
    options, pair, plane = subject.options, meeting.pair, meeting.plane
    if options.name is None:
        return
    margin = 400.0 / DEGREE
    (rows_a, _), (rows_b, tree) = subject.trees[pair.a], subject.trees[pair.b]
    of_a, of_b = tree.query(subject.shapes[rows_a], predicate="dwithin", distance=margin)
    at = [np.unique(rows_a[of_a]), np.unique(rows_b[of_b])]
    at = [of_dimension(subject, rows, 0) for rows in at]
    a, b = (side_of(subject, c, rows, plane) for c, rows in zip((pair.a, pair.b), at, strict=True))
    names = [_texts(subject, rows, options.name) for rows in at]
    addresses = [_texts(subject, rows, options.address) for rows in at]
    found = duplicates(
        (a.shapes, b.shapes), (names[0], names[1]), addresses=(addresses[0], addresses[1])
    )
    yield observed(
        "duplicate", pair, a.shapes[found.a], plane, size=found.distance, distance=found.distance,
        grade=found.grade, id_a=a.ids[found.a], id_b=b.ids[found.b], field=options.name,
        value_a=[names[0][i] for i in found.a], value_b=[names[1][i] for i in found.b],
    )  # fmt: skip


def _texts(subject: Subject, rows: NDArray[np.int64], name: str | None) -> list[str]:
    if name is None:
        return [""] * len(rows)
    column = subject.frame[name].iloc[rows]
    return ["" if pd.isna(cell) else str(cell) for cell in column.astype(object)]
