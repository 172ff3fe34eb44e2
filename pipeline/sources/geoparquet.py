"""GeoParquet and plain Parquet, types as they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sources.refusals import unreadable
from pipeline.sources.table import Raw

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.sources import Source

READER = f"geopandas {gpd.__version__}, pyarrow {pa.__version__}"
NESTED = (pa.types.is_struct, pa.types.is_list, pa.types.is_large_list, pa.types.is_map)


def read_parquet(path: Path, source: Source) -> Raw:
    """Read a Parquet file; with geometry if its metadata names some (GeoParquet 1.0, 1.1).

    Columns that hold columns, such as the bounding boxes of GeoParquet 1.1, are left out where
    the metadata says what they are, and are text (JSON) otherwise.

    Raises
    ------
    SourceError
        If it is damaged or its geometry cannot be understood.
    """
    try:
        file = pq.ParquetFile(path)
        geo = _geo(file.schema_arrow.metadata)
        helpers = _helpers(geo)
        names = [name for name in file.schema_arrow.names if name not in helpers]
        if geo:
            frame = gpd.read_parquet(path, columns=names)
        else:
            frame = file.read(columns=names).to_pandas()
        for field in file.schema_arrow:
            if field.name in frame.columns and any(test(field.type) for test in NESTED):
                frame[field.name] = frame[field.name].map(_as_text)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(source.path, "damaged", detail=str(error)[:200]) from error
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    return Raw(frame.reset_index(drop=True), rows, reader=READER)


def _geo(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    found = json.loads((metadata or {}).get(b"geo", b"{}"))
    return found if isinstance(found, dict) else {}


def _helpers(geo: dict[str, Any]) -> set[str]:
    """Return the columns that only help to find features: their bounding boxes."""
    columns = geo.get("columns", {}).values()
    paths = [part for c in columns for part in c.get("covering", {}).get("bbox", {}).values()]
    return {str(path[0]) for path in paths if path}


def _as_text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
