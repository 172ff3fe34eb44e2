"""Geometry of a layer on its way from bytes to shapes: measured, ordered, filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.tiling.archive.hilbert import tile_ids
from pipeline.tiling.arrow import numbers
from pipeline.tiling.geometry import wkb
from pipeline.tiling.geometry.shapes import MAX_LATITUDE, Shapes, allocate
from pipeline.tiling.parallel import spread

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

CURVE_ZOOM = 20
_EMPTY = 13
"""Bytes of the longest geometry without a vertex: a polygon of one ring."""


class Coordinates(NamedTuple):
    """Geometry of a layer as bytes, what each row holds, and which rows were curves."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    measures: wkb.Measures
    curved: NDArray[np.int64]

    def copies(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return how many shapes rows give: one per kind of geometry in them."""
        kinds = self.measures.kinds[rows]
        count: NDArray[np.uint8] = (kinds & 1) + (kinds >> 1 & 1) + (kinds >> 2 & 1)
        return count


def measured(geometry: pa.Array, pool: Executor, threads: int) -> Coordinates:
    """Look at every geometry, in whichever byte order it is written."""
    found = _measure(geometry, pool, threads)
    status = found.measures.status
    foreign = np.flatnonzero(status == wkb.BIG_ENDIAN)
    curved = np.flatnonzero(status == wkb.UNSUPPORTED)
    if not foreign.size and not curved.size:
        return found
    plain, curved = _plain(geometry, foreign, curved)
    return _measure(plain, pool, threads)._replace(curved=curved)


def _measure(geometry: pa.Array, pool: Executor, threads: int) -> Coordinates:
    _, ends, content = geometry.buffers()
    rows = len(geometry)
    data = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    offsets = np.zeros(1, np.int64)
    if ends is not None:
        offsets = np.frombuffer(ends, np.int64)[geometry.offset : geometry.offset + rows + 1]
    present = numbers(geometry.is_valid()) == 1
    out = wkb.new_measures(rows)
    spread(pool, threads, rows, lambda a, b: wkb.measure(data, offsets, present, a, b, out))
    return Coordinates(data, offsets, out, np.empty(0, np.int64))


def _plain(
    geometry: pa.Array, foreign: NDArray[np.int64], curved: NDArray[np.int64]
) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return geometry in little-endian WKB of straight lines, and which rows were curves."""
    from pipeline.tiling.geometry.curves import linearised, objects_of

    content = geometry.to_pylist()
    swapped = np.empty(0, np.int64)
    if foreign.size:
        import shapely

        objects, were_curves = objects_of([content[row] for row in foreign])
        for row, one in zip(foreign.tolist(), objects, strict=True):
            content[row] = b"\xff" if one is None else shapely.to_wkb(one, byte_order=1)
        swapped = foreign[were_curves]
    straight = np.zeros(curved.size, bool)
    for at, row in enumerate(curved.tolist()):
        line = linearised(content[row])
        if line is not None:
            content[row], straight[at] = line, len(line) > _EMPTY
    rows = np.sort(np.concatenate([curved[straight], swapped]))
    return pa.array(content, pa.large_binary()), rows


def drawing_order(measures: wkb.Measures, ids: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return usable rows along the Hilbert curve of their first vertex, then by id."""
    rows = np.flatnonzero(measures.status == wkb.USABLE)
    along, own = curve_positions(measures, rows), ids[rows]
    if (own[1:] >= own[:-1]).all():
        return rows[np.argsort(along, kind="stable")]
    return rows[np.lexsort((own, along))]


def curve_positions(measures: wkb.Measures, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the tile ids at zoom :data:`CURVE_ZOOM` in which the first vertices of rows lie."""
    edge = (1 << CURVE_ZOOM) - 1
    longitude = measures.longitude[rows]
    latitude = np.radians(np.clip(measures.latitude[rows], -MAX_LATITUDE, MAX_LATITUDE))
    x = np.clip((longitude / 360 + 0.5) * (edge + 1), 0, edge).astype(np.int64)
    mercator = 0.5 - np.arctanh(np.sin(latitude)) / (2 * np.pi)
    y = np.clip(mercator * (edge + 1), 0, edge).astype(np.int64)
    return tile_ids(CURVE_ZOOM, x, y)


def filled(
    coordinates: Coordinates, order: NDArray[np.int64], pool: Executor, threads: int
) -> Shapes:
    """Return the shapes of usable rows in the given order, as they are in the input."""
    data, offsets, measures, _ = coordinates
    copies = coordinates.copies(order).astype(np.int64)
    sizes = np.stack([copies, measures.rings[order], measures.vertices[order]], 1)
    ends = np.cumsum(sizes, axis=0)
    total = ends[-1] if len(order) else np.zeros(3, np.int64)
    shapes = allocate(int(total[2]), int(total[1]), int(total[0]))
    starts = ends - sizes
    kinds = measures.kinds
    spread(
        pool, threads, len(order),
        lambda a, b: wkb.fill(data, offsets, order, kinds, starts, a, b, shapes),
    )  # fmt: skip
    return shapes
