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
    """Read administrative areas (N03) of Kitakyushu, Shimonoseki and their neighbours."""
    return _joined(sorted((FOLDER / "n03").glob("*.json")))


def shelters() -> gpd.GeoDataFrame:
    """Read emergency evacuation sites and shelters of twelve municipalities."""
    return _joined(sorted((FOLDER / "shelters").glob("*.json")))


def zoning() -> gpd.GeoDataFrame:
    """Read the zoning of Yaizu: nine shapefiles in CP932 on plane rectangular CS VIII."""
    return _joined(sorted((FOLDER / "yaizu").glob("都市計画図_*/*.shp")), encoding="cp932")


KINDS: dict[str, Callable[[], gpd.GeoDataFrame]] = {
    "N03": wards,
    "zoning": zoning,
    "shelters": shelters,
}


def present() -> bool:
    """Tell whether the real data is there."""
    return (FOLDER / "n03").is_dir()


def _joined(paths: list[Path], **options: str) -> gpd.GeoDataFrame:
    """Return all files as one table in degrees, numbered, each row with its file's name."""
    parts = [gpd.read_file(path, **options).to_crs(4326).assign(file=path.stem) for path in paths]
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=4326)
    return table.drop(columns=["id"], errors="ignore").assign(id=range(1, len(table) + 1))
