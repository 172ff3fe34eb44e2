"""Geometry files: Shapefile (with its text decoded by us), GeoJSON, GeoPackage, FlatGeobuf …"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import fiona
import geopandas as gpd
import numpy as np
import pyogrio
from fiona.errors import FionaError
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.shapefile import (
    RAW_BYTES,
    decode_attributes,
    look_behind_gdal,
    require_parts,
)
from pipeline.sources.table import Raw

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.layers import Source


def read_vector(path: Path, source: Source) -> Raw:
    """Read a geometry file.

    Raises
    ------
    SourceError
        If the file is damaged beyond reading, lacks a part, or its text cannot be decoded.
    """
    shapefile = path.suffix.lower() == ".shp"
    if shapefile:
        require_parts(path, source)
    elif path.suffix.lower() in (".geojson", ".json"):
        _require_utf8(path, source)
    if path.stat().st_size == 0:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    layer, notes = _chosen_layer(path, source)
    frame, warned = _read(path, source, layer, RAW_BYTES if shapefile else None)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    raw = Raw(frame, rows, "", notes + warned)
    if shapefile:
        look_behind_gdal(raw, path, source)
        decode_attributes(raw, path, source)
    return raw


def _require_utf8(path: Path, source: Source) -> None:
    try:
        path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            [Catalogue.of("pipeline").finding("geojson-not-utf8", file=source.path)]
        ) from error


def _chosen_layer(path: Path, source: Source) -> tuple[str | None, list[Finding]]:
    """Return the layer of a file that may hold several, and a note if nobody chose it.

    Raises
    ------
    SourceError
        If the declared layer is not in the file.
    """
    catalogue = Catalogue.of("pipeline")
    if path.suffix.lower() == ".gml":
        # Listing its layers would make GDAL write a description (.gfs) beside the source.
        return source.table or None, []
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except (DataSourceError, DataLayerError, ValueError):
        return source.table or None, []
    if source.table and source.table not in names:
        listed = ", ".join(names)
        raise SourceError(
            [catalogue.finding("sheet-missing", file=source.path, sheet=source.table, known=listed)]
        )
    if source.table or len(names) < 2:
        return source.table or None, []
    others = ", ".join(names[1:])
    note = catalogue.finding("sheet-assumed", file=source.path, sheet=names[0], others=others)
    return names[0], [note]


def _read(
    path: Path, source: Source, layer: str | None, encoding: str | None
) -> tuple[Any, list[Finding]]:
    options = {"WRITE_GFS": "NO"} if path.suffix.lower() == ".gml" else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = pyogrio.read_dataframe(
                path, layer=layer, encoding=encoding, datetime_as_string=True, **options
            )
            info = pyogrio.read_info(path, layer=layer, encoding=encoding, **options)
        except (DataSourceError, DataLayerError, ValueError, ShapelyError) as error:
            frame = _salvage(path, source, error)
    notes = _explain_warnings([str(w.message) for w in caught], source)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError([Catalogue.of("pipeline").finding("geometry-none", file=source.path)])
    if "geometry" in info["fields"]:
        notes.append(_keep_column_called_geometry(frame, path, source, layer, encoding))
    _keep_kinds(frame, info)
    return frame, notes


def _keep_column_called_geometry(
    frame: Any, path: Path, source: Source, layer: str | None, encoding: str | None
) -> Finding:
    """Give an attribute that the shapes would replace a name of its own."""
    plain = pyogrio.read_dataframe(
        path, layer=layer, encoding=encoding, columns=["geometry"], read_geometry=False
    )
    frame["geometry.2"] = plain["geometry"]
    return Catalogue.of("pipeline").finding("column-repeated", file=source.path, field="geometry")


def _keep_kinds(frame: Any, info: dict[str, Any]) -> None:
    """Keep what pandas loses: yes and no beside missing values, and values made of parts."""
    for name, kind in zip(info["fields"], info["dtypes"], strict=True):
        if name == frame.geometry.name or list(frame.columns).count(name) != 1:
            continue
        if kind == "bool":
            frame[name] = frame[name].astype("boolean")
        elif frame[name].dtype == object:
            frame[name] = frame[name].map(_flat, na_action="ignore")


def _flat(cell: Any) -> Any:
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell


def _salvage(path: Path, source: Source, error: Exception) -> Any:
    """Say which records of a damaged file are unreadable, going through it one by one."""
    catalogue = Catalogue.of("pipeline")
    broken: list[int] = []
    try:
        with fiona.open(path, layer=source.table or None) as collection:
            for position in range(len(collection)):
                try:
                    collection[position]
                except (FionaError, ValueError, IndexError, KeyError):
                    broken.append(position + 1)
    except (FionaError, ValueError):
        broken = []
    if broken:
        listed = ", ".join(map(str, broken[:10]))
        finding = catalogue.finding(
            "records-broken", file=source.path, feature=listed, count=len(broken)
        )
    else:
        reason = str(error).replace(str(path), source.path)
        finding = catalogue.finding("source-unreadable", file=source.path, reason=reason)
    raise SourceError([finding]) from error


def _explain_warnings(messages: list[str], source: Source) -> list[Finding]:
    """Turn what GDAL only mutters into findings."""
    catalogue = Catalogue.of("pipeline")
    return [
        catalogue.finding("reader-warning", file=source.path, reason=message)
        for message in dict.fromkeys(messages)
    ]
