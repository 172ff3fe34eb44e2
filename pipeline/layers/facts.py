"""What steps say of a table to the steps after them and to the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.findings import Catalogue, Finding
from pipeline.standardise.columns import MARKER, Field

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def fields_of(facts: dict[str, Any]) -> dict[str, Field]:
    """Return the fields a step says its table has."""
    found = (Field(**spec | {"headings": tuple(spec["headings"])}) for spec in facts["fields"])
    return {field.name: field for field in found}


def misnamed(fields: dict[str, Field], place: str) -> list[Finding]:
    """Refuse a field that has the name of the mark of suppressed numbers and is none.

    What a ledger itself calls ``suppressed`` is believed as long as it says yes or no: its empty
    numbers count as withheld then, and the mark goes on with what is made of them.
    """
    kind = fields[MARKER].type if MARKER in fields else "boolean"
    if kind == "boolean":
        return []
    return [Catalogue.of("pipeline").finding("marker-misnamed", field=place, value=kind)]


def with_places(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table as one with geometry: its own, or none in any row."""
    # The manifest is written without the libraries of tables.
    import geopandas as gpd  # noqa: PLC0415

    from pipeline.sources.table import CANONICAL_CRS  # noqa: PLC0415

    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    nowhere = gpd.GeoSeries([None] * len(frame), frame.index)
    return gpd.GeoDataFrame(frame, geometry=nowhere, crs=CANONICAL_CRS)
