"""Precision and recall of what was observed against what was made wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.borders.spoil import CONTROL_A, CONTROL_B, ZONE, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

NEAR = 60.0
"""Metres within which a finding is the one of a fault: parcels are 100 m apart."""


@dataclass(frozen=True)
class Score:
    """How much of one kind was found, and how much of what was found is there."""

    kind: str
    magnitude: float
    faults: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.faults if self.faults else 1.0


def score(kind: str, table: gpd.GeoDataFrame, faults: Sequence[Fault], magnitude: float) -> Score:
    """Match findings of a kind to faults one to one: the same kind, and near."""
    # What is round enough to be an area claimed twice is the same fault, only wider.
    kinds = ("overlap", "double") if kind == "overlap" else (kind,)
    rows = table[table["kind"].isin(kinds)].to_crs(ZONE)
    wanted = [fault for fault in faults if fault.kind == kind]
    points = shapely.get_coordinates(shapely.centroid(rows.geometry.to_numpy()))
    free = set(range(len(points)))
    right = 0
    for fault in wanted:
        near = [
            (float(np.hypot(*(points[i] - fault.place))), i)
            for i in free
            if not fault.grade or fault.grade in (rows["field"].iloc[i], rows["grade"].iloc[i])
        ]
        distance, nearest = min(near, default=(np.inf, -1))
        if distance <= NEAR + magnitude:
            free.discard(nearest)
            right += 1
    return Score(kind, magnitude, len(wanted), len(points), right)


def of_control(table: gpd.GeoDataFrame) -> int:
    """Return how much was found at the pair that was left as it is."""
    told = table[~table["kind"].isin(["sea", "line"])]
    return int(
        (told["a"].isin([CONTROL_A, CONTROL_B]) | told["b"].isin([CONTROL_A, CONTROL_B])).sum()
    )
