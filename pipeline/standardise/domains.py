"""What values of a schema may be: codes of a list, numbers within bounds, parts that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.findings import Catalogue, Finding
from pipeline.places.areas import square_metres
from pipeline.sources.table import places
from pipeline.standardise.codelists import code_key, code_list
from pipeline.standardise.columns import ROW
from pipeline.standardise.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from pipeline.config.sources import Source
    from pipeline.standardise.columns import Field

TOTALS = frozenset({"合計", "総計", "小計", "計", "総数", "total", "subtotal", "grandtotal"})
"""Labels of a row of totals, in NFKC, lower case, without blanks."""
SQUARE_METRES = frozenset({"m²", "㎡", "m2"})
HECTARE = 4.0
"""Decades between numbers in hectares and in square metres."""
GAP, FEWEST = 2.0, 4
"""Decades no number lies in between two units, and rows from which units can be told apart."""


def domain_findings(frame: gpd.GeoDataFrame, fields: Iterable[Field], path: str) -> list[Finding]:
    """Say which values a schema does not allow; all of them stay as they are.

    Parameters
    ----------
    frame
        As :func:`pipeline.standardise.fields.standardise` returns it.
    fields
        Those of the dataset.
    path
        Of the source, for the findings.
    """
    findings: list[Finding] = []
    for field in fields:
        column = frame[field.name]
        if field.codes:
            findings += _unknown_codes(frame, field, path)
        if field.type in ("integer", "number"):
            findings += _out_of_bounds(frame, field, column, path)
            if field.parts:
                findings += _margins(frame, field, path)
            if field.unit in SQUARE_METRES:
                findings += _mixed_units(frame, field, path)
    return findings


def _at(code: str, frame: Any, field: Field, rows: Any, path: str, **words: Any) -> list[Finding]:
    if not len(rows):
        return []
    values = [str(value) for value in frame[field.name].iloc[rows]]
    found = places(path, frame[ROW].iloc[rows], values)
    catalogue = Catalogue.of("pipeline")
    return [catalogue.finding(code, file=path, field=field.title_ja, places=found, **words)]


def _unknown_codes(frame: Any, field: Field, path: str) -> list[Finding]:
    known = code_list(field.codes)
    cells = frame[field.name]
    unknown = [pd.notna(cell) and code_key(cell) not in known for cell in cells]
    listed = ", ".join(f"{c.code} {c.label_ja}" for c in known.values())
    return _at(
        "code-not-in-list", frame, field, np.flatnonzero(unknown), path,
        list=field.codes, known=listed,
    )  # fmt: skip


def _out_of_bounds(frame: Any, field: Field, column: Any, path: str) -> list[Finding]:
    wrong = pd.Series(data=False, index=column.index)
    if field.minimum is not None:
        wrong |= (column < field.minimum).fillna(False).astype(bool)
    if field.maximum is not None:
        wrong |= (column > field.maximum).fillna(False).astype(bool)
    low = "" if field.minimum is None else f"{field.minimum:g}"
    high = "" if field.maximum is None else f"{field.maximum:g}"
    bounds = f"{low}～{high}"
    return _at("value-out-of-bounds", frame, field, np.flatnonzero(wrong), path, bounds=bounds)


def _margins(frame: Any, field: Field, path: str) -> list[Finding]:
    """Compare totals with the sum of their parts; a row without any part says nothing."""
    parts = frame[[p for p in field.parts if p in frame.columns]].astype("Float64")
    numbers = parts.to_numpy(float, na_value=0.0)
    total = frame[field.name].astype("Float64").to_numpy(float, na_value=np.nan)
    sums = numbers.sum(axis=1)
    filled = parts.notna().any(axis=1).to_numpy() & ~np.isnan(total)
    # Parts are published with two decimals: half a unit of the last one for each.
    slack = 0.005 * max(parts.shape[1], 1) if field.type == "number" else 0.0
    rows = np.flatnonzero(filled & (np.abs(sums - total) > slack))
    worst = float(np.abs(sums - total)[rows].max()) if len(rows) else 0.0
    return _at("margin-differs", frame, field, rows, path, worst=f"{worst:g}")


def _mixed_units(frame: Any, field: Field, path: str) -> list[Finding]:
    numbers = frame[field.name].astype("Float64").to_numpy(float, na_value=np.nan)
    positive = np.flatnonzero(np.nan_to_num(numbers) > 0)
    if len(positive) < FEWEST:
        return []
    size = (
        square_metres(frame.geometry.to_numpy())[positive]
        if field.name == "area"
        else np.zeros(len(positive))
    )
    if (size > 0).all():
        decades = np.log10(numbers[positive] / size)
        low = np.abs(decades + HECTARE) < GAP / 2
    else:
        low = _lower_heap(np.log10(numbers[positive]))
    return [] if low.all() else _at("units-mixed", frame, field, positive[low], path)


def _lower_heap(decades: Any) -> Any:
    """Return which numbers lie a hectare's decades below the others, with nothing between."""
    ordered = np.sort(decades)
    gaps = np.diff(ordered)
    at = int(gaps.argmax())
    below, above = ordered[: at + 1], ordered[at + 1 :]
    apart = float(np.median(above) - np.median(below))
    mixed = gaps[at] >= GAP and abs(apart - HECTARE) < 1 and min(len(below), len(above)) > 1
    return decades <= ordered[at] if mixed else np.zeros(len(decades), bool)


def without_totals(
    frame: gpd.GeoDataFrame, fields: Iterable[Field], source: Source
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Find rows that are totals of others, and leave them out if the declaration says so.

    Without a word in the declaration they are an error: added up with the rest, every number of
    the dataset would count twice.
    """
    rows = total_rows(frame, fields)
    if not len(rows) or source.totals == "keep":
        return frame, []
    found = places(source.path, frame[ROW].iloc[rows])
    code = "total-rows-dropped" if source.totals == "drop" else "total-rows"
    finding = Catalogue.of("pipeline").finding(code, file=source.path, places=found)
    if source.totals == "refuse":
        return frame, [finding]
    kept = np.setdiff1d(np.arange(len(frame)), rows)
    return frame.iloc[kept].reset_index(drop=True), [finding]


def total_rows(frame: Any, fields: Iterable[Field]) -> Any:
    """Return the positions of rows that are totals of others, by what they are called."""
    texts = [field.name for field in fields if field.type == "string"]
    found = np.zeros(len(frame), bool)
    for name in texts:
        known = {cell for cell in frame[name].dropna().unique() if _is_total(cell)}
        if known:
            found |= frame[name].isin(known).to_numpy()
    return np.flatnonzero(found)


def _is_total(cell: Any) -> bool:
    return "".join(plain(str(cell)).split()).lower() in TOTALS
