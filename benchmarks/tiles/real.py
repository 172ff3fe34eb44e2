"""Real layers beside the generated ones, when the data folder next to the checkout is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(
    os.environ.get("TONARI_REAL_DATA")
    or Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
)


def wards() -> gpd.GeoDataFrame:
    """Administrative areas (N03) of Kitakyushu, Shimonoseki and their neighbours."""
    return _joined(sorted((FOLDER / "n03").glob("*.geojson")))


def shelters() -> gpd.GeoDataFrame:
    """Emergency evacuation sites and shelters of twelve municipalities."""
    return _joined(sorted((FOLDER / "shelters").glob("*.geojson")))


KINDS: dict[str, Callable[[], gpd.GeoDataFrame]] = {"N03": wards, "shelters": shelters}


def _joined(paths: list[Path]) -> gpd.GeoDataFrame:
    parts = [gpd.read_file(path).assign(code=path.stem) for path in paths]
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=4326)
    return table.drop(columns=["id"], errors="ignore").assign(id=range(1, len(table) + 1))
