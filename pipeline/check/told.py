"""Differences of a layer in words, and as a table for a spreadsheet."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.check.differences import CODE, KINDS
from pipeline.check.formulas import starts_formula
from pipeline.check.matching import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.check.changes import Comparison
    from pipeline.check.differences import Differences

COLUMNS = (
    "違い kind", "市町村 municipality", "番号 id", "名前 name", "項目 field", "前 before",
    "後 after", "移動（m） moved_m", "経度 longitude", "緯度 latitude",
)  # fmt: skip
FIELDS_IN_A_LINE = 8


def words(
    found: Differences, names: Mapping[str, tuple[str, str]], titles: Mapping[str, tuple[str, str]]
) -> list[dict[str, str]]:
    """Say how many features are another, kind by kind and town by town; no value is told.

    Parameters
    ----------
    names, titles
        ``(ja, en)`` of municipalities by code and of fields by name.
    """
    if not found.counts:
        return [{"ja": "公開中の版と同じです。", "en": "It is the same as the served version."}]
    said = []
    for kind, of in found.counts.items():
        ja, en = KINDS[kind]
        parts = [(names.get(code, (code, code)), count) for code, count in of.items()]
        towns_ja = "、".join(f"{name[0] or '市町村なし'} {count:,}" for name, count in parts)
        towns_en = ", ".join(f"{name[1] or 'no town'} {count:,}" for name, count in parts)
        total = sum(of.values())
        said.append(
            {"ja": f"{ja} {total:,} 件（{towns_ja}）", "en": f"{total:,} {en} ({towns_en})"}
        )
    if found.fields:
        most = sorted(found.fields.items(), key=lambda pair: -pair[1])
        listed = [(titles.get(name, (name, name)), n) for name, n in most[:FIELDS_IN_A_LINE]]
        more_ja, more_en = ("、ほか", ", …") if len(most) > FIELDS_IN_A_LINE else ("", "")
        listed_ja = "、".join(f"{t[0]} {n:,}" for t, n in listed)
        listed_en = ", ".join(f"{t[1]} {n:,}" for t, n in listed)
        said.append(
            {
                "ja": f"変わった項目：{listed_ja}{more_ja}",
                "en": f"Fields that changed: {listed_en}{more_en}",
            }
        )
    return said


def write_table(
    path: Path, compared: Comparison, found: Differences, names: Mapping[str, tuple[str, str]]
) -> None:
    """Write one row for each difference: UTF-8 with a byte order mark, for a spreadsheet."""
    titles = {f.name: f"{f.title_ja} {f.name}" for f in compared.fields}
    sides = {side: _Side(compared, found, side) for side in ("before", "after")}
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream, lineterminator="\r\n")
        table.writerow(COLUMNS)
        for row in found.rows.itertuples(index=False):
            which = "after" if row.after >= 0 else "before"
            side, at = sides[which], getattr(row, which)
            kind, code = KINDS[row.kind], side.codes[at]
            cells = (
                f"{kind[0]} {kind[1]}", names.get(code, (code, code))[0] or "", side.ids[at],
                side.labels[at], titles.get(row.field, row.field), row.was, row.now,
                "" if np.isnan(row.metres) else f"{row.metres:.1f}", *side.places[at],
            )  # fmt: skip
            table.writerow([f"'{c}" if starts_formula(c) else c for c in cells])


class _Side:
    """What is said of the features of one version that differ."""

    def __init__(self, compared: Comparison, found: Differences, which: str) -> None:
        frame = compared.before if which == "before" else compared.after
        at = np.unique(found.rows[which].to_numpy())
        at = at[at >= 0]
        own = at.tolist()
        rows = frame.iloc[at]
        middles = shapely.centroid(rows.geometry.to_numpy())
        self.labels = dict(zip(own, compared.labels(at, frame), strict=True))
        self.ids = dict(zip(own, map(str, rows["id"]), strict=True))
        self.codes = dict(zip(own, map(shown, rows[CODE]), strict=True))
        points = zip(shapely.get_x(middles).tolist(), shapely.get_y(middles).tolist(), strict=True)
        self.places = dict(zip(own, (tuple(map(_degrees, p)) for p in points), strict=True))


def _degrees(number: float) -> str:
    return "" if np.isnan(number) else f"{number:.6f}"
