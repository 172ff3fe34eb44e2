"""Shapes: the line of a route cut for each pattern, and distances along it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Geod

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from pipeline.config.base import Text
from pipeline.config.layers import Municipality
from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.sources.read import read_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.config.feed_parts import RouteLine

    Floats = NDArray[np.float64]

WGS84 = Geod(ellps="GRS80")
OFF_ROUTE_M = 100.0
"""Farther from its line a stop is reported: validators and route engines use the same limit."""
FAR_OFF_ROUTE_M = 1000.0
"""Farther than this the line or the stop is simply another place."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The course of one pattern.

    Attributes
    ----------
    id
        Made from the route and the stops, so that it lasts as long as the pattern does.
    points
        Longitude and latitude in degrees, shape (n, 2).
    distances
        Metres from the start for each point, shape (n,).
    stop_distances
        Metres from the start for each stop of the pattern.
    offsets
        Metres between each stop and the line.
    """

    id: str
    points: Floats
    distances: Floats
    stop_distances: Floats
    offsets: Floats


def read_line(source: RouteLine, root: Path) -> Floats:
    """Read the line of a route.

    Returns
    -------
    array
        Longitude and latitude in degrees of JGD2011, shape (n, 2).

    Raises
    ------
    TimetableUnreadable
        If the file or the feature is missing, or it is not one line (``line-unreadable``).
    """
    if not (root / source.file).is_file():
        raise TimetableUnreadable(notice("file-missing", file=source.file))
    owner = Municipality.model_construct(code="", name=Text(ja=""), crs="EPSG:4326")
    try:
        table = read_source(Source.of_feed(source.file), owner, root)
    except SourceError as error:
        raise _unreadable(source, error.findings[0].message_ja) from error
    frame = table.frame
    if source.field:
        known = source.field in frame.columns
        frame = frame[frame[source.field].astype(str) == source.value] if known else frame[:0]
    found = list(frame.geometry.dropna())
    if len(found) != 1 or found[0].geom_type != "LineString":
        kinds = ", ".join(g.geom_type for g in found) or "0"
        raise _unreadable(source, kinds)
    points: Floats = np.asarray(found[0].coords)[:, :2]
    return points


def _unreadable(source: RouteLine, reason: str) -> TimetableUnreadable:
    finding = notice(
        "line-unreadable", file=source.file, field=source.field, value=source.value, reason=reason
    )
    return TimetableUnreadable(finding)


@cache
def shape_id(route: str, direction: int, stop_ids: tuple[str, ...]) -> str:
    """Return the id of a pattern: the same stops in the same order give the same id."""
    digest = hashlib.blake2s("\n".join(stop_ids).encode(), digest_size=4).hexdigest()
    return f"{route}_{direction}_{digest}"


def cut(id_: str, stops: Floats, line: Floats | None) -> Shape:
    """Cut the part of a line that a pattern travels.

    Parameters
    ----------
    stops
        Longitude and latitude of the stops in order, shape (m, 2).
    line
        The line of the route, shape (n, 2), in either direction; None: straight from stop to stop.

    Notes
    -----
    Stops are matched to the line in order, so that a line that crosses or repeats itself is
    followed the way the trip goes: the assignment with the least sum of distances whose positions
    never go back.
    """
    if line is None or len(line) < 2:
        points, positions, offsets = stops, np.arange(len(stops), dtype=float), np.zeros(len(stops))
    else:
        forward, backward = (_match(stops, way) for way in (line, line[::-1]))
        way, (positions, offsets) = (
            (line, forward) if forward[1].sum() <= backward[1].sum() else (line[::-1], backward)
        )
        points, positions = _part(way, positions)
    along = _metres(points)
    whole = np.floor(positions).astype(int).clip(0, len(points) - 2)
    stop_distances = along[whole] + (positions - whole) * np.diff(along)[whole]
    return Shape(id_, points.round(6), along.round(1), stop_distances.round(1), offsets)


def _metres(points: Floats) -> Floats:
    steps = WGS84.inv(points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1])[2]
    return np.concatenate([[0.0], np.cumsum(steps)])


def _match(stops: Floats, line: Floats) -> tuple[Floats, Floats]:
    """Return each stop's position on the line (vertex number and fraction) and its distance."""
    fractions, distances = _to_segments(stops, line)
    cost = distances[0]
    chosen = [np.arange(len(cost))]
    for row in distances[1:]:
        best = np.minimum.accumulate(cost)
        chosen.append(_argmin_so_far(cost))
        cost = best + row
    segment = int(cost.argmin())
    segments = [segment]
    for back in reversed(chosen[1:]):
        segments.append(int(back[segments[-1]]))
    index = np.array(segments[::-1])
    rows = np.arange(len(stops))
    positions = index + fractions[rows, index]
    return np.maximum.accumulate(positions), distances[rows, index]


def _argmin_so_far(cost: Floats) -> NDArray[np.int64]:
    new_best = np.concatenate([[True], cost[1:] < np.minimum.accumulate(cost)[:-1]])
    return np.maximum.accumulate(np.where(new_best, np.arange(len(cost)), 0))


def _to_segments(stops: Floats, line: Floats) -> tuple[Floats, Floats]:
    """Return fraction along and metres from every segment for every stop, shape (stops, n-1)."""
    scale = np.array([np.cos(np.radians(line[:, 1].mean())), 1.0]) * 111_195.0
    start, step = line[:-1] * scale, np.diff(line, axis=0) * scale
    to_stop = stops[:, None, :] * scale - start[None]
    length = np.maximum((step**2).sum(axis=1), 1e-9)
    fractions = ((to_stop * step).sum(axis=2) / length).clip(0.0, 1.0)
    return fractions, np.hypot(*np.moveaxis(to_stop - fractions[..., None] * step, 2, 0))


def _part(line: Floats, positions: Floats) -> tuple[Floats, Floats]:
    """Return the line from the first to the last position, and the positions on that part."""
    first, last = positions[0], positions[-1]
    if last - first < 1e-9:
        return np.vstack([_point(line, first), _point(line, last)]), np.zeros(len(positions))
    inner = np.arange(np.floor(first) + 1, np.ceil(last)).astype(int)
    knots = np.concatenate([[first], inner, [last]])
    points = np.vstack([_point(line, first), line[inner], _point(line, last)])
    return points, np.interp(positions, knots, np.arange(len(knots), dtype=float))


def _point(line: Floats, position: float) -> Floats:
    whole = min(int(position), len(line) - 2)
    point: Floats = line[whole] + (position - whole) * (line[whole + 1] - line[whole])
    return point
