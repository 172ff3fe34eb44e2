"""Comparing a layer with the version that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.check.change_map import draw
from pipeline.check.changes import Comparison, change_findings, served_version
from pipeline.check.differences import differences
from pipeline.check.told import words, write_table
from pipeline.findings import Catalogue
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table
from pipeline.layers.facts import fields_of, with_places

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from pipeline.graph.step import Work
    from pipeline.layers.options import Comparing


TABLE, DRAWING = "changes.csv", "changes.html"
"""Files of the step, for the report of the office."""


def compare(work: Work) -> Made:
    """List what is another in a layer, and say what more than a fifth of it is about to lose."""
    options: Comparing = work.options
    entry = work.inputs[0]
    assert options.served is not None
    after = read_table(entry)
    try:
        before = _served(options.served, shapes="geometry" in after.columns)
    except (OSError, ValueError) as error:
        place, reason = f"layers.{options.name}", type(error).__name__
        unknown = Catalogue.of("pipeline").finding("changes-unknown", field=place, reason=reason)
        return Made({}, [unknown])
    fields = list(fields_of(entry.facts).values())
    names = {code: (ja, en or ja) for code, ja, en in options.names}
    compared = Comparison(
        before, with_places(after), options.name, options.id, fields,
        {code: ja for code, (ja, _) in names.items()}, options.meant,
    )  # fmt: skip
    found = differences(compared)
    titles = {f.name: (f.title_ja, f.title_en or f.name) for f in fields}
    write_table(work.folder / TABLE, compared, found, names)
    drawing = draw(compared, found, options.title)
    if drawing:
        (work.folder / DRAWING).write_text(drawing, encoding="utf-8")
    told = words(found, names, titles)
    return Made({"difference": told}, change_findings(compared, found.matched))


def _served(path: Path, *, shapes: bool) -> gpd.GeoDataFrame:
    return served_version(path) if shapes else with_places(pd.read_parquet(path))
