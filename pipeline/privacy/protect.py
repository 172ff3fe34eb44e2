"""A table of aggregates made fit to be published: merged, suppressed or rounded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.findings import Catalogue, Finding, Place
from pipeline.privacy.beside import empty_between, empty_shares, without_parts_of_few
from pipeline.privacy.counts import Counts, counts_of, empty_counts, names
from pipeline.privacy.merge import merge, touching
from pipeline.privacy.risk import Need, too_few
from pipeline.privacy.rounding import round_controlled
from pipeline.privacy.solver import SolverError
from pipeline.privacy.sums import hide_sums
from pipeline.privacy.suppress import UnprotectableError, suppress
from pipeline.privacy.system import TableError
from pipeline.standardise.columns import MARK, MARKER, Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.disclosure import Disclosure
    from pipeline.privacy.layout import Layout
    from pipeline.privacy.risk import Bools

_BASE = 5
_GAP = 0.05
_ROUNDS = 5
_TOTALS = 20.0
"""A total that other layers may publish is counted on as hidden only where little else helps."""
_WHOLES = 20.0
"""A total that shares tell is dearer still: hiding it empties all of them."""


@dataclass(frozen=True)
class Protected:
    """A table that may be published as far as disclosure control is concerned.

    Attributes
    ----------
    frame
        Cells that are hidden are empty and their row says ``suppressed``.
    fields
        That were added.
    findings
        What was done, without telling which cells were too small by themselves; or why nothing
        can be published.
    described
        What of its equations an outsider knows, for the audit; JSON-ready.
    """

    frame: pd.DataFrame
    fields: list[Field] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)


def protect_counts(
    frame: pd.DataFrame, layout: Layout, keys: tuple[str, ...], rules: Disclosure, place: str
) -> Protected:
    """Protect a table of counts and of what is published beside them.

    Parameters
    ----------
    frame
        A row for each zone and value of the fields of `layout.per`.
    keys
        Fields that name a zone.
    place
        ``layers.NAME``, for messages.
    """
    width = float(rules.interval or rules.fewest)
    remedy = rules.remedy or "suppress"
    try:
        match remedy:
            case "suppress":
                made = _suppressed(frame, layout, keys, rules, place)
            case "merge":
                made = _merged(frame, layout, keys, rules, place)
            case "round":
                made = _rounded(frame, layout, keys, rules, place)
            case _:
                assert_never(remedy)
    except UnprotectableError:
        return Protected(frame.iloc[:0], findings=[_finding("disclosure-impossible", place)])
    except (SolverError, TableError) as error:
        reason = str(error)
        return Protected(
            frame.iloc[:0], findings=[_finding("disclosure-failed", place, reason=reason)]
        )
    said = {"fewest": rules.fewest, "width": width, "remedy": remedy}
    frame, gone = without_parts_of_few(made.frame, layout)
    if gone:
        told = _finding("disclosure-parts", place, cells=gone)
        made = replace(made, frame=frame, findings=[*made.findings, told])
    return replace(made, described=made.described | said)


def _finding(code: str, place: str, **details: Any) -> Finding:
    return Catalogue.of("pipeline.privacy").finding(code, field=f"{place}.privacy", **details)


# ---- suppression


def _suppressed(
    frame: pd.DataFrame,
    layout: Layout,
    keys: tuple[str, ...],
    rules: Disclosure,
    place: str,
    *,
    nested: bool = True,
) -> Protected:
    counts = counts_of(frame, layout, keys, nested=nested)
    hidden = _hidden(counts, rules)
    out = frame.copy()
    cells = hidden[counts.at]
    for number, (group, column) in enumerate(layout.columns.items()):
        gone = cells[:, number]
        beside = [c for c, g in layout.beside.items() if g == group and c in out.columns]
        for name in (column, *beside):
            out.loc[gone, name] = pd.NA
    empty_between(out, layout, cells)
    whole = None if counts.group is None else hidden[counts.group]
    shares = empty_shares(out, layout, layout.count, keys, cells[:, -1], whole)
    sums = hide_sums(out, frame, layout, keys, rules, nested=nested)
    marks = pd.Series(cells.any(axis=1) | sums.rows | shares, index=out.index, dtype="boolean")
    if MARKER in frame.columns:  # sums of suppressed parts
        marks |= frame[MARKER].fillna(value=False)
    out[MARKER] = marks
    said = []
    if cells.any():
        number = int(cells.sum())
        said.append(_finding("disclosure-suppressed", place, cells=number, rows=len(frame)))
    if shares.any():
        said.append(_finding("disclosure-shares", place, rows=int(shares.sum())))
    if sums.cells:
        said.append(_finding("disclosure-sums", place, cells=sums.cells, rows=len(frame)))
    totals = int((hidden & ~counts.real & ~counts.absent).sum()) + sums.totals
    if totals:
        said.append(_finding("disclosure-totals", place, totals=totals))
    return Protected(out, [MARK], said)


def _hidden(counts: Counts, rules: Disclosure) -> Bools:
    """Choose cells to hide, so that nobody can tell which were too small by themselves.

    A complementary cell that could be narrowed to few would look like one that is too small;
    so those near the limit are protected as the small ones are.
    """
    system = counts.system
    width = float(rules.interval or rules.fewest)
    need = too_few(np.where(counts.absent, 0.0, system.values), rules.fewest, width)
    near = counts.real & (system.values > 0) & (system.values < rules.fewest + width)
    single = (system.values == 1) & counts.real
    weights = np.maximum(system.values, 1.0) * np.where(counts.real, 1.0, _TOTALS)
    if counts.group is not None:
        weights[np.unique(counts.group)] *= _WHOLES
    none = np.zeros(len(system.values))
    for _ in range(_ROUNDS):
        found = suppress(system, need, weights, gap=_GAP, fixed=counts.absent, single=single)
        more = found.hidden & near & ~need.sensitive
        if not more.any():
            return found.hidden
        need = need | Need(none, none, np.where(more, width, 0.0))
    need = need | Need(none, none, np.where(near, width, 0.0))
    return suppress(system, need, weights, gap=_GAP, fixed=counts.absent, single=single).hidden


# ---- 合算


def _merged(
    frame: pd.DataFrame, layout: Layout, keys: tuple[str, ...], rules: Disclosure, place: str
) -> Protected:
    if layout.per or not isinstance(frame, gpd.GeoDataFrame):
        return Protected(frame.iloc[:0], findings=[_finding("merge-without-areas", place)])
    frame = frame.reset_index(drop=True)
    codes = names(frame, keys)
    order = np.argsort(np.array(codes), kind="stable")
    sorted_ = frame.iloc[order].reset_index(drop=True)
    codes = [codes[i] for i in order]
    values = sorted_[layout.count].to_numpy(float, na_value=0.0)
    parents = _parents(sorted_, codes, layout, rules)
    found = merge(values, rules.fewest, touching(sorted_), parents)
    members = found.host != np.arange(len(codes))
    hosts = np.unique(found.host[members])
    out = _in_hosts(sorted_, layout, found.host, members, hosts)
    rest = _suppressed(out[~members], layout, keys, rules, place, nested=False)
    kept = rest.frame.columns
    out = out.reindex(columns=kept)
    out["suppressed"] = out["suppressed"].astype("boolean")
    out.loc[~members] = rest.frame
    out["suppressed"] = out["suppressed"].fillna(value=False).astype("boolean")
    out = gpd.GeoDataFrame(out, geometry="geometry", crs=frame.crs)
    out["merge_treatment"] = pd.array(
        np.where(members, 2, np.where(np.isin(np.arange(len(codes)), hosts), 1, 0)), dtype="Int64"
    )
    into = [codes[h] if m else None for h, m in zip(found.host.tolist(), members, strict=True)]
    out["merged_into"] = pd.Series(into, dtype=object)
    of = {h: ";".join(codes[m] for m in found.members(h)) for h in hosts.tolist()}
    out["merged_from"] = pd.Series([of.get(i) for i in range(len(codes))], dtype=object)
    said = []
    if members.any():
        said.append(
            _finding("disclosure-merged", place, members=int(members.sum()), hosts=len(hosts))
        )
    if len(found.stranded):
        places = [Place(feature=codes[i]) for i in found.stranded.tolist()]
        said.append(_finding("merge-stranded", place, places=places))
    fields = [
        *rest.fields,
        Field("merge_treatment", "秘匿処理（1 合算先、2 合算）", "1 host, 2 merged", "integer"),
        Field("merged_into", "合算先", "Merged into", "string"),
        Field("merged_from", "合算した地域", "Holds", "string"),
    ]
    back = out.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    return Protected(back, fields, [*said, *rest.findings])


def _parents(
    frame: pd.DataFrame, codes: list[str], layout: Layout, rules: Disclosure
) -> list[object]:
    if rules.within is not None:
        return list(frame[rules.within].astype(object).where(frame[rules.within].notna(), None))
    if layout.zones == "mesh":
        return [code[:8] for code in codes]
    town = frame["municipality_code"].astype(object)
    return list(town.where(town.notna(), None))


def _in_hosts(
    frame: gpd.GeoDataFrame,
    layout: Layout,
    host: NDArray[np.int64],
    members: Bools,
    hosts: NDArray[np.int64],
) -> gpd.GeoDataFrame:
    """Add members to their hosts; what cannot be added up is left empty in both."""
    out = frame.copy()
    added = [*layout.columns.values(), *layout.sums]
    for name in added:
        column = frame[name]
        sums = column.groupby(host).sum(min_count=1)
        out.loc[hosts, name] = sums.loc[hosts].astype(column.dtype)
        out.loc[members, name] = pd.NA
        if MARKER in frame.columns:
            part = column.isna() & frame[MARKER].fillna(value=False)
            gone = hosts[part.groupby(host).any().loc[hosts].to_numpy(bool)]
            out.loc[gone, name] = pd.NA
            out.loc[gone, MARKER] = True
    for name in layout.beside:
        if name not in added:
            out.loc[members, name] = pd.NA
            out.loc[hosts, name] = pd.NA
    return out


# ---- rounding


def _rounded(
    frame: pd.DataFrame, layout: Layout, keys: tuple[str, ...], rules: Disclosure, place: str
) -> Protected:
    if layout.beside:
        named = ", ".join(layout.beside)
        return Protected(frame.iloc[:0], findings=[_finding("round-beside", place, value=named)])
    base = rules.base or _BASE
    counts = counts_of(frame, layout, keys)
    found = round_controlled(counts.system, base, gap=_GAP)
    out = frame.copy()
    for number, column in enumerate(layout.columns.values()):
        values = np.round(found.values[counts.at[:, number]]).astype(np.int64)
        # A zone of which nobody says anything is not one without records.
        out[column] = pd.Series(values, frame.index, dtype="Int64").where(frame[column].notna())
    said = [_finding("disclosure-rounded", place, base=base, beyond=found.beyond)]
    if empty := empty_counts(frame, layout, keys):
        told = {"cells": len(empty), "rows": len(frame), "places": empty}
        said.append(_finding("disclosure-unknown", place, **told))
    return Protected(out, findings=said, described={"base": base, "beyond": found.beyond})
