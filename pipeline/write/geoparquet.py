"""GeoParquet 1.1: the canonical form of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd


def write_geoparquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as GeoParquet with a bounding-box column per feature.

    Parameters
    ----------
    frame
        Geometry in EPSG:6668 degrees.
    path
        File to write; equal frames give equal bytes.
    """
    frame.to_parquet(
        path, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True
    )
