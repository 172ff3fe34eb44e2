"""What an operation is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from pipeline.findings import Finding
    from pipeline.standardise.columns import Field


@dataclass(frozen=True)
class Given:
    """A dataset an operation starts from.

    Attributes
    ----------
    frame
        Columns ``municipality_code``, those of `fields`, and with geometry ``geometry``
        (EPSG:6668 degrees); further columns may stand there and are of no concern.
    fields
        ``{name: field}`` in order, each with its type.
    """

    frame: pd.DataFrame
    fields: dict[str, Field]


@dataclass(frozen=True)
class GivenRaster:
    """A raster that a table is made from.

    Attributes
    ----------
    folder
        Of its levels (:mod:`pipeline.raster.levels`).
    facts
        What drawing it said.
    """

    folder: Path
    facts: dict[str, Any]


@dataclass(frozen=True)
class Derived:
    """What an operation made.

    Attributes
    ----------
    frame
        Columns as in :class:`Given`, dtypes those of :data:`pipeline.standardise.values.DTYPES`.
    fields
        Of its columns, in order.
    counts
        JSON-ready: what was kept, put together or left out, for the report.
    findings
        Rows that could not take part, each named; an error stops what depends on it.
    marked
        Whether the field ``suppressed`` was made here: it is published with what it marks.
    """

    frame: pd.DataFrame
    fields: list[Field]
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    marked: bool = False
