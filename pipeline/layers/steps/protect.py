"""Leaving of a table what may be published."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from pipeline.check.formulas import formula_findings
from pipeline.findings import Catalogue, Finding
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table, write_table
from pipeline.layers.facts import fields_of
from pipeline.standardise.columns import MARKER
from pipeline.standardise.ids import feature_ids

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Protecting
    from pipeline.standardise.columns import Field


def protect(work: Work) -> Made:
    """Leave of a table what may be published, each feature with an id that stays."""
    options: Protecting = work.options
    frame, known = read_table(work.inputs[0]), fields_of(work.inputs[0].facts)
    fields = known | {
        f.name: replace(f, type=known[f.name].type) for f in options.fields if f.name in known
    }
    publish = tuple(fields) if options.publish is None else options.publish
    if work.inputs[0].facts.get("marked") and MARKER not in publish:
        publish = (*publish, MARKER)  # an empty sum says why it is empty
    unknown = [f for f in dict.fromkeys((*publish, *options.id)) if f not in fields]
    hidden = [f for f in options.id if f not in publish]
    if unknown or hidden:
        return Made(_facts([], frame), _unusable(options.place, unknown, hidden, fields))
    name = options.place.partition(".")[2]
    ids, findings = feature_ids(frame, options.id, publish, name)
    findings += _withheld(options.place, frame, fields, publish)
    if options.csv:
        findings += formula_findings(frame, [fields[f] for f in publish])
    if options.shapes and not isinstance(frame, gpd.GeoDataFrame):
        none = Catalogue.of("pipeline").finding("layer-without-places", field=options.place)
        return Made(_facts([], frame), [none])
    columns = ["municipality_code", *publish, *(["geometry"] if options.shapes else [])]
    published = frame[columns] if options.shapes else pd.DataFrame(frame[columns])
    published.insert(0, "id", ids)
    write_table(published, work.folder)
    told = {k: v for k, v in work.inputs[0].facts.items() if k == "disclosure"}
    return Made(_facts([fields[f] for f in publish], published) | told, findings)


def _facts(fields: list[Field], frame: pd.DataFrame) -> dict[str, Any]:
    shapes = isinstance(frame, gpd.GeoDataFrame)
    return {
        "fields": [asdict(f) for f in fields],
        "features": len(frame),
        "geometry": _geometry_kind(frame) if shapes else "",
        "extent": _extent(frame) if shapes else None,
    }


def _geometry_kind(frame: gpd.GeoDataFrame) -> str:
    kinds = {kind.removeprefix("Multi") for kind in frame.geometry.geom_type.dropna()}
    return kinds.pop() if len(kinds) == 1 else "Mixed"


def _extent(frame: gpd.GeoDataFrame) -> list[float] | None:
    bounds = [round(float(value), 7) for value in frame.total_bounds]
    return None if any(math.isnan(value) for value in bounds) else bounds


def _unusable(
    place: str, unknown: list[str], hidden: list[str], fields: dict[str, Field]
) -> list[Finding]:
    catalogue = Catalogue.of("pipeline")
    if not unknown:
        return [catalogue.finding("id-withheld", field=f"{place}.id", value=", ".join(hidden))]
    known = ", ".join(fields)
    return [
        catalogue.finding("field-not-in-layer", field=place, value=f, known=known) for f in unknown
    ]


def _withheld(
    place: str, frame: pd.DataFrame, fields: dict[str, Field], publish: tuple[str, ...]
) -> list[Finding]:
    """Name the fields that hold values and stay in the city, so that leaving one out is seen."""
    withheld = [f for f in fields if f not in publish and frame[f].notna().any()]
    if not withheld:
        return []
    return [
        Catalogue.of("pipeline").finding(
            "fields-withheld", field=place, withheld=", ".join(withheld)
        )
    ]
