"""A layer on its way to be held against its neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import STRtree

from pipeline.borders.areas import Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

    from pipeline.config.borders import Borders


@dataclass(frozen=True)
class Subject:
    """A layer to be held against its neighbours.

    Attributes
    ----------
    frame
        Columns ``id``, ``municipality_code`` and the published fields; geometry in degrees.
    options
        As declared.
    planes
        ``{code: CRS its municipality declares}``.
    codes_of
        ``{name of a municipality in the declaration: code}``.
    """

    frame: gpd.GeoDataFrame
    options: Borders
    planes: Mapping[str, str] = field(default_factory=dict)
    codes_of: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        found: NDArray[np.object_] = self.frame.geometry.to_numpy()
        return found

    @cached_property
    def codes(self) -> NDArray[np.object_]:
        found: NDArray[np.object_] = self.frame["municipality_code"].fillna("").to_numpy(object)
        return found

    @cached_property
    def dimensions(self) -> NDArray[np.int64]:
        """0 for points, 1 for lines, 2 for areas, -1 for nothing; shape ``(n,)``."""
        found: NDArray[np.int64] = shapely.get_dimensions(self.shapes)
        return np.where(shapely.is_empty(self.shapes) | shapely.is_missing(self.shapes), -1, found)

    @cached_property
    def trees(self) -> dict[str, tuple[NDArray[np.int64], STRtree]]:
        """Rows of each municipality and the tree of their boxes."""
        rows = {
            str(code): np.flatnonzero((self.codes == code) & (self.dimensions >= 0))
            for code in np.unique(self.codes.astype(str))
        }
        return {code: (at, STRtree(self.shapes[at])) for code, at in rows.items() if len(at)}


def side_of(subject: Subject, code: str, rows: NDArray[np.int64], plane: CRS) -> Side:
    """Return rows of one municipality in a plane."""
    shapes = subject.frame.geometry.iloc[rows].to_crs(plane).to_numpy()
    ids = subject.frame["id"].iloc[rows].astype(str).to_numpy(object)
    return Side(code, ids, shapes)


def of_dimension(subject: Subject, rows: NDArray[np.int64], dimension: int) -> NDArray[np.int64]:
    return np.asarray(rows[subject.dimensions[rows] == dimension])
