"""GeoJSON (RFC 7946) read as the JSON it is, so that no value changes its type on the way.

GDAL gives a column one type: a number here and a text there arrive as text with marks of JSON in
it, and text that looks like a date is rewritten. Here every property keeps what was written.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.refusals import unreadable
from pipeline.sources.table import Raw, places

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.sources import Source

GEOMETRIES = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
     "GeometryCollection"}
)  # fmt: skip
WGS84 = "EPSG:4326"
"""CRS of GeoJSON that does not say otherwise; its coordinates are longitude first."""


def read_geojson(path: Path, source: Source) -> Raw:
    """Read a GeoJSON file.

    Raises
    ------
    SourceError
        If it is no GeoJSON, is cut short, is not UTF-8 or holds no feature.
    """
    document = _parsed(path.read_bytes(), source)
    features = _features(document, source)
    if not features:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    findings: list[Finding] = []
    shapes = _shapes(features, source, findings)
    columns, renamed = _columns(features)
    findings += [
        Catalogue.of("pipeline").finding("column-repeated", file=source.path, field=name)
        for name in renamed
    ]
    if all(shape is None for shape in shapes):
        raise SourceError([Catalogue.of("pipeline").finding("geometry-none", file=source.path)])
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=_crs(document, source))
    rows = np.arange(1, len(features) + 1, dtype=np.int64)
    return Raw(frame, rows, "", findings, reader=f"orjson {orjson.__version__}")


def _parsed(content: bytes, source: Source) -> dict[str, Any]:
    text = content.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            [Catalogue.of("pipeline").finding("geojson-not-utf8", file=source.path)]
        ) from error
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # At the very end nothing is wrong but that something is missing.
        cause = "truncated" if error.pos >= len(text.decode().rstrip()) - 1 else "damaged"
        if "recursion" in str(error):
            raise unreadable(source.path, "too-deep") from error
        raise unreadable(source.path, cause, detail=error) from error
    if not isinstance(document, dict):
        raise unreadable(source.path, "damaged", detail="not a GeoJSON object")
    return document


def _features(document: dict[str, Any], source: Source) -> list[dict[str, Any]]:
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[dict[str, Any]] = document["features"]
    elif kind == "Feature":
        features = [document]
    elif kind in GEOMETRIES:
        features = [{"geometry": document, "properties": {}}]
    else:
        raise unreadable(
            source.path, "damaged", detail=f"no FeatureCollection of GeoJSON (type: {kind})"
        )
    wrong = [
        position
        for position, feature in enumerate(features, start=1)
        if not isinstance(feature, dict)
        or not isinstance(feature.get("properties"), dict | None)
        or not isinstance(feature.get("geometry"), dict | None)
    ]
    if wrong:
        raise _records_broken(source, "records-broken", wrong)
    return features


def _records_broken(source: Source, code: str, positions: list[int]) -> SourceError:
    return SourceError(
        [
            Catalogue.of("pipeline").finding(
                code, file=source.path, places=places(source.path, positions)
            )
        ]
    )


def _shapes(
    features: list[dict[str, Any]], source: Source, findings: list[Finding]
) -> list[shapely.Geometry | None]:
    texts = [
        orjson.dumps(f["geometry"]).decode() if f.get("geometry") is not None else None
        for f in features
    ]
    try:
        return list(shapely.from_geojson(texts))
    except (shapely.errors.ShapelyError, ValueError):
        broken = [i for i, text in enumerate(texts, start=1) if not _is_shape(text)]
        raise _records_broken(source, "record-broken-shape", broken) from None


def _is_shape(text: str | None) -> bool:
    try:
        shapely.from_geojson(text)
    except (shapely.errors.ShapelyError, ValueError):
        return False
    return True


def _columns(features: list[dict[str, Any]]) -> tuple[pd.DataFrame, list[str]]:
    """Return the properties as columns and the names that belong to the shape."""
    properties = [feature.get("properties") or {} for feature in features]
    names = dict.fromkeys(name for each in properties for name in each)
    if not any("id" in each for each in properties) and any("id" in f for f in features):
        # RFC 7946, 3.2: the identifier of a feature is a member beside its properties.
        properties = [
            {"id": f.get("id")} | each for f, each in zip(features, properties, strict=True)
        ]
        names = {"id": None, **names}
    columns = {
        "geometry.2" if name == "geometry" else name: _column([p.get(name) for p in properties])
        for name in names
    }
    frame = pd.DataFrame(columns, index=range(len(features)))
    return frame, ["geometry"] if "geometry" in names else []


def _column(values: list[Any]) -> pd.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int} and all(abs(v) < 2**63 for v in values if v is not None):
        return pd.Series(values, dtype="Int64" if None in values else "int64")
    if kinds in ({float}, {int, float}):
        return pd.Series(values, dtype="float64")
    return pd.Series([None if v is None else _text(v) for v in values], dtype=object)


def _text(value: Any) -> str:
    """Return a value of a column of mixed kinds as text; what is made of parts, as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _crs(document: dict[str, Any], source: Source) -> CRS:
    """Return the CRS of the member *crs* of GeoJSON before RFC 7946, else WGS 84."""
    member = document.get("crs")
    if member is None:
        return CRS.from_user_input(WGS84)
    try:
        name = member["properties"]["name"]
        return CRS.from_user_input(WGS84 if name.endswith("CRS84") else name)
    except (CRSError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            [Catalogue.of("pipeline").finding("crs-unknown", file=source.path, value=member)]
        ) from error
