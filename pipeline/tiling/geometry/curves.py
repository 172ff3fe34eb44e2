"""Curves and surfaces of ISO SQL/MM part 3 as the lines and polygons tiles are made of.

Circular arcs become chords of at most four degrees, as GDAL's ``GetLinearGeometry`` does by
default: they leave the arc by less than 0.07 % of its radius. Straight surfaces (TIN, polyhedral
surfaces, triangles) become their polygons as they are.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Points = NDArray[np.float64]

STEP = math.radians(4)
_DEEPEST = 32
_FARTHEST = 1e12
"""Coordinates beyond are of no place, and the square of their square is no number."""
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_POINT, _LINE, _POLYGON, _ARCS, _COMPOUND, _CURVED, _TRIANGLE = 1, 2, 3, 8, 9, 10, 17
_COLLECTIONS = frozenset({4, 5, 6, 7, 11, 12, 15, 16})

Shape = tuple[str, "list[Points]"]
"""``"point"``, ``"line"`` or ``"polygon"``, and its lines or rings."""


class _DamagedError(ValueError):
    """The bytes are no geometry."""


class _Reader:
    """Well-known binary, in either byte order, ISO or extended."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._order = "<"

    def header(self) -> tuple[int, int]:
        """Return the kind of the next geometry and how many numbers a vertex has."""
        order = self._raw[self._at : self._at + 1]
        if order not in (b"\0", b"\1"):
            raise _DamagedError
        self._order = "<" if order == b"\1" else ">"
        self._at += 1
        code = self.count()
        width = 2 + bool(code & _Z) + bool(code & _M)
        if code & _SRID:
            self._at += 4
        code &= 0x1FFFFFFF
        if code >= 1000:
            width = 4 if code >= 3000 else 3
        return code % 1000, width

    def count(self) -> int:
        """Return the next whole number."""
        (value,) = struct.unpack_from(f"{self._order}I", self._raw, self._at)
        self._at += 4
        return int(value)

    def points(self, count: int, width: int) -> Points:
        """Return the next vertices, shape (count, 2)."""
        if self._at + 8 * width * count > len(self._raw):
            raise _DamagedError
        flat = np.frombuffer(self._raw, f"{self._order}f8", width * count, self._at)
        self._at += 8 * width * count
        return flat.reshape(count, width)[:, :2].astype(np.float64)


def linearised(raw: bytes) -> bytes | None:
    """Return a geometry as little-endian WKB of points, lines and polygons in two dimensions.

    Parameters
    ----------
    raw
        Well-known binary of any kind of ISO SQL/MM.

    Returns
    -------
    bytes or None
        ``None`` if it is damaged, or of a kind that has no shape of its own.
    """
    try:
        shapes = list(_shapes(_Reader(raw), 0))
    except (ValueError, struct.error, IndexError):
        return None
    parts = [_written(shape) for shape in shapes]
    return parts[0] if len(parts) == 1 else struct.pack("<BII", 1, 7, len(parts)) + b"".join(parts)


def objects_of(content: list[bytes | None]) -> tuple[NDArray[np.object_], list[int]]:
    """Return geometries as objects, and which of them were curves.

    What is damaged becomes ``None``, as does what is missing.
    """
    import shapely

    try:
        found = np.asarray(shapely.from_wkb(np.asarray(content, object), on_invalid="fix"), object)
    except (NotImplementedError, shapely.errors.ShapelyError):  # GEOS knows these kinds, not we
        found = np.empty(len(content), object)
        for at, raw in enumerate(content):
            found[at] = _object(raw)
    curved = []
    for at, raw in enumerate(content):
        line = linearised(raw) if raw and found[at] is None else None
        if line is not None:
            found[at] = _object(line)
            curved.append(at)
    return found, curved


def _object(raw: bytes | None) -> Any:
    import shapely

    try:
        return shapely.from_wkb(raw, on_invalid="fix")
    except (NotImplementedError, shapely.errors.ShapelyError):
        return None


def _shapes(reader: _Reader, depth: int) -> Iterator[Shape]:
    kind, width = reader.header()
    if depth > _DEEPEST:
        raise _DamagedError
    if kind == _POINT:
        yield "point", [reader.points(1, width)]
    elif kind in (_LINE, _ARCS, _COMPOUND):
        yield "line", [_curve(reader, kind, width, depth)]
    elif kind in (_POLYGON, _TRIANGLE):
        yield "polygon", [reader.points(reader.count(), width) for _ in range(reader.count())]
    elif kind == _CURVED:
        yield "polygon", [_curve(reader, *reader.header(), depth) for _ in range(reader.count())]
    elif kind in _COLLECTIONS:
        for _ in range(reader.count()):
            yield from _shapes(reader, depth + 1)
    else:
        raise _DamagedError


def _curve(reader: _Reader, kind: int, width: int, depth: int) -> Points:
    """Return the vertices of a line, an arc, or several of them joined end to end."""
    if kind == _LINE:
        return reader.points(reader.count(), width)
    if kind == _ARCS:
        return chords(reader.points(reader.count(), width))
    if kind != _COMPOUND or depth > _DEEPEST:
        raise _DamagedError
    parts = [_curve(reader, *reader.header(), depth + 1) for _ in range(reader.count())]
    joined = [part[1:] if at and len(part) else part for at, part in enumerate(parts)]
    return np.concatenate([np.empty((0, 2)), *joined])


def chords(points: Points) -> Points:
    """Return a circular string as a line.

    Parameters
    ----------
    points
        Shape (2 n + 1, 2): start, a point on the arc, end and start of the next …

    Returns
    -------
    NDArray
        Shape (m, 2); every vertex given stays.
    """
    if len(points) < 3 or not (np.abs(points) < _FARTHEST).all():
        return points
    parts = [points[:1]]
    for at in range(0, len(points) - 2, 2):
        parts += _arc(points[at], points[at + 1], points[at + 2])
    return np.concatenate(parts)


def _arc(start: Points, middle: Points, end: Points) -> list[Points]:
    """Return what follows `start` on the arc through three points, in two halves."""
    centre = _centre(start, middle, end)
    if centre is None:
        return [middle[None], end[None]]
    radius = float(np.hypot(*(start - centre)))
    angles = [math.atan2(y - centre[1], x - centre[0]) for x, y in (start, middle, end)]
    turn = _cross(start, middle, end)
    forward = turn > 0 or (turn == 0 and np.array_equal(start, end))
    halves = []
    for one, two, last in ((0, 1, middle), (1, 2, end)):
        sweep = angles[two] - angles[one]
        sweep %= 2 * math.pi
        if not forward:
            sweep -= 2 * math.pi
        count = max(1, math.ceil(abs(sweep) / STEP - 1e-9))
        inner = angles[one] + sweep * np.arange(1, count) / count
        halves.append(centre + radius * np.column_stack([np.cos(inner), np.sin(inner)]))
        halves.append(last[None])
    return halves


def _cross(a: Points, b: Points, c: Points) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))


def _centre(a: Points, b: Points, c: Points) -> Points | None:
    """Return the centre of the circle through three points; None if they lie on a line."""
    if np.array_equal(a, c):
        return None if np.array_equal(a, b) else (a + b) / 2
    p, q = b - a, c - a
    area = 2 * (p[0] * q[1] - p[1] * q[0])
    if abs(area) <= 1e-12 * float(p @ p + q @ q):
        return None
    x = q[1] * (p @ p) - p[1] * (q @ q)
    y = p[0] * (q @ q) - q[0] * (p @ p)
    centre: Points = a + np.array([x, y]) / area
    return centre


def _written(shape: Shape) -> bytes:
    kind, lines = shape
    if kind == "point":
        return struct.pack("<BI", 1, 1) + lines[0].astype("<f8").tobytes()
    runs = [struct.pack("<I", len(line)) + line.astype("<f8").tobytes() for line in lines]
    if kind == "line":
        return struct.pack("<BI", 1, 2) + runs[0]
    return struct.pack("<BII", 1, 3, len(runs)) + b"".join(runs)
