"""From coordinates in whichever reference system to degrees of longitude and latitude."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, has_error
from pipeline.tiling.arrow import contiguous
from pipeline.tiling.geometry.curves import objects_of
from pipeline.tiling.reading.columns import sound
from pipeline.tiling.reading.source import Noticed, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.findings import Finding

_CATALOGUE = Catalogue.of("pipeline.tiling")
_DEGREES = {("EPSG", "4326"), ("EPSG", "6668"), ("EPSG", "4612"), ("OGC", "CRS84")}
"""Systems whose numbers are the tiles' longitude and latitude, to well within a tile's grid."""


def source_of(
    name: str,
    file: str,
    table: pa.Table,
    column: str,
    crs: Any,
    *,
    findings: list[Finding] | None = None,
    ids: NDArray[np.uint64] | None = None,
    named: bool = False,
    noticed: list[Noticed] | None = None,
) -> Source:
    """Return a table with a column of WKB, in whichever system, as a layer in degrees."""
    wkb = contiguous(table.column(column))
    if isinstance(wkb, pa.ExtensionArray):
        wkb = wkb.storage
    noted = list(noticed or [])
    said = list(findings or [])
    if crs is None:
        said.append(_CATALOGUE.finding("crs-unknown", file=file))
    elif not _is_degrees(crs):
        wkb, about = _to_degrees(wkb, crs, file, noted)
        said += about
    attributes = sound(table.drop_columns([column]), noted)
    return Source(name, file, attributes, wkb.cast(pa.large_binary()), said, ids, named, noted)


def _is_degrees(crs: Any) -> bool:
    if isinstance(crs, str):
        authority, _, code = crs.rpartition(":")
        return (authority, code) in _DEGREES
    found = crs.get("id", {})
    return (str(found.get("authority")), str(found.get("code"))) in _DEGREES


def _to_degrees(
    wkb: pa.Array, crs: Any, file: str, noticed: list[Noticed]
) -> tuple[pa.Array, list[Finding]]:
    """Transform WKB to longitude and latitude; also say from which system and how."""
    import numpy as np
    import pyproj
    import shapely

    from pipeline.sources.crs import crs_label, operation_to_canonical, vouched

    system = pyproj.CRS.from_user_input(crs)
    operation = operation_to_canonical(system)
    findings = vouched(operation, system, file)
    if has_error(findings):
        raise SourceError(findings)
    shapes, curved = objects_of(wkb.to_pylist())
    if curved:
        noticed.append(Noticed("geometry-linearised", curved[0], len(curved)))
    # JGD2011 is WGS 84 to within a metre, which is what tiles are in.
    moved = shapely.transform(shapes, operation.apply)
    written = pa.array(list(shapely.to_wkb(moved)), pa.large_binary())
    known = np.array([shape is not None for shape in shapes.tolist()], bool)
    if not known.all():  # what cannot be read is found, counted and named where shapes are made
        content = [b"\xff" if raw else raw for raw in wkb.to_pylist()]
        written = pa.array(
            [new if ok else old for new, ok, old in zip(written.to_pylist(), known, content,
             strict=True)], pa.large_binary(),
        )  # fmt: skip
    label = crs_label(system)
    said = _CATALOGUE.finding("crs-transformed", file=file, crs=label, operation=operation.name)
    return written, [*findings, said]
