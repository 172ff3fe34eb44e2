"""CSV as a spreadsheet in a Japanese office opens it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.standardise.headings import headings_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Credited(Protocol):
    """What a file says of the terms it may be used under."""

    @property
    def title(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def licence_url(self) -> str: ...
    @property
    def attribution(self) -> str: ...


def write_csv(
    frame: pd.DataFrame,
    path: Path,
    credit: Credited | None = None,
    headings: Mapping[str, str] | None = None,
) -> None:
    """Write a layer's attributes with one position per feature.

    UTF-8 with a byte order mark, because spreadsheets take a file without one for the local
    encoding. ``longitude`` and ``latitude`` are the point itself, or for lines and areas a
    point on them (not the centroid, which may lie outside); the shape is in the other formats.

    Parameters
    ----------
    frame
        Geometry in EPSG:6668 degrees; without geometry there are no positions.
    path
        File to write; equal frames give equal bytes.
    credit
        Written beside it as ``….csv-metadata.json``, where W3C's tabular metadata is looked for.
    headings
        By column, where that is not its name; the metadata tells both.
    """
    table = _positions(frame) if isinstance(frame, gpd.GeoDataFrame) else frame.copy()
    for name in table.columns:
        if pd.api.types.is_bool_dtype(table[name]):
            table[name] = table[name].map({True: "1", False: "0"}).astype(object)
    if credit is not None:
        _write_metadata(path, credit, list(table.columns), headings or {})
    if headings:
        table.columns = headings_of(table.columns, headings)
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _write_metadata(
    path: Path, credit: Credited, columns: list[str], headings: Mapping[str, str]
) -> None:
    said: dict[str, Any] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "ja"}],
        "url": path.name,
        "dc:title": credit.title,
        "dc:license": {"@id": credit.licence_url} if credit.licence_url else credit.licence,
        "dc:rights": credit.attribution,
    }
    if headings:
        named = [{"name": name, "titles": headings.get(name, name)} for name in columns]
        said["tableSchema"] = {"columns": named}
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    path.with_name(f"{path.name}-metadata.json").write_text(text, encoding="utf-8")


def _positions(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    points[shapely.is_empty(points)] = None
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table["longitude"] = shapely.get_x(points).round(7)
    table["latitude"] = shapely.get_y(points).round(7)
    return table
