"""Areas side by side across a border that say different things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from shapely import STRtree

from pipeline.borders.lines import differ
from pipeline.borders.observations import Pair, observed

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.borders.areas import Side

LEAST_CONTACT = 1.0
"""Metres along which two areas must lie side by side; at a corner they only touch."""


def differing_areas(
    sides: tuple[Side, Side],
    values: tuple[pd.DataFrame, pd.DataFrame],
    pair: Pair,
    crs: object,
    tolerance: float,
) -> gpd.GeoDataFrame:
    """Return areas side by side across the line whose fields differ, by metres of contact.

    Parameters
    ----------
    values
        Rows of the two sides: the fields that are to agree.
    tolerance
        Metres that may lie between areas side by side.
    """
    a, b = sides
    of_a, of_b = STRtree(b.shapes).query(a.shapes, predicate="dwithin", distance=tolerance)
    told = np.zeros(len(of_a), bool)
    by_field = {}
    for name in values[0].columns:
        by_field[name] = differ(values[0][name].iloc[of_a], values[1][name].iloc[of_b])
        told |= by_field[name]
    contact = np.full(len(of_a), None, object)
    near = shapely.buffer(b.shapes[of_b[told]], max(tolerance, 1e-6), cap_style="flat")
    contact[told] = shapely.intersection(shapely.boundary(a.shapes[of_a[told]]), near)
    length = np.nan_to_num(shapely.length(contact))
    tables = []
    for name, different in by_field.items():
        which = different & (length >= LEAST_CONTACT + 2 * tolerance)
        tables.append(
            observed(
                "value", pair, contact[which], crs, size=length[which], field=name,
                id_a=a.ids[of_a[which]], id_b=b.ids[of_b[which]],
                value_a=values[0][name].iloc[of_a[which]].astype(str),
                value_b=values[1][name].iloc[of_b[which]].astype(str),
            )
        )  # fmt: skip
    return gpd.pd.concat(tables, ignore_index=True) if tables else observed("value", pair, [], crs)
