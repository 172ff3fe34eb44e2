"""Layers from wherever they are: a table of attributes and a column of WKB in degrees."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError, TilingError
from pipeline.findings import Catalogue, has_error
from pipeline.tiling.arrow import contiguous

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geopandas import GeoDataFrame

    from pipeline.findings import Finding

_CATALOGUE = Catalogue.of("pipeline.tiling")
_DEGREES = {("EPSG", "4326"), ("EPSG", "6668"), ("EPSG", "4612"), ("OGC", "CRS84")}
"""Systems whose numbers are the tiles' longitude and latitude, to well within a tile's grid."""


@dataclass(frozen=True)
class Source:
    """One layer as it was read.

    Attributes
    ----------
    name
        Name of the layer.
    file
        Where it came from; empty for a table in memory.
    attributes
        All columns but the geometry.
    geometry
        WKB in degrees of longitude and latitude, one entry per row.
    findings
        What was noticed on the way.
    """

    name: str
    file: str
    attributes: pa.Table
    geometry: pa.Array
    findings: list[Finding] = field(default_factory=list)


Input = "GeoDataFrame | str | Path"


def read_layers(layers: Any) -> list[Source]:
    """Read every layer of a tileset.

    Parameters
    ----------
    layers
        A GeoDataFrame, a path, or a mapping of layer names to either. A path may be GeoParquet or
        anything GDAL reads; a file of several layers gives them all.

    Raises
    ------
    TilingError
        If a file is missing or cannot be read, or has no geometry.
    """
    if not hasattr(layers, "items") or hasattr(layers, "geometry"):
        return _read(None, layers)
    named: Mapping[str, Any] = layers
    found = [source for name, item in named.items() for source in _read(name, item)]
    if not found:
        raise TilingError("there is no layer to cut")
    return found


def _read(name: str | None, item: Any) -> list[Source]:
    if hasattr(item, "to_arrow"):
        return [_from_frame(name or "layer", item)]
    path = Path(item)
    if not path.exists():
        raise TilingError(f"{path}: no such file")
    if path.suffix.lower() in (".parquet", ".geoparquet", ".pq"):
        return [_from_parquet(name or path.stem, path)]
    return _from_gdal(name, path)


def _from_parquet(name: str, path: Path) -> Source:
    try:
        # Not read_table: it imports pyarrow.dataset and with it pandas, half a second for nothing.
        table = pq.ParquetFile(path, memory_map=True).read()
    except (OSError, pa.ArrowException) as error:
        raise TilingError(f"{path}: cannot be read as Parquet: {error}") from error
    layout = parquet_layout(table.schema, path)
    if layout is None:
        import geopandas

        return _from_frame(name, geopandas.read_parquet(path), str(path))
    column, dropped, crs = layout
    return source_of(name, str(path), table.drop_columns(dropped), column, crs)


def parquet_layout(schema: pa.Schema, path: Path) -> tuple[str, list[str], Any] | None:
    """Return the geometry column, columns to drop and the reference system of GeoParquet.

    ``None`` if its geometry is not written as WKB.
    """
    described = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    column = described.get("primary_column")
    if column not in schema.names:
        raise TilingError(f"{path}: is no GeoParquet file (it has no 'geo' description)")
    facts = described["columns"][column]
    if facts.get("encoding") != "WKB":
        return None
    extra = [c for c in described["columns"] if c != column]
    crs = facts.get("crs", {"id": {"authority": "OGC", "code": "CRS84"}})
    return column, [*extra, "bbox"] if "covering" in facts else extra, crs


def _from_gdal(name: str | None, path: Path) -> list[Source]:
    import pyogrio
    from pyogrio.raw import read_arrow

    try:
        layers = layers_in(path)
        sources = []
        for layer in layers:
            facts, table = read_arrow(path, layer=layer)
            column = facts["geometry_name"] or "wkb_geometry"
            title = title_of(name, layer, layers, path)
            sources.append(source_of(title, str(path), table, column, facts["crs"]))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise TilingError(f"{path}: cannot be read: {error}") from error
    return sources


def layers_in(path: Path) -> list[str]:
    """Return the layers with geometry of a file GDAL reads."""
    import pyogrio

    layers = [str(layer) for layer, kind in pyogrio.list_layers(path) if kind is not None]
    if not layers:
        raise TilingError(f"{path}: has no geometry")
    return layers


def title_of(name: str | None, layer: str, layers: list[str], path: Path) -> str:
    """Return how a layer of a file is called in the tileset."""
    return name if name and len(layers) == 1 else layer if len(layers) > 1 else path.stem


def _from_frame(name: str, frame: GeoDataFrame, file: str = "") -> Source:
    column = frame.geometry.name
    plain = frame.copy(deep=False)
    for other in plain.columns:
        if other != column and plain[other].dtype == object:
            plain[other] = _simple(plain[other])
    extra = [c for c in plain.columns if c != column and hasattr(plain[c], "geom_type")]
    table = pa.table(plain.drop(columns=extra).to_arrow(index=False, geometry_encoding="WKB"))
    crs = frame.crs
    return source_of(name, file, table, column, None if crs is None else crs.to_json_dict())


def _simple(values: Any) -> Any:
    """Return a column Arrow can hold: as it is, else every value that is not text as JSON."""
    try:
        pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        import orjson
        import pandas

        def text(value: Any) -> Any:
            if isinstance(value, str) or (pandas.api.types.is_scalar(value) and pandas.isna(value)):
                return value
            return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

        return values.map(text)
    return values


def source_of(name: str, file: str, table: pa.Table, column: str, crs: Any) -> Source:
    """Return a table with a column of WKB, in whichever system, as a layer in degrees."""
    wkb = contiguous(table.column(column))
    if isinstance(wkb, pa.ExtensionArray):
        wkb = wkb.storage
    findings: list[Finding] = []
    if crs is None:
        findings.append(_CATALOGUE.finding("crs-unknown", file=file))
    elif not _is_degrees(crs):
        wkb, said = _to_degrees(wkb, crs, file)
        findings += said
    wkb = wkb.cast(pa.large_binary())
    return Source(name, file, table.drop_columns([column]), wkb, findings)


def _is_degrees(crs: Any) -> bool:
    if isinstance(crs, str):
        authority, _, code = crs.rpartition(":")
        return (authority, code) in _DEGREES
    found = crs.get("id", {})
    return (str(found.get("authority")), str(found.get("code"))) in _DEGREES


def _to_degrees(wkb: pa.Array, crs: Any, file: str) -> tuple[pa.Array, list[Finding]]:
    """Transform WKB to longitude and latitude; also say from which system and how."""
    import numpy as np
    import pyproj
    import shapely

    from pipeline.sources.crs import crs_label, operation_to_canonical, vouched

    system = pyproj.CRS.from_user_input(crs)
    operation = operation_to_canonical(system)
    findings = vouched(operation, system, file)
    if has_error(findings):
        raise SourceError(findings)
    shapes = shapely.from_wkb(np.asarray(wkb.to_pylist(), object))
    # JGD2011 is WGS 84 to within a metre, which is what tiles are in.
    moved = shapely.transform(shapes, operation.apply)
    written = pa.array(list(shapely.to_wkb(moved)), pa.large_binary())
    label = crs_label(system)
    said = _CATALOGUE.finding("crs-transformed", file=file, crs=label, operation=operation.name)
    return written, [*findings, said]
