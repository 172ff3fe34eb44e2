"""Geometry rules: present and valid. Repairs are counted and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.findings import Catalogue, Finding
from pipeline.sources.position import not_placed
from pipeline.sources.table import places
from pipeline.standardise.columns import ROW

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray


def check_geometry(
    frame: gpd.GeoDataFrame, file: str, *, located: bool
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Check the geometry of one standardised source and repair what is invalid.

    Parameters
    ----------
    frame
        With columns :data:`ROW` and ``geometry`` in EPSG:6668 degrees.
    file
        The source, as declared.
    located
        Whether missing points were already reported when the coordinates were read.

    Returns
    -------
    frame
        Invalid polygons made valid (rings are kept; 'structure' method of GEOS); what is
        empty, or has no length or area left, has no geometry.
    findings
        Warnings.
    """
    shapes = frame.geometry.to_numpy()
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    findings = [] if located else _absent(frame, file, ~present)
    # What a transformation did not reach is an error of its own and no invalid drawing.
    nowhere = present & not_placed(shapes)
    broken = present & ~nowhere & ~shapely.is_valid(shapes)
    if broken.any():
        findings.append(_repaired(frame, file, broken))
        shapes = shapes.copy()
        shapes[broken] = _made_valid(shapes[broken])
    empty = shapely.is_empty(shapes) | nowhere
    findings += _collapsed(frame, file, empty & broken)
    if broken.any() or empty.any():
        shapes = np.where(empty, None, shapes)
        frame = frame.set_geometry(list(shapes), crs=frame.crs)
    return frame, findings


def _made_valid(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    repaired = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    # GEOS now and then leaves parts that touch along an edge (rings that use a segment twice).
    still = ~shapely.is_valid(repaired)
    repaired[still] = shapely.buffer(repaired[still], 0)
    return np.asarray(repaired, dtype=object)


def _absent(frame: gpd.GeoDataFrame, file: str, absent: NDArray[np.bool_]) -> list[Finding]:
    if not absent.any():
        return []
    return [
        Catalogue.of("pipeline").finding(
            "geometry-missing",
            file=file,
            places=places(file, frame[ROW].to_numpy()[absent]),
        )
    ]


def _collapsed(frame: gpd.GeoDataFrame, file: str, collapsed: NDArray[np.bool_]) -> list[Finding]:
    if not collapsed.any():
        return []
    return [
        Catalogue.of("pipeline").finding(
            "geometry-collapsed",
            file=file,
            places=places(file, frame[ROW].to_numpy()[collapsed]),
        )
    ]


def _repaired(frame: gpd.GeoDataFrame, file: str, broken: NDArray[np.bool_]) -> Finding:
    first = _first(broken)
    reason = shapely.is_valid_reason(frame.geometry.iloc[first])
    return Catalogue.of("pipeline").finding(
        "geometry-repaired",
        file=file,
        places=places(file, frame[ROW].to_numpy()[broken]),
        reason=reason,
    )


def _first(flags: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(flags)[0])
