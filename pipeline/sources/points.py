"""Points from coordinate columns of a ledger."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.table import Raw, by_value, places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.sources import PointColumns


def with_points(raw: Raw, columns: PointColumns, file: str) -> Raw:
    """Give a table of text cells a point geometry.

    A row without coordinates keeps its attributes and gets no point; an unreadable
    coordinate is an error. Both are reported.

    Raises
    ------
    SourceError
        If a coordinate column is not in the file.
    """
    catalogue = Catalogue.of("pipeline")
    known = [str(name) for name in raw.frame.columns]
    absent = [name for name in (columns.x, columns.y) if name not in known]
    if absent:
        raise SourceError(
            [
                catalogue.finding("field-absent", file=file, field=name, known=", ".join(known))
                for name in absent
            ]
        )
    x = _numbers(raw, columns.x, file)
    y = _numbers(raw, columns.y, file)
    complete = ~(np.isnan(x) | np.isnan(y))
    points = np.full(len(x), None, dtype=object)
    points[complete] = shapely.points(x[complete], y[complete])
    blank = np.zeros(len(x), bool)
    for name in (columns.x, columns.y):
        blank |= _blank(by_value(raw.frame[name], raw.exact.get(name)))
    if blank.any():
        raw.findings.append(
            catalogue.finding(
                "coordinate-missing",
                file=file,
                field=f"{columns.x}, {columns.y}",
                places=places(file, raw.rows[blank]),
            )
        )
    frame = gpd.GeoDataFrame(raw.frame, geometry=list(points))
    return replace(raw, frame=frame)


def _blank(column: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(column.astype(str).str.strip() == "")


def _numbers(raw: Raw, name: str, file: str) -> NDArray[np.float64]:
    text = by_value(raw.frame[name], raw.exact.get(name)).astype(str)
    plain = text.map(lambda cell: unicodedata.normalize("NFKC", cell).strip().replace("−", "-"))
    numbers: NDArray[np.float64] = pd.to_numeric(plain, errors="coerce").to_numpy(np.float64)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    bad = np.flatnonzero(np.isnan(numbers) & ~_blank(text))
    if len(bad):
        raw.findings.append(_unreadable(raw, name, file, bad))
    return numbers


def _unreadable(raw: Raw, name: str, file: str, bad: NDArray[np.int64]) -> Finding:
    return Catalogue.of("pipeline").finding(
        "coordinate-unreadable",
        file=file,
        field=name,
        places=places(file, raw.rows[bad], raw.frame[name].iloc[bad]),
    )
