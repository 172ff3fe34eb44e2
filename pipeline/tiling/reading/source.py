"""What every reader hands on: one layer, its own ids, and what was noticed row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that rows of one part of a layer have in common.

    Attributes
    ----------
    code
        Of the finding it becomes.
    first, count
        Position of the first row within the part, and how many rows.
    field, value
        Column, and what it holds in the first row.
    """

    code: str
    first: int
    count: int
    field: str = ""
    value: str = ""


@dataclass(frozen=True)
class Source:
    """One layer, or a part of one, as it was read.

    Attributes
    ----------
    name
        Name of the layer.
    file
        Where it came from; empty for a table in memory.
    attributes
        All columns but the geometry.
    geometry
        WKB in degrees of longitude and latitude, one entry per row.
    findings
        What was noticed about the file.
    ids
        Shape (rows,), uint64: ids the file itself gives its features (RFC 7946, section 3.2; the
        primary key of a GeoPackage), :data:`pipeline.tiling.mvt.encoding.NO_ID` where it gives
        none. ``None`` if features have no ids of their own.
    named
        Whether `ids` were written by whoever made the file and so come before a column ``id``; a
        primary key, which GDAL gives to everything, comes after it.
    noticed
        What was noticed about rows.
    """

    name: str
    file: str
    attributes: pa.Table
    geometry: pa.Array
    findings: list[Finding] = field(default_factory=list)
    ids: NDArray[np.uint64] | None = None
    named: bool = False
    noticed: list[Noticed] = field(default_factory=list)


def merged(parts: Iterable[tuple[int, Noticed]]) -> list[Noticed]:
    """Return one notice per code and field for all parts, in the order of codes and fields.

    Parameters
    ----------
    parts
        Number of the first row of a part in the whole layer, and what was noticed there.
    """
    found: dict[tuple[str, str], Noticed] = {}
    for start, one in parts:
        key, first = (one.code, one.field), one.first + start
        before = found.get(key)
        if before is None:
            found[key] = Noticed(one.code, first, one.count, one.field, one.value)
        else:
            total = before.count + one.count
            found[key] = Noticed(one.code, before.first, total, one.field, before.value)
    return sorted(found.values(), key=lambda one: (one.code, one.field))
