"""What is another in the new version of a layer: one row for each difference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from pipeline.check.changes import displacement
from pipeline.check.matching import CENTIMETRE, Matched, match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.check.changes import Comparison

    Integers = NDArray[np.int64]
    Bools = NDArray[np.bool_]

KINDS = {
    "added": ("追加", "added"),
    "removed": ("削除", "removed"),
    "changed": ("変更", "changed"),
    "moved": ("移動", "moved"),
    "reshaped": ("形の変更", "reshaped"),
    "renumbered": ("番号だけの変更", "renumbered"),
}
"""Kinds of differences, in the order they are told."""
MOVED_M = 1.0
"""Metres the middle of a shape has to go to have moved; below, its outline was drawn anew."""
CODE = "municipality_code"


@dataclass(frozen=True)
class Differences:
    """The differences between the served and the new version of a layer.

    Attributes
    ----------
    rows
        One for each: ``kind``, ``before`` and ``after`` (positions in the two versions, -1 for
        none), ``field``, ``was``, ``now`` (values of a changed field), ``metres``.
    matched
        Which features are the same ones, and by what (:func:`pipeline.check.matching.match`).
    counts
        ``{kind: {municipality code: features}}``, only what is not none.
    fields
        ``{field: features}`` in which it changed.
    """

    rows: pd.DataFrame
    matched: Matched
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)


def differences(compared: Comparison) -> Differences:
    """Compare a layer with the version that is served, feature by feature.

    Features are the same by id, else by equal shape and values, equal values, or equal shape
    within one municipality. A feature may have changed and moved: it counts under both.
    """
    matched = match(compared.before, compared.after)
    parts = [
        *_alone(compared, matched),
        *_fields(compared, matched),
        *_places(compared, matched),
        _part("renumbered", matched.renewed, _partners(matched)[matched.renewed]),
    ]
    columns = ["kind", "before", "after", "field", "was", "now", "metres"]
    rows = pd.concat([pd.DataFrame(part, columns=columns) for part in parts], ignore_index=True)
    order = {kind: at for at, kind in enumerate(KINDS)}
    by = rows["kind"].map(order).to_numpy()
    rows = rows.iloc[np.lexsort((rows["after"], rows["before"], by))].reset_index(drop=True)
    changed = rows[rows["kind"] == "changed"]
    fields = {str(name): int(n) for name, n in changed["field"].value_counts(sort=False).items()}
    return Differences(rows, matched, _counts(compared, rows), fields)


def _part(kind: str, before: Integers, after: Integers, **columns: object) -> dict[str, object]:
    empty = {"field": "", "was": "", "now": "", "metres": np.nan}
    count = len(before)
    made: dict[str, object] = {"kind": np.full(count, kind, object), "before": before}
    made["after"] = after
    for name, value in (empty | columns).items():
        made[name] = (
            np.full(count, value, object if name != "metres" else float)
            if np.isscalar(value)
            else value
        )
    return made


def _partners(matched: Matched) -> Integers:
    """Return for each position of the served version the one in the new version, -1 for none."""
    size = int(max(matched.before.max(initial=-1), matched.gone.max(initial=-1))) + 1
    partner = np.full(size, -1, np.int64)
    partner[matched.before] = matched.after
    return partner


def _alone(compared: Comparison, matched: Matched) -> Iterator[dict[str, object]]:
    fresh = np.setdiff1d(np.arange(len(compared.after)), matched.after)
    yield _part("added", np.full(len(fresh), -1), fresh)
    yield _part("removed", matched.gone, np.full(len(matched.gone), -1))


def _fields(compared: Comparison, matched: Matched) -> Iterator[dict[str, object]]:
    for name in [CODE, *(f.name for f in compared.fields if f.name != CODE)]:
        if name not in compared.before.columns or name not in compared.after.columns:
            continue
        was = _words(compared.before[name].iloc[matched.before])
        now = _words(compared.after[name].iloc[matched.after])
        hit = np.flatnonzero(was != now)
        told = {"field": name, "was": was[hit], "now": now[hit]}
        yield _part("changed", matched.before[hit], matched.after[hit], **told)


def _words(column: pd.Series) -> NDArray[np.object_]:
    """Return values as text, empty where there is none; a whole number without a point."""
    cells = column.astype(object).where(column.notna(), None)
    return np.array([_word(cell) for cell in cells], dtype=object)


def _word(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)


def _places(compared: Comparison, matched: Matched) -> Iterator[dict[str, object]]:
    was = compared.before.geometry.to_numpy()[matched.before]
    now = compared.after.geometry.to_numpy()[matched.after]
    same = shapely.equals_exact(was, now, CENTIMETRE, normalize=True)
    same |= shapely.is_missing(was) & shapely.is_missing(now)
    metres = np.hypot(*displacement(was, now).T)
    far = ~same & (np.nan_to_num(metres) >= MOVED_M)
    for kind, hit in (("moved", far), ("reshaped", ~same & ~far)):
        at = np.flatnonzero(hit)
        gone = metres[at] if kind == "moved" else np.nan
        yield _part(kind, matched.before[at], matched.after[at], metres=gone)


def _counts(compared: Comparison, rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    codes = np.where(
        rows["after"] >= 0,
        _codes(compared.after[CODE], rows["after"]),
        _codes(compared.before[CODE], rows["before"]),
    )
    features = rows.assign(code=codes).drop_duplicates(["kind", "before", "after"])
    found: dict[str, dict[str, int]] = {}
    for kind in KINDS:
        mine = features.loc[features["kind"] == kind, "code"].value_counts()
        if len(mine):
            found[kind] = {str(code): int(n) for code, n in sorted(mine.items())}
    return found


def _codes(column: pd.Series, at: pd.Series) -> NDArray[np.object_]:
    known = np.append(column.astype(object).where(column.notna(), "").to_numpy(object), "")
    return np.asarray(known[np.where(at.to_numpy() >= 0, at.to_numpy(), len(column))])
