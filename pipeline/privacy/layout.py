"""Which columns of an aggregated table are counts, and what else tells of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pipeline.config.operations import Aggregate, Zones
from pipeline.standardise.columns import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.config.operations import Operation

_RANK = "\x1f"
"""Stands between a column and a rank; no name of a field can hold it."""
TOTAL = "*"
"""Name of the column of all classes together."""


@dataclass(frozen=True)
class Layout:
    """The measures of a table of aggregates.

    Attributes
    ----------
    count
        Column of the number of records.
    parts
        ``{class: column}``, where it is published by classes; they add up to `count`.
    per
        Fields that make rows of their own within a zone.
    beside
        ``{column: class}`` of all other measures: hidden where the count of that class is.
    sums
        Those of them that can be added up.
    same
        ``{class: digest}`` of what is in each class, so that it is known in other tables.
    shares
        ``{column: (measure, fields)}`` of shares of a measure in its sum over some of `per`: one
        share beside its measure tells that sum.
    zones
        What the zones are: cells of a standard grid, else anything.
    values
        ``{measure: {class: column}}`` of every sum of values, the total as `TOTAL`.
    related
        ``{column: measures}`` of what is divided by, or shared out of, sums of values.
    """

    count: str
    parts: dict[str, str] = field(default_factory=dict)
    per: tuple[str, ...] = ()
    beside: dict[str, str] = field(default_factory=dict)
    sums: tuple[str, ...] = ()
    same: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    related: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shares: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    zones: Literal["mesh", "other"] = "other"

    @property
    def columns(self) -> dict[str, str]:
        """Return ``{class: column}`` of all counts, the total last."""
        return {**self.parts, TOTAL: self.count}

    def over(self, measure: str) -> tuple[str, ...]:
        """Return over which fields of `per` shares of a measure are taken, if all over the same."""
        known = {frozenset(over) for of, over in self.shares.values() if of == measure}
        return tuple(n for n in self.per if n in next(iter(known))) if len(known) == 1 else ()

    def keys(self, fields: Iterable[str]) -> tuple[str, ...]:
        """Return which of the fields of a table name its zones."""
        measures = {*self.columns.values(), *self.beside, *self.per, MARKER}
        return tuple(name for name in fields if name not in measures) or ("municipality_code",)


def contribution_column(name: str, rank: int) -> str:
    """Return the column of the contribution of one rank (0: the largest) to a column of sums."""
    return f"{name}{_RANK}{rank}"


def is_contribution(column: str) -> bool:
    """Tell whether a column holds contributions: it says of single records and stays inside."""
    return _RANK in column


def described(layout: Layout, keys: tuple[str, ...], universe: str, made_of: str) -> dict[str, Any]:
    """Return what an outsider knows of the equations of a table; JSON-ready, for the audit.

    Parameters
    ----------
    universe, made_of
        What is counted, and the digest of its state.
    """
    return {
        "universe": universe,
        "data": made_of[:16],
        "count": layout.count,
        "parts": layout.parts,
        "same": layout.same,
        "per": list(layout.per),
        "shares": {
            column: list(over) for column, (of, over) in layout.shares.items() if of == layout.count
        },
        "keys": list(keys),
        "zones": layout.zones,
        "fewest": 0,
        "width": 0.0,
    }


def layout_of(operation: Operation) -> Layout | None:
    """Return the layout of what an operation makes; ``None`` if it counts nothing."""
    match operation:
        case Aggregate(count=str(count)):
            sums = tuple(operation.sums)
            values = {name: {TOTAL: name} for name in sums}
            return Layout(count, beside=dict.fromkeys(sums, TOTAL), sums=sums, values=values)
        case Zones():
            return _of_zones(operation)
        case _:
            return None


def _of_zones(operation: Zones) -> Layout | None:
    counts = [name for name, m in operation.measures.items() if m.kind == "count"]
    if not counts:
        return None
    groups = [*operation.classes.groups, operation.classes.rest] if operation.classes else []
    beside: dict[str, str] = {}
    sums: list[str] = []
    for name, measure in operation.measures.items():
        of_classes = groups if measure.kind in ("count", "sum", "share") else []
        columns = {name: TOTAL} | {f"{name}_{group}": group for group in of_classes}
        if measure.kind in ("count", "sum"):
            sums += columns
        beside |= columns
    count = counts[0]
    parts = {group: f"{count}_{group}" for group in groups}
    mine = {count, *parts.values()}
    return Layout(
        count,
        parts,
        operation.per,
        {name: group for name, group in beside.items() if name not in mine},
        tuple(name for name in sums if name not in mine),
        _same(operation),
        _values(operation, groups),
        _related(operation, groups),
        {
            name: (str(measure.of), measure.over)
            for name, measure in operation.measures.items()
            if measure.kind == "share" and measure.over
        },
        "mesh" if operation.mesh in ("1km", "500m", "250m", "125m") else "other",
    )


def _values(operation: Zones, groups: list[str]) -> dict[str, dict[str, str]]:
    return {
        name: {group: f"{name}_{group}" for group in groups} | {TOTAL: name}
        for name, measure in operation.measures.items()
        if measure.kind == "sum"
    }


def _related(operation: Zones, groups: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the sums of values from which each share, density or ratio is made."""
    sums = {name for name, measure in operation.measures.items() if measure.kind == "sum"}
    made: dict[str, tuple[str, ...]] = {}
    for name, measure in operation.measures.items():
        if measure.kind in ("count", "sum"):
            continue
        of = tuple(s for s in (str(measure.of), str(measure.to)) if s in sums)
        columns = groups if measure.kind == "share" and not measure.over else []
        made |= {name: of} | {f"{name}_{group}": of for group in columns}
    return {name: of for name, of in made.items() if of}


def _same(operation: Zones) -> dict[str, str]:
    """Return a digest of the values of each class: the names of a ledger stay inside."""
    if operation.classes is None:
        return {}
    groups = {name: sorted(map(repr, v)) for name, v in operation.classes.groups.items()}
    rest = ["not", *sorted(value for values in groups.values() for value in values)]
    return {
        name: hashlib.sha256(json.dumps([operation.classes.field, values]).encode()).hexdigest()[
            :12
        ]
        for name, values in (groups | {operation.classes.rest: rest}).items()
    }
