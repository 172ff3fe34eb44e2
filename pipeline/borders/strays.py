"""Features of one municipality that lie in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import STRtree

from pipeline.borders.observations import Pair, observed
from pipeline.borders.reference import plane_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely import Geometry

    from pipeline.borders.reference import Reference

LEAST_LENGTH = 5.0
"""Metres of a line in another municipality that are told; a road ends a little over the line."""
LEAST_SHARE = 0.5
"""Share of an area in another municipality from which the feature itself is the stray."""


def strays(
    frame: gpd.GeoDataFrame, reference: Reference, planes: Mapping[str, str]
) -> list[gpd.GeoDataFrame]:
    """Return the features of a layer that lie in another municipality than their own.

    Points by how far they are from their own area, lines by the metres and areas by the square
    metres that lie in the other one. What lies in nobody's area (at sea) is no stray.

    Parameters
    ----------
    frame
        Columns ``id`` and ``municipality_code``, geometry in the reference's CRS.
    planes
        ``{code: CRS its municipality declares}``.
    """
    codes = sorted(reference.areas)
    parts, owner = shapely.get_parts(
        np.asarray([reference.areas[code] for code in codes], object), return_index=True
    )
    shapes, own = frame.geometry.to_numpy(), frame["municipality_code"].to_numpy(object)
    number = pd.Index(codes).get_indexer(own)
    suspects = np.flatnonzero((number >= 0) & ~_wholly_inside(shapes, number, parts, owner))
    tree = STRtree(parts)
    at, where = tree.query(shapes[suspects], predicate="intersects")
    foreign = owner[where] != number[suspects[at]]
    rows = pd.DataFrame({"row": suspects[at[foreign]], "in": owner[where[foreign]]})
    rows = rows.drop_duplicates(ignore_index=True)
    found = []
    for (mine, theirs), group in rows.groupby([number[rows["row"]], "in"], sort=True):
        chosen = frame.iloc[group["row"].to_numpy()]
        found.append(_measured(chosen, codes[mine], codes[theirs], reference, planes))
    return [table for table in found if len(table)]


def _wholly_inside(
    shapes: NDArray[np.object_],
    number: NDArray[np.int64],
    parts: NDArray[np.object_],
    owner: NDArray[np.int64],
) -> NDArray[np.bool_]:
    inside = np.zeros(len(shapes), bool)
    at, where = STRtree(parts).query(shapes, predicate="covered_by")
    inside[at[owner[where] == number[at]]] = True
    return inside


def _measured(
    rows: gpd.GeoDataFrame,
    mine: str,
    theirs: str,
    reference: Reference,
    planes: Mapping[str, str],
) -> gpd.GeoDataFrame:
    declared = planes.get(mine, ""), planes.get(theirs, "")
    plane = plane_of(declared, shapely.box(*rows.total_bounds))
    other, own = _areas_near(rows, (theirs, mine), reference).to_crs(plane)
    shapes = rows.to_crs(plane).geometry.to_numpy()
    dimension = shapely.get_dimensions(shapes)
    inside = shapely.intersection(shapes, other)
    size = np.select(
        [dimension == 0, dimension == 1],
        [shapely.distance(shapes, own), shapely.length(inside)],
        shapely.area(inside),
    )
    share = np.divide(size, shapely.area(shapes), out=np.ones(len(size)), where=dimension == 2)
    told = np.select(
        [dimension == 0, dimension == 1], [size > 0, size > LEAST_LENGTH], share > LEAST_SHARE
    )
    pair = Pair(*sorted((mine, theirs)))
    ids = rows["id"].astype(str).to_numpy(object)[told]
    none = np.full(len(ids), "", object)
    first = pair.a == mine
    return observed(
        "stray", pair, inside[told], plane, size=size[told], grade=mine,
        distance=shapely.distance(shapes[told], own),
        unit=np.where(dimension[told] == 2, "m2", "m"),
        id_a=ids if first else none, id_b=none if first else ids,
    )  # fmt: skip


def _areas_near(
    rows: gpd.GeoDataFrame, codes: tuple[str, str], reference: Reference
) -> gpd.GeoSeries:
    areas: list[Geometry] = [reference.areas[code] for code in codes]
    return gpd.GeoSeries(areas, crs=reference.crs)
