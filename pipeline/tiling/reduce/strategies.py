"""The strategies themselves: each takes one layer of one tile and returns less of it.

A strategy is told the share of the bytes that may stay and how often it has been asked before; it
also returns how many features it has dropped or joined.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.archive.hilbert import tile_ids
from pipeline.tiling.geometry.pieces import DUST
from pipeline.tiling.geometry.repair import polygons_of, rings_of
from pipeline.tiling.geometry.shapes import POINT, POLYGON
from pipeline.tiling.mvt.protobuf import bytes_field, number_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.reduce.content import Content

CLUSTER_FIELD = "point_count"
_FIRST_CELL = 32
_LEAST_DROP = 0.05


def _first_vertices(content: Content) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    at = content.pieces.rings[content.pieces.first]
    return content.pieces.x[at].astype(np.int64), content.pieces.y[at].astype(np.int64)


def _drop(content: Content, worth: NDArray[np.float64], share: float) -> tuple[Content, int]:
    """Keep the share of pieces that are worth most, in their order."""
    count = worth.size
    kept = min(int(count * share), int(count * (1 - _LEAST_DROP)))
    if count < 2 or kept < 1:
        kept = min(count, 1)
    if kept == count:
        return content, 0
    best = np.argsort(-worth, kind="stable")[:kept]
    return content.keep(np.sort(best)), count - kept


def drop_rank(content: Content, share: float, step: int) -> tuple[Content, int]:
    """Drop what the declared rank says matters least; what has no rank goes first."""
    name = content.plan.options.layer(content.plan.layer.name).rank
    worth = None if name is None else content.attribute(name)
    if worth is None:
        return content, 0
    return _drop(content, np.nan_to_num(worth, nan=-np.inf), share)


def drop_densest(content: Content, share: float, step: int) -> tuple[Content, int]:
    """Drop what lies nearest to the one before it along a space-filling curve."""
    if not content.pieces.flag.size:
        return content, 0
    x, y = _first_vertices(content)
    along = tile_ids(30, np.clip(x, 0, 2**30 - 1), np.clip(y, 0, 2**30 - 1))
    order = np.argsort(along, kind="stable")
    gaps = np.full(along.size, np.inf)
    gaps[order[1:]] = np.hypot(np.diff(x[order]), np.diff(y[order]))
    return _drop(content, gaps, share)


def coalesce(content: Content, share: float, step: int) -> tuple[Content, int]:
    """Join all features of equal kind and attributes into one; areas that touch are united."""
    drawn, pieces = content.drawn, content.pieces
    table = np.column_stack([drawn.kind, drawn.codes[:, drawn.columns]]).astype(np.int64)
    table = np.column_stack([table, np.where(pieces.flag == DUST, np.arange(len(table)) + 1, 0)])
    _, first, group = np.unique(table, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    if first.size == group.size or step:
        return content, 0
    members = np.argsort(group, kind="stable")
    sorted_content = content.keep(members)
    lead = np.flatnonzero(np.diff(group[members], prepend=-1))
    joined = sorted_content.pieces
    ends = np.append(lead[1:], group.size) - 1
    together = joined._replace(
        tile_x=joined.tile_x[lead],
        tile_y=joined.tile_y[lead],
        shape=np.arange(lead.size, dtype=np.int32),
        first=joined.first[lead],
        last=joined.last[ends],
        flag=joined.flag[lead],
    )
    kept = sorted_content.keep(lead)
    kept = replace(kept, pieces=together, origin=np.empty(0, np.int32))
    many = (ends > lead) & (kept.drawn.kind == POLYGON)
    kept = _united(kept, np.flatnonzero(many))
    return kept.keep(np.argsort(first)), int(group.size - lead.size)


def _united(content: Content, which: NDArray[np.int64]) -> Content:
    """Replace groups of polygons by their union."""
    import shapely

    if not which.size:
        return content
    pieces = content.pieces
    groups = polygons_of(
        pieces.x, pieces.y, pieces.rings, pieces.hole, pieces.first[which], pieces.last[which]
    )
    parts = [shapely.get_parts(group) for group in groups]
    united = np.array([shapely.union_all(part, grid_size=1.0) for part in parts], object)
    x, y, rings, hole, counts = rings_of(shapely.orient_polygons(united, exterior_cw=False))
    ends = np.cumsum(counts) + pieces.hole.size
    pieces.first[which], pieces.last[which] = ends - counts, ends
    return replace(
        content,
        pieces=pieces._replace(
            x=np.concatenate([pieces.x, x]),
            y=np.concatenate([pieces.y, y]),
            rings=np.concatenate([pieces.rings, rings[1:] + pieces.x.size]),
            hole=np.concatenate([pieces.hole, hole]),
        ),
    )


def cluster(content: Content, share: float, step: int) -> tuple[Content, int]:
    """Take points of one cell together: one point in their middle, counted, attributes summed.

    The other attributes and the id are those of the first point of the cell.
    """
    pieces, cell = content.pieces, _FIRST_CELL << step
    points = np.flatnonzero((content.drawn.kind == POINT) & (pieces.last == pieces.first + 1))
    if points.size < 2:
        return content, 0
    x, y = _first_vertices(content)
    place = np.column_stack([x[points] // cell, y[points] // cell])
    _, first, group = np.unique(place, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    counts = np.bincount(group)
    others = np.setdiff1d(np.arange(pieces.flag.size), points)
    index = np.concatenate([points[first], others])
    kept = content.keep(index)
    at = kept.pieces.rings[kept.pieces.first[: first.size]]
    for middle, values in ((kept.pieces.x, x), (kept.pieces.y, y)):
        middle[at] = np.rint(np.bincount(group, values[points]) / counts).astype(np.int32)
    written: dict[str, NDArray[Any]] = {CLUSTER_FIELD: counts}
    for name in content.plan.options.layer(content.plan.layer.name).sums:
        summed = content.attribute(name)
        if summed is not None:
            written[name] = np.bincount(group, np.nan_to_num(summed[points]))
    kept = _write_numbers(kept, written, np.flatnonzero(counts > 1))
    order = np.argsort(index, kind="stable")
    return kept.keep(order), int(points.size - first.size)


def _write_numbers(
    content: Content, written: dict[str, NDArray[Any]], rows: NDArray[np.int64]
) -> Content:
    """Give some rows new values, in columns that are added where they do not exist."""
    drawn, names = content.drawn, list(content.plan.layer.values.names)
    data, ends = [drawn.data.tobytes()], drawn.offsets.tolist()
    keys, key_ends = [drawn.keys.tobytes()], drawn.key_offsets.tolist()
    codes, columns = drawn.codes.copy(), drawn.columns.tolist()
    for name, numbers in written.items():
        if name not in names:
            names.append(name)
            keys.append(bytes_field(0x1A, name.encode()))
            key_ends.append(key_ends[-1] + len(keys[-1]))
            codes = np.column_stack([codes, np.full(len(codes), -1, np.int32)])
            columns.append(codes.shape[1] - 1)
        distinct, number = np.unique(numbers[rows], return_inverse=True)
        codes[rows, names.index(name)] = len(ends) - 1 + number
        for value in distinct.tolist():
            data.append(number_value(value))
            ends.append(ends[-1] + len(data[-1]))
    return replace(
        content,
        drawn=drawn._replace(
            codes=np.ascontiguousarray(codes, np.int32),
            columns=np.array(columns, np.int64),
            data=np.frombuffer(b"".join(data), np.uint8),
            offsets=np.array(ends, np.int64),
            keys=np.frombuffer(b"".join(keys), np.uint8),
            key_offsets=np.array(key_ends, np.int64),
        ),
    )
