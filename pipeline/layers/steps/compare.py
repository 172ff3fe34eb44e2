"""Comparing a layer with the version that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.check.changes import Comparison, change_findings, served_version
from pipeline.findings import Catalogue
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table
from pipeline.layers.facts import fields_of, with_places

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from pipeline.graph.step import Work
    from pipeline.layers.options import Comparing


def compare(work: Work) -> Made:
    """Say what more than a fifth of a layer is about to lose, which no other check knows."""
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
    compared = Comparison(
        before, with_places(after), options.name, options.id, fields, dict(options.names),
        options.meant,
    )  # fmt: skip
    return Made({}, change_findings(compared))


def _served(path: Path, *, shapes: bool) -> gpd.GeoDataFrame:
    return served_version(path) if shapes else with_places(pd.read_parquet(path))
