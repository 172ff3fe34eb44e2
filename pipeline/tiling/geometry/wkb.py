"""Well-known binary straight into world coordinates, without an object per geometry.

Two passes: the first measures every row and says which cannot be used, the second fills arrays
that are exactly large enough, in any order of rows and from several threads. Both understand
little-endian WKB of simple features, ISO and extended, with Z and M (which are left out).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.tiling.geometry.shapes import MAX_LATITUDE, WORLD
from pipeline.tiling.native import helper, kernel, record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.geometry.shapes import Shapes

USABLE, EMPTY, MALFORMED, UNSUPPORTED, NOT_FINITE, OUTSIDE, BIG_ENDIAN = range(7)
"""What the first pass finds out about a row."""

_EXTENDED_Z, _EXTENDED_M, _EXTENDED_SRID = 0x80000000, 0x40000000, 0x20000000
_RADIANS = np.pi / 180.0


@record("uint8[::1], uint8[::1], int64[::1], int64[::1], float64[::1], float64[::1], uint8[::1]")
class Measures(NamedTuple):
    """What the first pass finds, one entry per row.

    Attributes
    ----------
    status
        One of the constants above.
    kinds
        Bit set of the kinds present: 1 points, 2 lines, 4 polygons.
    rings, vertices
        Sizes over all kinds, closing vertices of rings left out.
    longitude, latitude
        First vertex in degrees.
    clamped
        1 where a latitude lies beyond the edge of Web Mercator.
    """

    status: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    rings: NDArray[np.int64]
    vertices: NDArray[np.int64]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    clamped: NDArray[np.uint8]


def new_measures(rows: int) -> Measures:
    """Return measures of `rows` rows, all zero."""
    return Measures(
        *(np.zeros(rows, np.uint8) for _ in range(2)),
        *(np.zeros(rows, np.int64) for _ in range(2)),
        *(np.zeros(rows, np.float64) for _ in range(2)),
        np.zeros(rows, np.uint8),
    )


@helper
def _u32(data: Any, at: int) -> Any:
    return (
        np.int64(data[at])
        | np.int64(data[at + 1]) << 8
        | np.int64(data[at + 2]) << 16
        | np.int64(data[at + 3]) << 24
    )


@helper
def _u64(data: Any, at: int) -> Any:
    low = np.uint64(_u32(data, at))
    return low | np.uint64(_u32(data, at + 4)) << np.uint64(32)


@helper
def _f64(data: Any, at: int) -> Any:
    """Return the number at any position, aligned or not."""
    bits = np.uint64(_u64(data, at))
    return bits.view(np.float64)


@helper
def _header(data: Any, at: int) -> Any:
    """Return geometry type, numbers per vertex and the position behind the header."""
    code = _u32(data, at + 1)
    at += 5
    width = 2
    if code & _EXTENDED_Z:
        width += 1
    if code & _EXTENDED_M:
        width += 1
    if code & _EXTENDED_SRID:
        at += 4
    code &= 0x1FFFFFFF
    if code >= 1000:
        width += 2 if code >= 3000 else 1
        code %= 1000
    return code, width, at


@helper
def _check_vertices(data: Any, at: int, count: int, width: int) -> int:
    """Look at every coordinate; return what is wrong with them, or -1 if only clamped."""
    status = 0
    for i in range(count):
        longitude = _f64(data, at + 8 * width * i)
        latitude = _f64(data, at + 8 * width * i + 8)
        if not (np.isfinite(longitude) and np.isfinite(latitude)):
            return NOT_FINITE
        if abs(longitude) > 360.0 or abs(latitude) > 90.0:
            return OUTSIDE
        if abs(latitude) > MAX_LATITUDE:
            status = -1
    return status


@helper
def _is_closed(data: Any, at: int, count: int, width: int) -> bool:
    """Tell whether the last vertex of a ring repeats the first one."""
    if count < 2:
        return False
    last = at + 8 * width * (count - 1)
    for i in range(16):
        if data[at + i] != data[last + i]:
            return False
    return True


# Longer than other functions: one walk over the bytes, and returning early from any depth.
@helper
def _measure_row(data: Any, at: int, end: int, sizes: Any) -> int:
    """Walk over one geometry; `sizes` takes kinds, rings, vertices, clamped, first vertex at."""
    for i in range(5):
        sizes[i] = 0
    if end - at < 9:
        return EMPTY if end == at else MALFORMED
    while at < end:
        if at + 9 > end:
            return MALFORMED
        if data[at] == 0:
            return BIG_ENDIAN
        if data[at] != 1:
            return MALFORMED
        code, width, at = _header(data, at)
        if code == 0 or code > 7:
            return UNSUPPORTED
        rings = 1
        count = 1
        if code != 1:
            if at + 4 > end:
                return MALFORMED
            count = _u32(data, at)
            at += 4
            if code > 3:
                continue
            if code == 3:
                rings = count
        for _ in range(rings):
            if code == 3:
                if at + 4 > end:
                    return MALFORMED
                count = _u32(data, at)
                at += 4
            if at + 8 * width * count > end:
                return MALFORMED
            if count == 0:
                continue
            if code == 1 and np.isnan(_f64(data, at)) and np.isnan(_f64(data, at + 8)):
                at += 8 * width
                continue
            status = _check_vertices(data, at, count, width)
            if status > 0:
                return status
            if status < 0:
                sizes[3] = 1
            if sizes[1] == 0:
                sizes[4] = at
            sizes[0] |= 1 << (code - 1)
            sizes[1] += 1
            sizes[2] += count
            if code == 3 and _is_closed(data, at, count, width):
                sizes[2] -= 1
            at += 8 * width * count
    return USABLE if sizes[0] else EMPTY


@kernel("uint8[::1], int64[::1], boolean[::1], int64, int64, Measures")
def measure(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    present: NDArray[np.bool_],
    first: int,
    last: int,
    out: Measures,
) -> None:
    """Measure rows `first` to `last` of WKB `data`; rows not `present` count as empty."""
    sizes = np.zeros(5, np.int64)
    for row in range(first, last):
        status = EMPTY
        if present[row]:
            status = _measure_row(data, offsets[row], offsets[row + 1], sizes)
        out.status[row] = status
        if status == USABLE:
            out.kinds[row] = sizes[0]
            out.rings[row] = sizes[1]
            out.vertices[row] = sizes[2]
            out.clamped[row] = sizes[3]
            out.longitude[row] = _f64(data, sizes[4])
            out.latitude[row] = _f64(data, sizes[4] + 8)


@helper
def _project(data: Any, at: int, count: int, width: int, xs: Any, ys: Any, vertex: int) -> None:
    """Write `count` vertices in world coordinates."""
    for i in range(count):
        longitude = _f64(data, at + 8 * width * i)
        latitude = _f64(data, at + 8 * width * i + 8)
        latitude = min(max(latitude, -MAX_LATITUDE), MAX_LATITUDE)
        sine = np.sin(latitude * _RADIANS)
        mercator = 0.5 - 0.25 * np.log((1 + sine) / (1 - sine)) / np.pi
        xs[vertex + i] = np.int32(np.floor((longitude / 360.0 + 0.5) * WORLD + 0.5))
        ys[vertex + i] = np.int32(np.floor(mercator * WORLD + 0.5))


@helper
def _fill_kind(
    data: Any, at: int, end: int, kind: int, xs: Any, ys: Any, starts: Any, hole: Any,
    ring: int, vertex: int,
) -> Any:  # fmt: skip
    """Write all rings of one kind of a row; return the next free ring and vertex."""
    while at < end:
        code, width, at = _header(data, at)
        rings = 1
        count = 1
        if code != 1:
            count = _u32(data, at)
            at += 4
            if code > 3:
                continue
            if code == 3:
                rings = count
        for k in range(rings):
            if code == 3:
                count = _u32(data, at)
                at += 4
            usable = code == kind and count > 0
            if code == 1 and np.isnan(_f64(data, at)):
                usable = False
            if usable:
                kept = count
                if code == 3 and _is_closed(data, at, count, width):
                    kept -= 1
                starts[ring] = vertex
                hole[ring] = 1 if k > 0 else 0
                _project(data, at, kept, width, xs, ys, vertex)
                ring += 1
                vertex += kept
            at += 8 * width * count
    return ring, vertex


@kernel("uint8[::1], int64[::1], int64[::1], uint8[::1], int64[:, ::1], int64, int64, Shapes")
def fill(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    starts: NDArray[np.int64],
    first: int,
    last: int,
    shapes: Shapes,
) -> None:
    """Write the rows ``order[first:last]`` into `shapes`.

    Parameters
    ----------
    data, offsets
        WKB of all rows.
    order
        Shape (rows in use,): rows in the order in which they are to stand.
    kinds
        Kinds of all rows, from :func:`measure`.
    starts
        Shape (rows in use, 3): first shape, ring and vertex of every ordered row.
    """
    xs, ys, ring_starts, hole = shapes.x, shapes.y, shapes.rings, shapes.hole
    for i in range(first, last):
        row = order[i]
        shape = starts[i, 0]
        ring = starts[i, 1]
        vertex = starts[i, 2]
        for kind in range(1, 4):
            if not kinds[row] & (1 << (kind - 1)):
                continue
            shapes.parts[shape] = ring
            shapes.kind[shape] = kind
            shapes.row[shape] = row
            ring, vertex = _fill_kind(
                data, offsets[row], offsets[row + 1], kind,
                xs, ys, ring_starts, hole, ring, vertex,
            )  # fmt: skip
            shape += 1
