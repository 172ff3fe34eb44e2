"""GeoJSON as RFC 7946 wants it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pyogrio

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

DECIMALS = 7
"""Of a degree: about a centimetre, finer than any ledger."""


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as GeoJSON.

    RFC 7946 knows WGS 84 only; JGD2011 agrees with it to within a metre (EPSG operation
    'JGD2011 to WGS 84 (1)'), so coordinates are written as they are. Rings follow the
    right-hand rule (3.1.6) and ``id`` is the feature id (3.2).

    Parameters
    ----------
    frame
        With an integer column ``id``; geometry in EPSG:6668 degrees.
    path
        File to write; equal frames give equal bytes.
    """
    relabelled = frame.set_crs("EPSG:4326", allow_override=True)
    with warnings.catch_warnings():
        # A layer whose features all lack a place is still a table worth publishing.
        warnings.filterwarnings("ignore", message=".*geometry_type.*")
        pyogrio.write_dataframe(
            relabelled,
            path,
            driver="GeoJSON",
            geometry_type=_common_type(frame),
            layer_options={
                "RFC7946": "YES",
                "COORDINATE_PRECISION": str(DECIMALS),
                "ID_FIELD": "id",
                "WRITE_NAME": "NO",
            },
        )


def _common_type(frame: gpd.GeoDataFrame) -> str:
    kinds = set(frame.geometry.geom_type.dropna())
    return kinds.pop() if len(kinds) == 1 else "Unknown"
