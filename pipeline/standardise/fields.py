"""From a source's own columns to the layer's fields."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding, Severity
from pipeline.sources.table import by_value, places
from pipeline.standardise.columns import ROW
from pipeline.standardise.values import convert, inferred_type, plain, widest

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters other than tab and line ends."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.config.layers import Municipality
    from pipeline.config.sources import Source
    from pipeline.sources import Table
    from pipeline.standardise.columns import Field


def standardise(
    table: Table, source: Source, municipality: Municipality, fields: dict[str, Field]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give a source the fields of its layer.

    Parameters
    ----------
    table
        The source as read.
    source, municipality
        As declared.
    fields
        Of the layer, with the types :func:`with_types` found.

    Returns
    -------
    frame
        Columns ``municipality_code``, the fields, :data:`ROW` (place in the source) and
        ``geometry`` (EPSG:6668); index 0 … n-1.
    findings
        Values that do not fit and required values that are missing.

    Raises
    ------
    SourceError
        If a column named in the declaration is not in the source.
    """
    columns = _matched_columns(table, source, fields)
    findings: list[Finding] = []
    data: dict[str, Any] = {"municipality_code": _codes(table, source, municipality)}
    for name, field in fields.items():
        raw = _raw_column(name, columns, table, source)
        if field.type != "string" and name in columns:
            raw = by_value(raw, table.exact.get(columns[name]))
        raw, findings_of_text = _without_control(raw, table, source, columns.get(name, name))
        findings += findings_of_text
        data[name], unreadable, notes = convert(raw, field.type)
        said = {f"value-not-{field.type}": unreadable} | {str(k): v for k, v in notes.items()}
        findings += _said_of_values(table, source, columns.get(name, name), raw, said)
        if field.required:
            findings += _missing(table, source, columns.get(name, name), data[name], unreadable)
    data[ROW] = table.rows
    frame = gpd.GeoDataFrame(
        pd.DataFrame(data), geometry=table.frame.geometry.to_numpy(), crs=table.frame.crs
    )
    return frame, findings


def _codes(table: Table, source: Source, municipality: Municipality) -> pd.Series:
    """Return whose each feature is; a neighbour's layer says so itself."""
    everywhere = pd.Series([municipality.code] * len(table.frame), dtype="object")
    if source.neighbour is None or "municipality_code" not in table.frame.columns:
        return everywhere
    own = table.frame["municipality_code"].reset_index(drop=True).astype("object")
    return own.where(own.notna(), everywhere)


def unmatched_fields(
    table: Table, source: Source, fields: dict[str, Field], publish: Sequence[str]
) -> list[Finding]:
    """Name the fields to be published for which a source has no column: often a renamed heading.

    A required field without a column is an error, any other a warning.
    """
    matched = _matched_columns(table, source, fields)
    known = ", ".join(str(c) for c in table.frame.columns if c != "geometry")
    return [
        Catalogue.of("pipeline").finding(
            "field-unmatched",
            file=source.path,
            field=fields[name].title_ja,
            severity=Severity.ERROR if fields[name].required else None,
            name=name,
            known=known,
        )
        for name in publish
        if name in fields and name not in matched and name not in source.values
    ]


def with_types(
    fields: dict[str, Field], tables: Sequence[tuple[Source, Table]]
) -> dict[str, Field]:
    """Give fields nobody declared a type that the values of all sources fit.

    Whole numbers beside decimal ones are numbers; anything else that differs is text. A source
    without any value has no say.
    """
    found = [found_types(fields, table, source) for source, table in tables]
    return {
        name: field
        if field.type
        else replace(field, type=widest({kinds[name] for kinds in found} - {""}))
        for name, field in fields.items()
    }


def found_types(fields: dict[str, Field], table: Table, source: Source) -> dict[str, str]:
    """Return the type the values of one source have, of every field nobody declared.

    Empty for a field without any value: such a source has no say.
    """
    columns = _matched_columns(table, source, fields)
    raw = {
        name: _raw_column(name, columns, table, source)
        for name, field in fields.items()
        if not field.type
    }
    return {name: inferred_type(col) if col.notna().any() else "" for name, col in raw.items()}


def unused_columns(table: Table, source: Source, fields: dict[str, Field]) -> list[Finding]:
    """Name the columns of a source that no field takes up, so that a forgotten one is seen."""
    used = set(_matched_columns(table, source, fields).values())
    if source.geometry is not None:
        used |= {source.geometry.x, source.geometry.y}
    if source.neighbour is not None:
        used |= {"id", "municipality_code"}
    unused = [str(c) for c in table.frame.columns if c != "geometry" and str(c) not in used]
    if not unused:
        return []
    return [
        Catalogue.of("pipeline").finding(
            "columns-unused", file=source.path, unused=", ".join(unused)
        )
    ]


def _raw_column(name: str, columns: dict[str, str], table: Table, source: Source) -> pd.Series:
    if name in columns:
        return table.frame[columns[name]].reset_index(drop=True)
    constant = source.values.get(name)
    return pd.Series([constant] * len(table.frame), dtype=object)


def _without_control(
    raw: pd.Series, table: Table, source: Source, column: str
) -> tuple[pd.Series, list[Finding]]:
    """Take out characters that no one sees and that end or break text in other programs."""
    dirty = raw.map(lambda cell: isinstance(cell, str) and CONTROL.search(cell) is not None)
    hits = np.flatnonzero(dirty.to_numpy(bool))
    if not len(hits):
        return raw, []
    clean = raw.map(lambda cell: CONTROL.sub("", cell) if isinstance(cell, str) else cell)
    finding = Catalogue.of("pipeline").finding(
        "text-control",
        file=source.path,
        field=column,
        places=places(source.path, table.rows[hits], clean.iloc[hits]),
    )
    return clean, [finding]


def _matched_columns(table: Table, source: Source, fields: dict[str, Field]) -> dict[str, str]:
    """Return ``{field: column}``: as declared, else by name, title or known heading."""
    known = [str(c) for c in table.frame.columns if c != "geometry"]
    absent = [heading for heading in source.fields if heading not in known]
    if absent:
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "field-absent", file=source.path, field=heading, known=", ".join(known)
                )
                for heading in absent
            ]
        )
    matched = {name: heading for heading, name in source.fields.items()}
    by_spelling = {plain(column): column for column in known}
    for name, field in fields.items():
        if name in matched or name in source.values:
            continue
        for heading in (name, field.title_ja, *field.headings):
            if plain(heading) in by_spelling:
                matched[name] = by_spelling[plain(heading)]
                break
    return matched


def _said_of_values(
    table: Table, source: Source, column: str, raw: pd.Series, said: dict[str, list[int]]
) -> list[Finding]:
    """Report cells by what is to be said of them: ``{code of the finding: positions}``."""
    return [
        Catalogue.of("pipeline").finding(
            code,
            file=source.path,
            field=column,
            places=places(source.path, table.rows[positions], raw.iloc[positions]),
        )
        for code, positions in said.items()
        if positions
    ]


def _missing(
    table: Table, source: Source, column: str, values: pd.Series, unreadable: list[int]
) -> list[Finding]:
    empty = np.setdiff1d(np.flatnonzero(values.isna().to_numpy()), unreadable)
    if not len(empty):
        return []
    return [
        Catalogue.of("pipeline").finding(
            "value-missing",
            file=source.path,
            field=column,
            places=places(source.path, table.rows[empty]),
        )
    ]
