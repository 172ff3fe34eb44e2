"""Layers from wherever they are: a table of attributes and a column of WKB in degrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import TilingError
from pipeline.tiling.arrow import json_column
from pipeline.tiling.reading.gdal import faults, open_layers
from pipeline.tiling.reading.transform import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geopandas import GeoDataFrame

    from pipeline.tiling.reading.source import Source

PARQUET = (".parquet", ".geoparquet", ".pq")


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
    if path.suffix.lower() in PARQUET:
        return [_from_parquet(name or path.stem, path)]
    return [source for layer in open_layers(name, path) for source in layer.parts()]


def _from_parquet(name: str, path: Path) -> Source:
    try:
        # Not read_table: it imports pyarrow.dataset and with it pandas, half a second for nothing.
        table = pq.ParquetFile(path, memory_map=True).read()
    except (OSError, pa.ArrowException) as error:
        raise TilingError(f"{path}: cannot be read as Parquet: {error}") from error
    layout = parquet_layout(table.schema, path)
    if layout is None:
        return _from_encoded(name, path)
    column, dropped, crs = layout
    return source_of(name, str(path), table.drop_columns(dropped), column, crs)


def _from_encoded(name: str, path: Path) -> Source:
    """Read geometry that is not written as WKB."""
    import geopandas

    try:
        frame = geopandas.read_parquet(path)
    except faults() as error:
        raise TilingError(f"{path}: cannot be read as Parquet: {error}") from error
    return _from_frame(name, frame, str(path))


def parquet_layout(schema: pa.Schema, path: Path) -> tuple[str, list[str], Any] | None:
    """Return the geometry column, columns to drop and the reference system of GeoParquet.

    ``None`` if its geometry is not written as WKB.

    Raises
    ------
    TilingError
        If the file does not say which of its columns is the geometry.
    """
    try:
        described = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        column = described.get("primary_column")
        if column not in schema.names:
            raise TilingError(f"{path}: is no GeoParquet file (it has no 'geo' description)")
        facts = described["columns"][column]
        if facts.get("encoding") != "WKB":
            return None
        extra = [c for c in described["columns"] if c != column] + _covering(facts)
        crs = facts.get("crs", {"id": {"authority": "OGC", "code": "CRS84"}})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TilingError(f"{path}: its 'geo' description is damaged: {error!r}") from error
    return column, [name for name in dict.fromkeys(extra) if name in schema.names], crs


def _covering(facts: dict[str, Any]) -> list[str]:
    """Return the columns that only repeat the bounds of shapes (GeoParquet 1.1, covering)."""
    paths = [path for box in facts.get("covering", {}).values() for path in box.values()]
    return [path[0] for path in paths]


def _from_frame(name: str, frame: GeoDataFrame, file: str = "") -> Source:
    column = frame.geometry.name
    others = [c for c in frame.columns if c != column]
    extra = [c for c in others if hasattr(frame[c], "geom_type")]
    mixed = {
        c: json_column(_plain(frame[c])) for c in others
        if c not in extra and frame[c].dtype == object and not _is_uniform(frame[c])
    }  # fmt: skip
    rest = frame.drop(columns=[*extra, *mixed])
    table = pa.table(rest.to_arrow(index=False, geometry_encoding="WKB"))
    for at, other in enumerate([c for c in frame.columns if c not in extra]):
        if other in mixed:
            table = table.add_column(at, other, mixed[other])
    crs = frame.crs
    return source_of(name, file, table, column, None if crs is None else crs.to_json_dict())


def _is_uniform(values: Any) -> bool:
    """Tell whether Arrow can hold a column as it is."""
    try:
        pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return False
    return True


def _plain(values: Any) -> list[Any]:
    """Return the values of a pandas column; what is missing there becomes ``None``."""
    import pandas

    return [
        None if pandas.api.types.is_scalar(value) and pandas.isna(value) else value
        for value in values
    ]
