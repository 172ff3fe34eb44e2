"""From the declaration of a layer to its one table: every step up to writing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from pipeline.check.formulas import formula_findings
from pipeline.check.geometry import check_geometry
from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources import Facts, Table, read_source
from pipeline.standardise.fields import (
    SOURCE,
    standardise,
    unmatched_fields,
    unused_columns,
    with_types,
)
from pipeline.standardise.ids import feature_ids
from pipeline.standardise.schemas import Field, layer_fields, schema_names
from pipeline.standardise.values import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.config.layers import Layer, Municipality, Source


@dataclass
class Assembled:
    """One layer as it will be published, and all that was observed on the way.

    Attributes
    ----------
    frame
        Columns ``id``, ``municipality_code``, the published fields and ``geometry``
        (EPSG:6668 degrees); ``None`` when no source could be read.
    fields
        Of the published columns, in order.
    sources
        Provenance, with the municipality's name in the declaration.
    """

    frame: gpd.GeoDataFrame | None = None
    fields: list[Field] = field(default_factory=list)
    sources: list[tuple[str, Facts]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def assemble(
    name: str,
    layer: Layer,
    municipalities: Mapping[str, Municipality],
    root: Path,
    tell: Callable[[int], None] = lambda done: None,
) -> Assembled:
    """Read, standardise, check, protect and join the sources of one layer.

    Parameters
    ----------
    name, layer
        As declared.
    municipalities
        Of the declaration.
    root
        Folder that source paths start from.
    tell
        Called with the number of sources done.

    Returns
    -------
    Assembled
        Its findings tell whether the layer may be published.
    """
    result = Assembled()
    if layer.schema_name and layer.schema_name not in schema_names():
        result.findings.append(_unknown_schema(layer.schema_name))
        return result
    fields = layer_fields(layer)
    tables = []
    for done, source in enumerate(layer.sources, start=1):
        try:
            table = read_source(source, municipalities[source.municipality], root)
            fits = unused_columns(table, source, fields)
            fits += unmatched_fields(table, source, fields, layer.privacy.publish)
        except SourceError as error:
            result.findings += error.findings
        else:
            tables.append((source, table))
            result.sources.append((source.municipality, table.facts))
            result.findings += [*table.findings, *fits]
        tell(done)
    fields = with_types(fields, tables)
    frames = [
        _standard(table, source, municipalities[source.municipality], fields, result)
        for source, table in tables
    ]
    if frames:
        _finish(name, layer, frames, fields, result)
    return result


def _standard(
    table: Table,
    source: Source,
    municipality: Municipality,
    fields: dict[str, Field],
    result: Assembled,
) -> gpd.GeoDataFrame:
    frame, findings = standardise(table, source, municipality, fields)
    result.findings += findings
    frame, findings = check_geometry(frame, source.path, located=source.geometry is not None)
    result.findings += findings
    frame[SOURCE] = source.path
    return frame


def _finish(
    name: str,
    layer: Layer,
    frames: list[gpd.GeoDataFrame],
    fields: dict[str, Field],
    result: Assembled,
) -> None:
    joined = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)
    joined = joined.astype({key: DTYPES[f.type] for key, f in fields.items()})
    unknown = [f for f in (*layer.privacy.publish, *layer.id) if f not in fields]
    if unknown:
        known = ", ".join(fields)
        result.findings += [
            Catalogue.of("pipeline").finding(
                "field-not-in-layer", field=f"layers.{name}", value=f, known=known
            )
            for f in dict.fromkeys(unknown)
        ]
        return
    hidden = [f for f in layer.id if f not in layer.privacy.publish]
    if hidden:
        result.findings.append(
            Catalogue.of("pipeline").finding(
                "id-withheld", field=f"layers.{name}.id", value=", ".join(hidden)
            )
        )
        return
    ids, repeats = feature_ids(joined, layer.id, layer.privacy.publish, name)
    result.findings += repeats
    published = [fields[f] for f in layer.privacy.publish]
    result.findings += _withheld(name, joined, fields, layer)
    result.findings += _not_drawn(name, layer)
    if "csv" in layer.outputs:
        result.findings += formula_findings(joined, published)
    columns = ["municipality_code", *(f.name for f in published), "geometry"]
    result.frame = joined[columns]
    result.frame.insert(0, "id", ids)
    result.fields = published


def _withheld(
    name: str, joined: gpd.GeoDataFrame, fields: dict[str, Field], layer: Layer
) -> list[Finding]:
    """Name the fields that hold values and stay in the city, so that leaving one out is seen."""
    withheld = [f for f in fields if f not in layer.privacy.publish and joined[f].notna().any()]
    if not withheld:
        return []
    return [
        Catalogue.of("pipeline").finding(
            "fields-withheld", field=f"layers.{name}", withheld=", ".join(withheld)
        )
    ]


def _not_drawn(name: str, layer: Layer) -> list[Finding]:
    """Name the fields by which maps are to colour or label and which they will not have."""
    wanted = dict.fromkeys(f for f in (layer.style.by, layer.style.label) if f)
    return [
        Catalogue.of("pipeline").finding(
            "style-field-withheld", field=f"layers.{name}.style", value=f
        )
        for f in wanted
        if f not in layer.published()
    ]


def _unknown_schema(name: str) -> Finding:
    known = ", ".join(schema_names())
    return Catalogue.of("pipeline").finding("schema-unknown", value=name, known=known)
