"""Codes of one list put to those of another, with what was mapped measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.derive.fields import CODE, kept_columns, require
from pipeline.derive.tables import Derived, Given
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding
from pipeline.places.areas import square_metres
from pipeline.standardise.codelists import (
    MAPPED,
    Row,
    by_code,
    code_key,
    code_list,
    crosswalk_names,
    crosswalk_rows,
    list_names,
    require_sound,
)
from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from pipeline.config.operations import Crosswalk

UNMAPPED = "未対応"
TABLE = ("code", "to", "kind")
Tables = dict[str, dict[str, tuple[Row, ...]]]


class Target(NamedTuple):
    """What a code became."""

    code: str
    label: str
    kind: str
    candidates: str


def crosswalk(options: Crosswalk, given: Given, *others: Given) -> Derived:
    """Add to each row the code of another list, its label, and the kind of the relation.

    A code that is not in the table, or that the table puts to several codes, becomes 未対応 and
    is named in a finding with the number of its rows; so is an empty one. Coverage by rows, and
    by area where rows are areas, stands in the counts and in a finding.

    Raises
    ------
    OperationError
        If a field or table is not there, or the table says two things of one code.
    """
    require(given, [options.field], "field")
    added = [options.to, f"{options.to}_label", f"{options.to}_kind"]
    _require_free(given, added)
    tables = _tables(options, others)
    frame = kept_columns(given.frame.reset_index(drop=True), given.fields.values()).copy()
    codes, known = _labels(options)
    targets = _targets(frame, options.field, tables, known)
    for number, name in enumerate(added):
        values = [target[number] for target in targets]
        frame.insert(1 + len(given.fields) + number, name, pd.Series(values, dtype=object))
    counts, findings = _coverage(options, frame, targets)
    return Derived(
        frame, [*given.fields.values(), *_fields(options, given, codes)], counts, findings
    )


def _finding(code: str, **details: Any) -> Finding:
    return Catalogue.of("pipeline.derive").finding(code, **details)


def _fields(options: Crosswalk, given: Given, codes: str) -> list[Field]:
    source = given.fields.get(options.field)
    ja = source.title_ja if source else options.field
    en = (source.title_en if source else "") or options.field
    return [
        Field(options.to, f"{ja}（対応する分類）", f"{en} (mapped)", "string", codes=codes),
        Field(f"{options.to}_label", f"{ja}（対応する分類の名称）", f"{en} (label)", "string"),
        Field(f"{options.to}_kind", f"{ja}（対応の種類）", f"{en} (kind of relation)", "string"),
    ]


def _require_free(given: Given, added: list[str]) -> None:
    twice = [name for name in added if name in given.fields or name == CODE]
    if twice:
        raise OperationError([_finding("join-name-taken", value=name) for name in twice])


def _tables(options: Crosswalk, others: tuple[Given, ...]) -> Tables:
    """Return the table of each municipality; that of "" is for all others."""
    if options.table is not None:
        require(others[0], TABLE, "table")
        return {"": _own(others[0])}
    named = {"": options.using} if isinstance(options.using, str) else options.using
    unknown = [name for name in named.values() if name not in crosswalk_names()]
    if unknown:
        known = ", ".join(crosswalk_names())
        raise OperationError(
            [_finding("crosswalk-unknown", value=name, known=known) for name in unknown]
        )
    return {code: by_code(crosswalk_rows(name)) for code, name in named.items()}


def _own(table: Given) -> dict[str, tuple[Row, ...]]:
    frame = table.frame.astype(object)
    cells = {
        name: frame[name].where(frame[name].notna(), "").astype(str)
        if name in table.fields
        else pd.Series([""] * len(frame), dtype=object)
        for name in Row._fields
    }
    rows = [Row(*row) for row in zip(*(cells[name] for name in Row._fields), strict=True)]
    require_sound(rows, "table")
    return by_code(rows)


def _labels(options: Crosswalk) -> tuple[str, dict[str, str]]:
    """Return the list of ours that has all codes the tables lead to, and its labels."""
    using = options.using
    names = [using] if isinstance(using, str) else list(using.values())
    targets = {code_key(r.to) for name in names if name for r in crosswalk_rows(name) if r.to}
    for name in list_names():
        codes = code_list(name)
        if targets and targets <= set(codes):
            return name, {key: code.label_ja for key, code in codes.items()}
    return "", {}


def _targets(
    frame: pd.DataFrame, field: str, tables: Tables, labels: dict[str, str]
) -> list[Target]:
    cells = frame[field].astype(object).where(frame[field].notna(), None)
    pairs = list(zip(frame[CODE], cells, strict=True))
    found = {pair: _target(pair[0], pair[1], tables, labels) for pair in set(pairs)}
    return [found[pair] for pair in pairs]


def _target(municipality: Any, cell: Any, tables: Tables, labels: dict[str, str]) -> Target:
    table = tables.get(str(municipality), tables.get("", {}))
    rows = table.get(code_key(cell), ()) if cell is not None else ()
    if len(rows) == 1 and rows[0].kind in MAPPED:
        to = rows[0].to.strip()
        return Target(to, labels.get(code_key(to), ""), rows[0].kind, "")
    kind = rows[0].kind if rows else ""
    return Target(UNMAPPED, UNMAPPED, kind, ", ".join(row.to for row in rows if row.to))


def _coverage(
    options: Crosswalk, frame: pd.DataFrame, targets: list[Target]
) -> tuple[dict[str, int], list[Finding]]:
    mapped = np.array([target.code != UNMAPPED for target in targets], bool)
    counts = {"rows": len(frame), "mapped": int(mapped.sum())}
    findings = _unmapped(options, frame, targets)
    share = f"{100 * mapped.mean():.1f}" if len(mapped) else "0.0"
    words = {"rows": len(frame), "mapped": counts["mapped"], "share": share, "ja": "", "en": ""}
    sizes = np.zeros(len(frame))
    if "geometry" in frame.columns:
        sizes = square_metres(frame["geometry"].to_numpy())
    if sizes.sum() > 0:
        part = 100 * sizes[mapped].sum() / sizes.sum()
        counts |= {"per mille of area mapped": round(10 * part)}
        words |= {"ja": f"、面積の {part:.1f} %", "en": f", {part:.1f} % of the area"}
    findings.insert(0, _finding("crosswalk-coverage", field=options.field, **words))
    return counts, findings


def _unmapped(options: Crosswalk, frame: pd.DataFrame, targets: list[Target]) -> list[Finding]:
    cells = frame[options.field].astype(object).where(frame[options.field].notna(), "")
    times: dict[tuple[str, str], int] = {}
    for cell, target in zip(cells, targets, strict=True):
        if target.code == UNMAPPED:
            key = str(cell), target.candidates
            times[key] = times.get(key, 0) + 1
    findings = []
    for (value, candidates), count in sorted(times.items(), key=lambda p: (-p[1], p[0])):
        code = "crosswalk-ambiguous" if candidates else "crosswalk-unmapped"
        findings.append(
            _finding(code, field=options.field, value=value, times=count, candidates=candidates)
        )
    return findings
