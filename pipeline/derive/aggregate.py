"""Rows put together by the values of fields: counted, added up, their shapes dissolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.derive.fields import CODE, require, require_numbers
from pipeline.derive.hidden import Gaps, gaps, marked
from pipeline.derive.tables import Derived, Given
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.standardise.columns import MARK, MARKER, Field
from pipeline.standardise.values import DTYPES

if TYPE_CHECKING:
    from pipeline.config.operations import Aggregate

_UNNAMED = "\x00"
"""Stands for a missing value while groups are formed; no text of a source can hold it."""


def aggregate(options: Aggregate, given: Given) -> Derived:
    """Make one row of all rows with equal values of the fields named by ``by``.

    Rows where one of those fields is empty make groups of their own, and are counted in a
    finding; so are rows whose number is missing from a sum. A group of several municipalities
    has no ``municipality_code``. Groups are in the order of their values.

    Raises
    ------
    OperationError
        If a field is not there, is no number, or a new field has the name of one in ``by``.
    """
    require(given, [*options.by, *options.sums.values()], "by, sums")
    require_numbers(given, options.sums.values(), "sums")
    _require_new_names(options)
    frame = given.frame.reset_index(drop=True)
    groups, names = grouped(frame, options.by)
    count = int(groups.max()) + 1 if len(groups) else 0
    made: dict[str, Any] = {CODE: _common(frame[CODE], groups, count)}
    for name in options.by:
        made[name] = frame[name].iloc[names].reset_index(drop=True)
    fields = [_field(given, name) for name in options.by if name != CODE]
    if options.count:
        made[options.count] = pd.Series(np.bincount(groups, minlength=count), dtype="Int64")
        fields.append(Field(options.count, "件数", "Count", "integer"))
    rows = np.arange(len(frame))
    found = {n: gaps(given, n, rows, groups, count) for n in dict.fromkeys(options.sums.values())}
    for new, old in options.sums.items():
        sums = _sum(frame[old], groups, given.fields[old].type)
        made[new] = sums.mask(pd.Series(found[old].withheld))
        title = given.fields[old]
        en = f"Sum of {title.title_en or old}"
        fields.append(Field(new, f"{title.title_ja}の合計", en, title.type))
    marks = bool(options.sums) and marked(given)
    if marks:
        before = made[MARKER].fillna(value=False) if MARKER in made else False
        hidden = np.any([gap.withheld for gap in found.values()], axis=0)
        made[MARKER] = pd.Series(hidden, dtype="boolean") | before
        fields = [*(f for f in fields if f.name != MARKER), MARK]
    table = pd.DataFrame(made)
    if options.shapes == "dissolve" and isinstance(frame, gpd.GeoDataFrame):
        shapes = _dissolved(frame.geometry.to_numpy(), groups, count)
        table = gpd.GeoDataFrame(table, geometry=shapes, crs=frame.crs)
    counts = {"rows": len(frame), "groups": count}
    findings = _left_open(options, frame, found)
    return Derived(table, fields, counts, findings, marked=marks)


def _field(given: Given, name: str) -> Field:
    return given.fields[name]


def _require_new_names(options: Aggregate) -> None:
    new = [*([options.count] if options.count else []), *options.sums]
    taken = [name for name in new if name in options.by or new.count(name) > 1]
    if taken:
        raise OperationError(
            [
                Catalogue.of("pipeline.derive").finding("aggregate-name-taken", value=name)
                for name in dict.fromkeys(taken)
            ]
        )


def grouped(frame: pd.DataFrame, by: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each row, numbered in order of values, and one row of each group."""
    keys = [frame[name].astype(object).where(frame[name].notna(), None) for name in by]
    rows = list(zip(*keys, strict=True))
    ordered = sorted(set(rows), key=lambda row: [(cell is None, _sortable(cell)) for cell in row])
    numbers = {row: number for number, row in enumerate(ordered)}
    groups = np.array([numbers[row] for row in rows], np.int64)
    _, first = np.unique(groups, return_index=True)
    return groups, first


def _sortable(cell: Any) -> Any:
    return 0 if cell is None else cell


def _common(codes: pd.Series, groups: np.ndarray, count: int) -> pd.Series:
    """Return the code all rows of a group have; none where they differ."""
    common: list[Any] = [_UNNAMED] * count
    for group, code in zip(groups.tolist(), codes, strict=True):
        if common[group] == _UNNAMED:
            common[group] = code
        elif common[group] != code:
            common[group] = None
    return pd.Series(common, dtype=object)


def _sum(column: pd.Series, groups: np.ndarray, kind: str) -> pd.Series:
    """Add up each group; a group without any number has none."""
    sums = column.groupby(groups).sum(min_count=1).reset_index(drop=True)
    return sums.astype(DTYPES[kind])


def _dissolved(shapes: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    made = np.empty(count, dtype=object)
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(count + 1))
    for group in range(count):
        members = shapes[order[bounds[group] : bounds[group + 1]]]
        members = members[~shapely.is_missing(members)]
        if len(members):
            made[group] = shapely.normalize(shapely.union_all(members))
    return made


def _left_open(options: Aggregate, frame: pd.DataFrame, found: dict[str, Gaps]) -> list[Finding]:
    catalogue, findings = Catalogue.of("pipeline.derive"), []
    empty = {name: np.flatnonzero(frame[name].isna().to_numpy()) for name in options.by}
    uses = [("aggregate-key-empty", name, rows) for name, rows in empty.items()]
    uses += [("aggregate-number-missing", name, gap.missing) for name, gap in found.items()]
    for code, name, rows in uses:
        if len(rows):
            places = [Place(feature=str(row + 1)) for row in rows.tolist()]
            findings.append(catalogue.finding(code, field=name, places=places))
    for name, gap in found.items():
        if gap.withheld.any():
            sums, groups = int(gap.withheld.sum()), len(gap.withheld)
            told = catalogue.finding("sum-withheld", field=name, sums=sums, groups=groups)
            findings.append(told)
    return findings
