"""GeoParquet 1.1: the canonical form of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


MOMENTS = pd.DatetimeTZDtype("us", "Asia/Tokyo")


def write_geoparquet(frame: pd.DataFrame, path: Path, moments: Collection[str] = ()) -> None:
    """Write a layer as GeoParquet with a bounding-box column per feature.

    Parameters
    ----------
    frame
        Geometry in EPSG:6668 degrees; a table without geometry becomes plain Parquet.
    path
        File to write; equal frames give equal bytes.
    moments
        Columns of ISO 8601 text that become timestamps (microseconds, Japanese time).
    """
    if moments:
        read = {name: pd.to_datetime(frame[name], utc=True, format="ISO8601") for name in moments}
        frame = frame.assign(**{name: column.astype(MOMENTS) for name, column in read.items()})
    if not isinstance(frame, gpd.GeoDataFrame):
        frame.to_parquet(path, index=False, compression="zstd")
        return
    frame.to_parquet(
        path, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True
    )
