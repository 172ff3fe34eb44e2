"""One source as read: its records, where each stood in the file, and what was done to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pipeline.findings import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import numpy as np

    from pipeline.findings import Finding

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
    """

    path: str
    sha256: str
    bytes: int
    features: int
    encoding: str = ""
    crs: str = ""
    operation: str = ""
    accuracy_m: float | None = None

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
    """

    frame: Any
    rows: np.ndarray
    encoding: str = ""
    findings: list[Finding] = field(default_factory=list)


@dataclass
class Table:
    """A source ready to be standardised.

    Attributes
    ----------
    frame
        Columns under the names of the file, geometry in :data:`CANONICAL_CRS`.
    rows
        int64, shape ``(n,)``; see :class:`Raw`.
    """

    frame: gpd.GeoDataFrame
    rows: np.ndarray
    facts: Facts
    findings: list[Finding]
