"""Keeping a table of aggregates from telling of single records."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline.errors import OperationError
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table, write_table
from pipeline.layers.facts import fields_of, misnamed
from pipeline.privacy.layout import described, is_contribution
from pipeline.privacy.protect import protect_counts
from pipeline.standardise.columns import ROW, SOURCE

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Disclosing


def disclose(work: Work) -> Made:
    """Merge, suppress or round what is of too few, and say what an outsider then knows."""
    options: Disclosing = work.options
    (entry,) = work.inputs
    frame, fields = read_table(entry), fields_of(entry.facts)
    if wrong := misnamed(fields, options.place):
        raise OperationError(wrong)
    layout = options.layout
    keys = layout.keys(fields)
    made = protect_counts(frame, layout, keys, options.rules, options.place)
    out = made.frame.reset_index(drop=True)
    out = out.drop(columns=[name for name in out.columns if is_contribution(name)])
    out[SOURCE], out[ROW] = options.place, range(1, len(out) + 1)
    write_table(out, work.folder)
    told_of = described(layout, keys, options.universe, entry.facts["made_of"]) | made.described
    named = fields | {field.name: field for field in made.fields}
    told = [asdict(field) for field in named.values()]
    return Made({"fields": told, "features": len(out), "disclosure": told_of}, made.findings)
