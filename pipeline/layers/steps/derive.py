"""Making a table from other tables."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline.derive.tables import Given, GivenRaster
from pipeline.errors import OperationError
from pipeline.graph.step import Made, resolve
from pipeline.graph.tables import read_table, write_table
from pipeline.layers.facts import fields_of, misnamed
from pipeline.standardise.columns import ROW, SOURCE

if TYPE_CHECKING:
    from pipeline.graph.step import Entry, Work
    from pipeline.layers.options import Deriving

RASTER_KEYS = "keys.json"
"""File that only a drawn raster has."""


def derive(work: Work) -> Made:
    """Make a table from other tables by a registered operation."""
    options: Deriving = work.options
    given = [_given(entry) for entry in work.inputs]
    if wrong := [
        f for g in given if isinstance(g, Given) for f in misnamed(g.fields, options.place)
    ]:
        raise OperationError(wrong)
    derived = resolve(options.function)(options.operation, *given)
    frame = derived.frame.reset_index(drop=True)
    if options.largest:
        # Only tables of sums under a rule of dominance need to know who makes them up.
        from pipeline.derive.contributions import add_largest  # noqa: PLC0415

        first, *others = (g for g in given if isinstance(g, Given))
        asked = options.largest, options.contributor, options.operation
        frame = add_largest(frame, *asked, first, tuple(others))
    frame[SOURCE], frame[ROW] = options.place, range(1, len(frame) + 1)
    write_table(frame, work.folder)
    marks = {"marked": True} if derived.marked else {}
    facts = marks | {"fields": [asdict(f) for f in derived.fields], "features": len(frame)}
    made_of = hashlib.sha256(work.inputs[0].key.encode()).hexdigest()
    return Made(facts | {"counts": derived.counts, "made_of": made_of}, derived.findings)


def _given(entry: Entry) -> Given | GivenRaster:
    if RASTER_KEYS in entry.files:
        return GivenRaster(entry.folder, entry.facts)
    return Given(read_table(entry), fields_of(entry.facts))
