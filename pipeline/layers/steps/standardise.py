"""Giving one source the fields of its dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.graph.step import Made
from pipeline.graph.tables import read_table, untagged, write_table
from pipeline.sources.table import Facts, Table
from pipeline.standardise.domains import domain_findings, without_totals
from pipeline.standardise.fields import (
    found_types,
    standardise,
    unmatched_fields,
    unused_columns,
    with_types,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.graph.step import Work
    from pipeline.layers.options import Standardising


def standardise_source(work: Work) -> Made:
    """Give one source the fields of its dataset."""
    options: Standardising = work.options
    stored = read_table(work.inputs[0])
    frame, rows = stored.iloc[:, :-1], stored.iloc[:, -1].to_numpy()
    exact = _exact(work.inputs[0].path("exact.json"))
    table = Table(frame, rows, Facts(**work.inputs[0].facts["facts"]), [], exact)
    source, declared = options.source, {f.name: f for f in options.fields}
    findings = unused_columns(table, source, declared)
    findings += unmatched_fields(table, source, declared, options.publish)
    types = found_types(declared, table, source)
    typed = with_types(declared, [(source, table)])
    standard, misfits = standardise(table, source, options.municipality, typed)
    standard, totals = without_totals(standard, typed.values(), source)
    misfits += [*totals, *domain_findings(standard, typed.values(), source.path)]
    write_table(standard, work.folder)
    return Made({"types": types}, [*findings, *misfits])


def _exact(path: Path) -> dict[str, dict[int, Any]]:
    return {
        column: {int(position): untagged(value) for position, value in cells.items()}
        for column, cells in json.loads(path.read_text(encoding="utf-8")).items()
    }
