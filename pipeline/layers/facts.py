"""What steps say of a table to the steps after them and to the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def fields_of(facts: dict[str, Any]) -> dict[str, Field]:
    """Return the fields a step says its table has."""
    found = (Field(**spec | {"headings": tuple(spec["headings"])}) for spec in facts["fields"])
    return {field.name: field for field in found}


def with_places(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table as one with geometry: its own, or none in any row."""
    # The manifest is written without the libraries of tables.
    import geopandas as gpd  # noqa: PLC0415

    from pipeline.sources.table import CANONICAL_CRS  # noqa: PLC0415

    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    nowhere = gpd.GeoSeries([None] * len(frame), frame.index)
    return gpd.GeoDataFrame(frame, geometry=nowhere, crs=CANONICAL_CRS)
