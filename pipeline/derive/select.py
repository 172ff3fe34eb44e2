"""Rows chosen by the values of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.derive.fields import kept_columns, require, require_numbers
from pipeline.derive.tables import Derived, Given
from pipeline.errors import OperationError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from pipeline.config.operations import Condition, Select

CODE_TYPE = "string"


def select(options: Select, given: Given) -> Derived:
    """Keep the rows that fulfil every condition; a missing value fulfils none.

    Raises
    ------
    OperationError
        If a field is not there, a value is not of its type, or bounds are set to what is no
        number.
    """
    require(given, [c.field for c in options.where], "where")
    bounded = [c.field for c in options.where if not c.values]
    require_numbers(given, bounded, "where")
    kept = pd.Series(data=True, index=given.frame.index)
    for condition in options.where:
        kept &= _fulfilled(condition, given)
    frame = kept_columns(given.frame[kept], given.fields.values())
    counts = {"rows": len(given.frame), "kept": len(frame)}
    findings = []
    if frame.empty:
        findings.append(
            Catalogue.of("pipeline.derive").finding("select-nothing", rows=len(given.frame))
        )
    return Derived(frame, list(given.fields.values()), counts, findings)


def _fulfilled(condition: Condition, given: Given) -> pd.Series:
    column = given.frame[condition.field]
    if condition.values:
        _require_type(condition, given)
        return column.isin(list(condition.values)).fillna(False).astype(bool)
    within = pd.Series(data=True, index=column.index)
    if condition.minimum is not None:
        within &= (column >= condition.minimum).fillna(False).astype(bool)
    if condition.maximum is not None:
        within &= (column <= condition.maximum).fillna(False).astype(bool)
    return within


def _require_type(condition: Condition, given: Given) -> None:
    """Refuse a value no row could have: text for a number, say, which would select nothing."""
    field = given.fields.get(condition.field)
    kind = field.type if field is not None else CODE_TYPE
    wrong = [value for value in condition.values if not _fits(value, kind)]
    if wrong:
        raise OperationError(
            [
                Catalogue.of("pipeline.derive").finding(
                    "select-value-type", field=condition.field, value=value, kind=kind
                )
                for value in wrong
            ]
        )


def _fits(value: object, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "number"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)
