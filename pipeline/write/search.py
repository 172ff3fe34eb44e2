"""Names to search for, as the map page reads them: one small file of columns for a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import shapely

from pipeline.standardise.search_keys import search_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

DECIMALS = 5
"""Of a degree: about a metre, enough to lead there."""


def write_search(frame: gpd.GeoDataFrame, path: Path, fields: Sequence[str]) -> None:
    """Write what can be searched for in a layer.

    Parameters
    ----------
    frame
        Published features: a column ``id`` and geometry in EPSG:6668 degrees.
    path
        File to write; equal frames give equal bytes. With nothing to find there is none.
    fields
        The name first, then what else leads to a feature: readings, addresses. Features without
        a place or a name are left out: there is nothing to go to, or nothing to show.
    """
    columns = search_columns(frame, fields)
    if columns["ids"]:
        path.write_bytes(orjson.dumps(columns))


def search_columns(frame: gpd.GeoDataFrame, fields: Sequence[str]) -> dict[str, Any]:
    """Return ``names``, ``keys``, ``also`` (keys of the other fields), ``ids``, ``x`` and ``y``.

    The texts are joined by line breaks; a key that equals its name is left empty.
    """
    first, *others = fields
    named = frame[first].notna() & (frame[first].astype(str) != "")
    shown = frame[named & frame.geometry.notna() & ~frame.geometry.is_empty]
    points = shapely.point_on_surface(shown.geometry.to_numpy())
    names = [" ".join(str(name).split()) for name in shown[first]]
    keys = [search_key(name) for name in names]
    also = [
        " ".join(search_key(str(value)) for value in row if isinstance(value, str) and value)
        for row in shown[list(others)].itertuples(index=False, name=None)
    ]
    return {
        "names": "\n".join(names),
        "keys": "\n".join("" if k == n else k for k, n in zip(keys, names, strict=True)),
        "also": "\n".join(also),
        "ids": [int(identity) for identity in shown["id"]],
        "x": [round(float(x), DECIMALS) for x in shapely.get_x(points)],
        "y": [round(float(y), DECIMALS) for y in shapely.get_y(points)],
    }
