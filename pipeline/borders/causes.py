"""What has one cause is one row: a drawing moved as a whole, a datum left unconverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.areas import areal
from pipeline.borders.observations import Pair, observed
from pipeline.borders.reference import local_plane
from pipeline.borders.shift import Shift, shift_of
from pipeline.borders.subject import Subject, of_dimension

if TYPE_CHECKING:
    from pipeline.borders.reference import Reference

NOTICED = 0.3
"""Metres of mean misfit along a line from which a moved drawing is looked for."""
EXPLAINED = 0.25
"""What may be left of a shift, as a share of it, for it to be the one cause."""


def one_cause(
    tables: list[gpd.GeoDataFrame], subject: Subject, reference: Reference
) -> list[gpd.GeoDataFrame]:
    """Put one row in the place of all gaps and overlaps of a drawing that is moved as a whole."""
    if not subject.options.full:
        return tables
    moved: dict[str, Shift] = {}
    for code in _suspects(tables, reference):
        shift = _shift(subject, reference, code)
        if shift.metres >= NOTICED and shift.residual <= EXPLAINED * shift.metres:
            moved[code] = shift
    rows = [_shift_row(code, shift, tables, subject) for code, shift in moved.items()]
    return [_without(table, set(moved)) for table in tables] + rows


def _suspects(tables: list[gpd.GeoDataFrame], reference: Reference) -> list[str]:
    """Return municipalities along whose lines the misfit is wide on the average."""
    misfit: dict[str, float] = {}
    length: dict[str, float] = {}
    for pair, line in reference.lines.items():
        metres = gpd.GeoSeries([line], crs=reference.crs).to_crs(
            local_plane(shapely.centroid(line))
        ).length.iloc[0]  # fmt: skip
        wide = sum(
            float(t["size"].sum())
            for t in tables
            if len(t) and Pair(t["a"].iloc[0], t["b"].iloc[0]) == pair
            and t["kind"].isin(["gap", "overlap", "double"]).all()
        )  # fmt: skip
        for code in (pair.a, pair.b):
            misfit[code] = misfit.get(code, 0) + wide
            length[code] = length.get(code, 0) + metres
    return sorted(c for c in misfit if c in length and misfit[c] > NOTICED * 0.5 * length[c])


def _shift(subject: Subject, reference: Reference, code: str) -> Shift:
    rows = (
        of_dimension(subject, subject.trees[code][0], 2)
        if code in subject.trees
        else np.empty(0, int)
    )
    if not len(rows):
        return Shift(0.0, 0.0, 0.0)
    plane = local_plane(shapely.centroid(reference.areas[code]))
    shapes = subject.frame.geometry.iloc[rows].to_crs(plane).to_numpy()
    outline = shapely.boundary(areal(np.asarray([shapely.union_all(shapes)], object))[0])
    own = gpd.GeoSeries([reference.areas[code]], crs=reference.crs).to_crs(plane).iloc[0]
    return shift_of(outline, shapely.boundary(own))


def _without(table: gpd.GeoDataFrame, codes: set[str]) -> gpd.GeoDataFrame:
    explained = table["kind"].isin(["gap", "overlap", "double", "stray"])
    return table[~(explained & (table["a"].isin(codes) | table["b"].isin(codes)))]


def _shift_row(
    code: str, shift: Shift, tables: list[gpd.GeoDataFrame], subject: Subject
) -> gpd.GeoDataFrame:
    area = {
        kind: sum(
            float(t.loc[(t["kind"] == kind) & ((t["a"] == code) | (t["b"] == code)), "size"].sum())
            for t in tables
        )
        for kind in ("gap", "overlap")
    }
    said = f"{shift.metres:.2f} m, {shift.azimuth:.0f}°"
    said += f"; gap {area['gap']:.0f} m², overlap {area['overlap']:.0f} m²"
    return observed(
        "datum" if shift.old_datum else "shift", Pair(code, ""), [shapely.Point()],
        subject.frame.crs, size=shift.metres, distance=shift.residual, value_a=said,
    )  # fmt: skip
