"""Which part of each shape lies in which zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from pipeline.derive.mesh import position, squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.zones import Allocation
    from pipeline.derive.mesh import Level

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

CHUNK = 100_000
"""Pieces cut at a time, which bounds the memory their shapes take."""
SLIVER = 1e-9
"""Part of a shape that is rounding, not land."""
NOWHERE = -1
WIDTH = 64_000
"""Columns of the grid of eighth meshes."""


class Pieces(NamedTuple):
    """Parts of records in zones, in order of record, then zone.

    Attributes
    ----------
    record, zone
        Positions; zone :data:`NOWHERE` for what lies in none.
    share
        Of the record; those of a record add up to 1.
    overlapping
        Records of which some part lies in several zones at once.
    """

    record: Integers
    zone: Integers
    share: Floats
    overlapping: Integers


class Cells(NamedTuple):
    """Cells of a mesh that hold anything, in order of their south-west corners."""

    row: Integers
    column: Integers


def in_mesh(shapes: NDArray[Any], level: Level, allocate: Allocation) -> tuple[Pieces, Cells]:
    """Divide shapes (EPSG:6668 degrees) among the cells of a level.

    By ``centroid`` a shape is in one cell; by ``area`` it is divided by its area, a line by its
    length.
    """
    if allocate == "centroid":
        record, row, column = _centres(shapes, level.size)
        share = np.ones(len(record))
    else:
        record, row, column, share = _cut_by_cells(shapes, level.size)
    key = np.where(row < 0, NOWHERE, row * WIDTH + column)
    known, zone = np.unique(key, return_inverse=True)
    nowhere = int(len(known) > 0 and known[0] == NOWHERE)
    zone, known = zone.reshape(-1) - nowhere, known[nowhere:]
    order = np.lexsort((zone, record))
    pieces = Pieces(record[order], zone[order], share[order], np.zeros(0, np.int64))
    return pieces, Cells(known // WIDTH, known % WIDTH)


def _centres(shapes: NDArray[Any], size: int) -> tuple[Integers, Integers, Integers]:
    centres = centroids(shapes)
    row, column = position(shapely.get_x(centres), shapely.get_y(centres))
    return np.arange(len(shapes)), _lower(row, size), _lower(column, size)


def centroids(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return the centroids of shapes; an empty shape has none."""
    found: NDArray[Any] = shapely.centroid(shapes)
    found[shapely.is_empty(found)] = None
    return found


def _lower(index: Integers, size: int) -> Integers:
    return np.where(index < 0, NOWHERE, index // size * size)


def _cut_by_cells(shapes: NDArray[Any], size: int) -> tuple[Integers, Integers, Integers, Floats]:
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    first, last = position(west, south), position(east, north)
    (row, column), (top, right) = ([_lower(i, size) for i in place] for place in (first, last))
    across = ((row != top) | (column != right)) & (row >= 0) & (top >= 0)
    flat = shapely.get_dimensions(shapes) == 0
    middle = (across & flat) | ((row >= 0) != (top >= 0))
    across &= ~middle
    whole = np.flatnonzero(~across)
    centre = _centres(shapes[middle], size)
    row[middle], column[middle] = centre[1], centre[2]
    owner, cell_row, cell_column = _candidates(
        row, column, top, right, np.flatnonzero(across), size
    )
    sizes = _measured(shapes, owner, _squares_of(cell_row, cell_column, size))
    kept = sizes > 0
    owner, cell_row, cell_column = owner[kept], cell_row[kept], cell_column[kept]
    sizes = sizes[kept]
    sums = np.bincount(owner, sizes, minlength=len(shapes))
    return (
        np.r_[whole, owner],
        np.r_[row[whole], cell_row],
        np.r_[column[whole], cell_column],
        np.r_[np.ones(len(whole)), sizes / sums[owner]],
    )


def _candidates(
    row: Integers, column: Integers, top: Integers, right: Integers, across: Integers, size: int
) -> tuple[Integers, Integers, Integers]:
    """Return every cell of the boxes around shapes that lie across cells."""
    tall, wide = ((b[across] - a[across]) // size + 1 for a, b in ((row, top), (column, right)))
    owner = np.repeat(across, tall * wide)
    first = np.repeat(np.cumsum(tall * wide) - tall * wide, tall * wide)
    place, width = np.arange(len(owner)) - first, np.repeat(wide, tall * wide)
    return owner, row[owner] + place // width * size, column[owner] + place % width * size


def _squares_of(row: Integers, column: Integers, size: int) -> Any:
    # A function from a slice of cells to their squares: few exist at a time.
    return lambda part: squares(row[part], column[part], size)


def _measured(shapes: NDArray[Any], owner: Integers, zones_of: Any) -> Floats:
    """Return the area, or the length of a line, that each owner has in common with each zone."""
    sizes = np.empty(len(owner))
    for start in range(0, len(owner), CHUNK):
        part = slice(start, start + CHUNK)
        mine = shapes[owner[part]]
        invalid = ~shapely.is_valid(mine)
        mine[invalid] = shapely.make_valid(mine[invalid])
        common = shapely.intersection(mine, zones_of(part))
        lines = shapely.get_dimensions(mine) == 1
        sizes[part] = np.where(lines, shapely.length(common), shapely.area(common))
    return sizes


def in_areas(shapes: NDArray[Any], areas: NDArray[Any], allocate: Allocation) -> Pieces:
    """Divide shapes among areas; what lies in none is :data:`NOWHERE`.

    A centroid on the border of several areas is in the first of them.
    """
    probes = centroids(shapes) if allocate == "centroid" else shapes
    record, zone = shapely.STRtree(areas).query(probes, predicate="intersects")
    order = np.lexsort((zone, record))
    record, zone = record[order].astype(np.int64), zone[order].astype(np.int64)
    if allocate == "centroid":
        share, overlapping = _first_of_each(record), _inside_several(probes, areas, record, zone)
    else:
        share, overlapping = _shares(shapes, areas, record, zone)
    kept = share > 0
    record, zone, share = record[kept], zone[kept], share[kept]
    return _with_rest(Pieces(record, zone, share, overlapping), len(shapes))


def _first_of_each(record: Integers) -> Floats:
    first: Floats = np.r_[True, record[1:] != record[:-1]].astype(float)[: len(record)]
    return first


def _inside_several(
    probes: NDArray[Any], areas: NDArray[Any], record: Integers, zone: Integers
) -> Integers:
    inside = record[shapely.contains_properly(areas[zone], probes[record])]
    found, times = np.unique(inside, return_counts=True)
    several: Integers = found[times > 1]
    return several


def _shares(
    shapes: NDArray[Any], areas: NDArray[Any], record: Integers, zone: Integers
) -> tuple[Floats, Integers]:
    shapely.prepare(areas)
    share = shapely.covers(areas[zone], shapes[record]).astype(float)
    own = np.where(
        shapely.get_dimensions(shapes) == 1, shapely.length(shapes), shapely.area(shapes)
    )
    cut = np.flatnonzero((share == 0) & (own[record] > 0))
    sizes = _measured(shapes, record[cut], lambda part: areas[zone[cut[part]]])
    share[cut] = sizes / own[record[cut]]
    points = (share == 0) & (own[record] == 0)
    share[points] = _first_of_each(record)[points]
    share[share < SLIVER] = 0.0
    sums = np.bincount(record, share, minlength=len(shapes))
    much = sums > 1 + SLIVER
    share /= np.where(np.abs(sums - 1) <= SLIVER, sums, np.maximum(sums, 1.0))[record]
    return share, np.flatnonzero(much)


def _with_rest(pieces: Pieces, count: int) -> Pieces:
    rest = 1 - np.bincount(pieces.record, pieces.share, minlength=count)
    left = np.flatnonzero(rest > SLIVER)
    record = np.r_[pieces.record, left]
    zone = np.r_[pieces.zone, np.full(len(left), NOWHERE)]
    share = np.r_[pieces.share, rest[left]]
    order = np.lexsort((zone, record))
    return Pieces(record[order], zone[order], share[order], pieces.overlapping)


def spread(rows: Pieces, weights: Floats, targets: Pieces, count: int) -> Pieces:
    """Divide rows among zones by the weight that lies in both.

    Parameters
    ----------
    rows
        In which row each weighted shape is (the row is its `zone`).
    weights
        Of the shapes; nothing below zero.
    targets
        In which zone each weighted shape is.
    count
        Number of rows. Rows without any weight have no piece.
    """
    near = np.full(len(weights), NOWHERE, np.int64)
    near[rows.record] = rows.zone
    row = near[targets.record]
    heavy = weights[targets.record] * targets.share
    used = (row >= 0) & (heavy > 0)
    pairs, group = np.unique(
        np.column_stack([row[used], targets.zone[used]]), axis=0, return_inverse=True
    )
    sizes = np.bincount(group.reshape(-1), heavy[used], minlength=len(pairs))
    sums = np.bincount(pairs[:, 0], sizes, minlength=count)
    share = sizes / sums[pairs[:, 0]] if len(pairs) else np.zeros(0)
    return Pieces(pairs[:, 0], pairs[:, 1], share, np.zeros(0, np.int64))
