"""The same table made twice: floor area of buildings by 250 m cell and use, divided by area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import TypeAdapter

from pipeline.config.operations import Origin
from pipeline.derive import mesh
from pipeline.derive.tables import Given
from pipeline.derive.zones import zones
from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEVEL = mesh.LEVELS["250m"]
METRES = "EPSG:6670"
CODES = ("401005", "352012", "402133")


def ours(path: Path) -> pd.DataFrame:
    """Do it with the operation a declaration names."""
    frame = gpd.read_parquet(path).set_crs("EPSG:6668", allow_override=True)
    frame.insert(0, "municipality_code", np.array(CODES, dtype=object)[frame["id"] % 3])
    fields = {
        "use": Field("use", "用途", "", "string"),
        "area": Field("area", "面積", "", "number"),
    }
    options = {
        "records": "buildings",
        "operation": "zones",
        "mesh": LEVEL.name,
        "allocate": "area",
        "per": ["use"],
        "measures": {
            "area": {"kind": "sum", "of": "area"},
            "buildings": {"kind": "count"},
        },
    }
    given = Given(frame[["municipality_code", "use", "area", "geometry"]], fields)
    made = zones(TypeAdapter(Origin).validate_python(options), given).frame
    table = pd.DataFrame(made[["mesh_code", "use", "area"]])
    return table.set_index(["mesh_code", "use"]).astype(float)


def plain_geopandas(path: Path) -> pd.DataFrame:
    """Do it as a tutorial would: overlay with the cells, share of the area, dissolve."""
    frame = gpd.read_parquet(path).set_crs("EPSG:6668", allow_override=True)
    frame = frame[["id", "use", "area", "geometry"]]
    parts = gpd.overlay(frame, _cells(frame), how="intersection", keep_geom_type=True)
    whole = pd.Series(shapely.area(frame.geometry.to_numpy()), index=frame["id"])
    parts["area"] *= shapely.area(parts.geometry.to_numpy()) / whole.loc[parts["id"]].to_numpy()
    parts["pieces"] = 1
    sums = parts.drop(columns="id").dissolve(
        ["mesh_code", "use"], aggfunc={"area": "sum", "pieces": "sum"}
    )
    return pd.DataFrame(sums[["area", "pieces"]]).astype(float)


def _cells(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    west, south, east, north = frame.total_bounds
    row, column = mesh.position(np.array([west, east]), np.array([south, north]))
    size = LEVEL.size
    rows, columns = (np.arange(a // size, b // size + 1) * size for a, b in (row, column))
    row, column = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    codes = mesh.texts(mesh.codes(row, column, LEVEL), LEVEL)
    shapes = mesh.squares(row, column, size)
    return gpd.GeoDataFrame({"mesh_code": codes}, geometry=shapes, crs=frame.crs)


CONTESTANTS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "ours": ours,
    "geopandas": plain_geopandas,
}
