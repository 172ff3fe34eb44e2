"""Holding a layer against its neighbours at the border, and what its rules make of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from pipeline.borders.analysis import analyse, lines_of
from pipeline.borders.mending import digest, mended, provenance
from pipeline.borders.observations import together
from pipeline.borders.reference import reference_of
from pipeline.borders.report import findings_of, with_rows
from pipeline.borders.subject import Subject
from pipeline.findings import Catalogue, Finding
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table, write_table
from pipeline.layers.facts import fields_of
from pipeline.standardise.columns import Field
from pipeline.write.geoparquet import write_geoparquet

if TYPE_CHECKING:
    from pipeline.borders.mending import Mended
    from pipeline.borders.reference import Reference
    from pipeline.graph.step import Work
    from pipeline.layers.options import Bordering

ADDED = {
    "border_rule": Field("border_rule", "境界の規則", "Border rule", "string"),
    "border_moved": Field("border_moved", "境界で動いた距離（m）", "Moved at border (m)", "number"),
    "border_original": Field(
        "border_original", "元の形の要約値", "Digest of the original", "string"
    ),
    "border_link": Field("border_link", "同じ場所の番号", "Id of the same place", "string"),
}
NEEDS_REFERENCE = ("clip", "fill")


def borders(work: Work) -> Made:
    """Measure a layer at the borders of its municipalities and apply its declared rules."""
    options: Bordering = work.options
    facts, frame = work.inputs[0].facts, read_table(work.inputs[0])
    unknown = _unknown_fields(options, facts)
    if unknown:
        write_table(frame, work.folder)
        return Made(facts, unknown)
    reference = _reference(work, frame)
    subject = Subject(frame, options.borders, dict(options.planes), dict(options.codes_of))
    table = analyse(subject, reference)
    state = mended(subject, reference, table)
    table = together([table, *state.observed, lines_of(subject, reference)], frame.crs)
    published = _published(subject, state)
    names = list(fields_of(facts))
    write_table(published, work.folder)
    write_geoparquet(
        with_rows(table, frame, names), work.folder / f"{options.name}.borders.parquet"
    )
    write_geoparquet(_originals(subject, state), work.folder / f"{options.name}.originals.parquet")
    place = f"layers.{options.name}"
    findings = findings_of(table, place, {code: (ja, en) for code, ja, en in options.names})
    findings += _idle_rules(options, reference, place)
    added = [asdict(ADDED[name]) for name in options.borders.added()]
    said = {"borders": _summary(table, options), "not_provided": not_provided(frame, names)}
    return Made(facts | {"fields": [*facts["fields"], *added]} | said, findings)


def _reference(work: Work, frame: gpd.GeoDataFrame) -> Reference | None:
    options: Bordering = work.options
    if options.itself:
        return reference_of(frame)
    return reference_of(read_table(work.inputs[1])) if len(work.inputs) > 1 else None


def _published(subject: Subject, state: Mended) -> gpd.GeoDataFrame:
    frame = subject.frame.copy()
    name = frame.geometry.name
    frame[name] = gpd.GeoSeries(state.shapes, frame.index, crs=frame.crs)
    place = frame.columns.get_loc(name)
    for column, cells in provenance(subject, state).items():
        frame.insert(place, column, cells)
        place += 1
    return frame


def _originals(subject: Subject, state: Mended) -> gpd.GeoDataFrame:
    """Return what every changed feature was before, by id."""
    changed = [bool(rules) for rules in state.rules]
    kept = subject.frame.loc[changed, ["id", subject.frame.geometry.name]].copy()
    kept.insert(
        1, "sha256", pd.Series([digest(s) for s in kept.geometry], kept.index, dtype=object)
    )
    return kept.reset_index(drop=True)


def _summary(table: gpd.GeoDataFrame, options: Bordering) -> dict[str, Any]:
    """Return how much was observed of each pair, for the manifest."""
    pairs: dict[str, dict[str, dict[str, float]]] = {}
    for (a, b, kind), group in table[table["kind"] != "line"].groupby(
        ["a", "b", "kind"], sort=True
    ):
        size = round(float(group["size"].sum()), 2)
        pairs.setdefault(f"{a}-{b}".rstrip("-"), {})[kind] = {"count": len(group), "size": size}
    return {"rule": list(options.borders.rule), "pairs": pairs}


def not_provided(frame: pd.DataFrame, fields: list[str]) -> dict[str, list[str]]:
    """Return for each field the municipalities that do not collect it, though others do."""
    found: dict[str, list[str]] = {}
    codes = frame["municipality_code"].astype(object)
    for name in fields:
        filled = frame[name].notna() & (frame[name].astype(object) != "")
        given = filled.groupby(codes).any()
        if given.any() and not given.all():
            found[name] = sorted(str(code) for code in given.index[~given])
    return found


def _unknown_fields(options: Bordering, facts: dict[str, Any]) -> list[Finding]:
    declared, known = options.borders, [*fields_of(facts)]
    named = [*declared.agree, declared.name, declared.address, declared.newest]
    return [
        Catalogue.of("pipeline.borders").finding(
            "border-not-comparable", field=f"layers.{options.name}.borders", value=name,
            known=", ".join(known),
        )
        for name in named
        if name is not None and name not in known
    ]  # fmt: skip


def _idle_rules(options: Bordering, reference: Reference | None, place: str) -> list[Finding]:
    rules = [rule for rule in options.borders.rule if rule in NEEDS_REFERENCE]
    if "snap" in options.borders.rule and not options.borders.prefer:
        rules.append("snap")
    return [
        Catalogue.of("pipeline.borders").finding("border-no-clip", field=place, value=rule)
        for rule in rules
        if reference is None
    ]
