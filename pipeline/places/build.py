"""Make ``meshes.parquet`` from 総務省統計局's list of standard meshes by municipality.

``python -m pipeline.places.build FOLDER``: the folder holds one CSV per prefecture as the npm
package ``jp-data-mesh-csv`` mirrors them (「市区町村別メッシュ・コード一覧」（総務省統計局）, CC BY
4.0): code, name and mesh code of JIS X 0410, CP932.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.places.territory import TABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def runs(meshes: pd.DataFrame) -> pd.DataFrame:
    """Join meshes that lie side by side.

    Parameters
    ----------
    meshes
        Columns ``code`` and ``name`` of the municipality and ``mesh``, eight digits.

    Returns
    -------
    DataFrame
        Columns ``code``, ``name``, ``row`` (30″ of latitude from the equator), ``column`` (45″ of
        longitude from 100° E) of the westernmost mesh, and ``count`` of meshes eastwards.
    """
    row, column = _position(meshes["mesh"].to_numpy(np.int64))
    table = meshes[["code", "name"]].assign(row=row, column=column)
    table = table.drop_duplicates(["code", "row", "column"]).sort_values(["code", "row", "column"])
    before = table.shift()
    starts = (
        (table["code"] != before["code"])
        | (table["row"] != before["row"])
        | (table["column"] != before["column"] + 1)
    )
    joined = table[starts.to_numpy()].reset_index(drop=True)
    return joined.assign(count=table.groupby(starts.cumsum()).size().to_numpy())


def _position(mesh: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column of third-level codes ``ppuuqvrw`` (JIS X 0410)."""
    first, second, third = mesh // 10000, mesh // 100 % 100, mesh % 100
    row = first // 100 * 80 + second // 10 * 10 + third // 10
    return row, first % 100 * 80 + second % 10 * 10 + third % 10


def main(folder: Path) -> None:
    """Read every CSV of `folder` and write the table beside this module."""
    parts = [
        pd.read_csv(file, encoding="cp932", header=0, usecols=[0, 1, 2], dtype=str)
        for file in sorted(folder.glob("*.csv"))
    ]
    for part in parts:
        part.columns = pd.Index(["code", "name", "mesh"])
    table = runs(pd.concat(parts, ignore_index=True))
    types = {"code": pa.int32(), "row": pa.int16(), "column": pa.int16(), "count": pa.int16()}
    schema = pa.schema([("name", pa.string()), *types.items()])
    arrow = pa.Table.from_pandas(
        table.astype({"code": "int32"})[schema.names], schema, preserve_index=False
    )
    pq.write_table(arrow, TABLE, compression="zstd", compression_level=19)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
