"""One source as read: its records, where each stood in the file, and what was done to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.findings import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from pipeline.findings import Finding

Exact = dict[str, dict[int, Any]]

CANONICAL_CRS = "EPSG:6668"
"""JGD2011 geographic degrees, longitude first: the CRS of every table inside the pipeline."""


TABULAR = (".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods")
"""Endings of files whose records a person finds by row number."""


def place(path: str, number: int) -> dict[str, Any]:
    """Return how a finding names record `number` of a file: by row, or as a feature from 1."""
    if path.lower().endswith(TABULAR):
        return {"row": number}
    return {"feature": str(number)}


def places(path: str, numbers: Iterable[int], values: Iterable[object] = ()) -> list[Place]:
    """Return how a finding names records of a file, with the values that stand there.

    Parameters
    ----------
    numbers
        Of the records, as :attr:`Raw.rows` has them.
    values
        One per record; none if the finding is not about a value.
    """
    pairs = zip_longest(numbers, (str(value) for value in values), fillvalue="")
    return [Place(value=str(value), **place(path, int(number))) for number, value in pairs]


@dataclass(frozen=True)
class Facts:
    """Provenance of a source, kept in the manifest.

    Attributes
    ----------
    path
        As declared.
    sha256, bytes
        Of the file, or of all files of a Shapefile in order of name.
    features
        Records in the file, before any check.
    encoding
        Text encoding used; empty for formats that fix it.
    crs
        CRS the coordinates were understood in.
    operation
        Coordinate operation to EPSG:6668, as PROJ or we name it.
    accuracy_m
        Its stated accuracy in metres; ``None`` when nobody states one.
    reader
        The library that read the file, with its version and that of its GDAL.
    """

    path: str
    sha256: str
    bytes: int
    features: int
    encoding: str = ""
    crs: str = ""
    operation: str = ""
    accuracy_m: float | None = None
    reader: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return dict(vars(self))


@dataclass
class Raw:
    """Records of a file before coordinates are understood.

    Attributes
    ----------
    frame
        Attribute columns under the names of the file; a ``GeoDataFrame`` if the format
        carries geometry, whose ``crs`` is what the file itself says (possibly none).
    rows
        int64, shape ``(n,)``: the row of each record as a spreadsheet counts, or the
        position from 1 in a geometry file.
    encoding
        Text encoding used; empty for formats that fix it.
    exact
        Values behind cells that show something else, ``{column: {position: value}}``: a sheet
        shows 12 % or 令和6年4月1日 and holds 0.123 or 2024-04-01. Fields of text take what is
        shown, numbers and dates the value.
    tables
        Sheets or layers of the file, the one read included.
    reader
        The library that read it, with its version.
    """

    frame: Any
    rows: np.ndarray
    encoding: str = ""
    findings: list[Finding] = field(default_factory=list)
    exact: Exact = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    reader: str = ""

    def __getstate__(self) -> dict[str, Any]:
        """Travel between processes with the shapes as one array of WKB, not one by one."""
        state = dict(vars(self))
        if hasattr(self.frame, "geom_type"):
            name = self.frame.geometry.name
            shapes = shapely.to_wkb(self.frame.geometry.to_numpy())
            plain = pd.DataFrame(self.frame.drop(columns=name))
            state["frame"] = (plain, list(self.frame.columns), name, shapes, self.frame.crs)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the table of shapes again."""
        vars(self).update(state)
        if isinstance(self.frame, tuple):
            plain, columns, name, shapes, crs = self.frame
            geometry = gpd.GeoSeries(shapely.from_wkb(shapes), crs=crs, index=plain.index)
            frame = gpd.GeoDataFrame(plain.assign(**{name: geometry}), geometry=name, crs=crs)
            self.frame = frame[columns]


def by_value(column: pd.Series, exact: Mapping[int, Any] | None) -> pd.Series:
    """Return a column with the values behind its cells in place of what they show.

    Parameters
    ----------
    column
        As read.
    exact
        Of this column; see :class:`Raw`.
    """
    if not exact:
        return column
    changed = column.astype(object).to_numpy(copy=True)
    changed[list(exact)] = list(exact.values())
    return pd.Series(changed, index=column.index, dtype=object)


@dataclass
class Table:
    """A source ready to be standardised.

    Attributes
    ----------
    frame
        Columns under the names of the file, geometry in :data:`CANONICAL_CRS`.
    rows
        int64, shape ``(n,)``; see :class:`Raw`.
    exact
        See :class:`Raw`.
    """

    frame: gpd.GeoDataFrame
    rows: np.ndarray
    facts: Facts
    findings: list[Finding]
    exact: Exact = field(default_factory=dict)
