"""Tables between steps as GeoParquet, restored with the very types they had."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.graph.step import Entry

TABLE = "part-00000.parquet"
COLUMNS = "columns.json"


def write_table(frame: pd.DataFrame, folder: Path) -> None:
    """Write a table into the folder of a step.

    Parameters
    ----------
    frame
        With or without geometry. Columns of Python objects may hold anything JSON can.

    Raises
    ------
    TypeError
        If a cell holds what JSON cannot.
    """
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    columns, arrays = [], []
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        form, array = ("wkb", _wkb(column)) if name == geometry else _stored(column)
        columns.append({"name": name, "dtype": str(column.dtype), "form": form})
        arrays.append(array)
    crs = _crs(frame, geometry)
    table = pa.table(arrays, names=_file_names(frame, geometry))
    if geometry is not None:
        table = table.replace_schema_metadata({b"geo": json.dumps(_geo(crs)).encode()})
    pq.write_table(table, folder / TABLE, compression="zstd", compression_level=1)
    about = {"columns": columns, "geometry": geometry, "crs": crs}
    (folder / COLUMNS).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _file_names(frame: pd.DataFrame, geometry: str | None) -> list[str]:
    """Return the names columns have in the file: their own, unless those are not distinct."""
    names = ["geometry" if name == geometry else str(name) for name in frame.columns]
    if len(set(names)) == len(names):
        return names
    return [
        "geometry" if name == geometry else f"c{position}"
        for position, name in enumerate(frame.columns)
    ]


def read_table(entry: Entry) -> Any:
    """Read the table of a step: equal to the one written, index 0 … n-1."""
    about = json.loads(entry.path(COLUMNS).read_text(encoding="utf-8"))
    # memory_map would keep pages of a file that another build may replace.
    table = pq.read_table(entry.path(TABLE), memory_map=False)
    restored = [
        _restored(table.column(position), column)
        for position, column in enumerate(about["columns"])
    ]
    names = [column["name"] for column in about["columns"]]
    frame = pd.concat(restored, axis=1) if restored else pd.DataFrame()
    frame.columns = pd.Index(names, dtype=object)
    if about["geometry"] is None:
        return frame
    return gpd.GeoDataFrame(frame, geometry=about["geometry"], crs=about["crs"])


def _stored(column: pd.Series) -> tuple[str, pa.Array]:
    if column.dtype != object:
        return "plain", pa.Array.from_pandas(column)
    cells = [None if _absent(cell) else cell for cell in column]
    if all(cell is None or isinstance(cell, str) for cell in cells):
        return "text", pa.array(cells, pa.string())
    texts = [
        None if cell is None else json.dumps(tagged(cell), ensure_ascii=False) for cell in cells
    ]
    return "json", pa.array(texts, pa.string())


def _absent(cell: Any) -> bool:
    return (
        cell is None
        or cell is pd.NA
        or cell is pd.NaT
        or (isinstance(cell, float) and math.isnan(cell))
    )


def tagged(cell: Any) -> Any:
    """Return a cell as JSON holds it, with what JSON would forget of it."""
    if isinstance(cell, np.generic):
        return {"numpy": cell.dtype.str, "is": cell.item()}
    if hasattr(cell, "isoformat"):
        return {type(cell).__name__: cell.isoformat()}
    if isinstance(cell, bytes | bytearray):
        return {"bytes": bytes(cell).hex()}
    if isinstance(cell, dict | list | tuple | np.ndarray):
        return {"json": cell.tolist() if isinstance(cell, np.ndarray) else cell}
    return cell


def untagged(cell: Any) -> Any:
    """Return the cell of which :func:`tagged` made `cell`."""
    if not isinstance(cell, dict):
        return cell
    if "numpy" in cell:
        return np.dtype(cell["numpy"]).type(cell["is"])
    ((kind, content),) = cell.items()
    return _READ.get(kind, _same)(content)


def _same(content: Any) -> Any:
    return content


_READ: dict[str, Callable[[Any], Any]] = {
    "Timestamp": pd.Timestamp,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "bytes": bytes.fromhex,
}


def _restored(column: pa.ChunkedArray, about: dict[str, Any]) -> pd.Series:
    match about["form"]:
        case "wkb":
            return pd.Series(gpd.GeoSeries.from_wkb(column.to_numpy(zero_copy_only=False)))
        case "text":
            return pd.Series(column.to_pylist(), dtype=object)
        case "json":
            cells = [
                None if text is None else untagged(json.loads(text)) for text in column.to_pylist()
            ]
            restored = pd.Series([None] * len(cells), dtype=object)
            for position, cell in enumerate(cells):
                restored.iat[position] = cell
            return restored
        case _:
            series = column.to_pandas()
            return series if str(series.dtype) == about["dtype"] else series.astype(about["dtype"])


def _wkb(column: pd.Series) -> pa.Array:
    return pa.array(shapely.to_wkb(column.to_numpy()), pa.binary())


def _crs(frame: pd.DataFrame, geometry: str | None) -> str | None:
    if geometry is None or frame.crs is None:
        return None
    authority = frame.crs.to_authority()
    return ":".join(authority) if authority else str(frame.crs.to_wkt())


def _geo(crs: str | None) -> dict[str, Any]:
    from pyproj import CRS  # noqa: PLC0415

    return {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": [],
                "crs": None if crs is None else CRS.from_user_input(crs).to_json_dict(),
            }
        },
    }
