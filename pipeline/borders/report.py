"""What was observed, for people: findings, rows of both sides, tables for Excel and for maps."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from pipeline.check.formulas import starts_formula
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import TextIO

NO_FINDING = ("sea", "line")
"""Kinds that are told and drawn, and are no fault."""
UNIT = {"m": "m", "m2": "m²", "count": ""}
HEADINGS = {
    "layer": "レイヤー layer", "kind": "種類 kind", "a": "自治体1 code_a", "b": "自治体2 code_b",
    "size": "大きさ size", "unit": "単位 unit", "distance": "距離・幅 distance (m)",
    "grade": "区分 grade", "field": "項目 field",
    "value_a": "値1 value_a", "value_b": "値2 value_b",
    "id_a": "地物1 id_a", "id_b": "地物2 id_b", "row_a": "行1 row_a", "row_b": "行2 row_b",
    "longitude": "経度 longitude", "latitude": "緯度 latitude", "message": "内容",
    "remedy": "どうすればよいか", "message_en": "message", "remedy_en": "remedy",
}  # fmt: skip
"""Columns of the table for Excel."""


def amount(size: float, unit: str) -> str:
    """Return a size as people read it, e.g. ``12.3 m²``."""
    digits = 0 if unit == "count" or size >= 1000 else 1 if size >= 10 else 2
    return f"{size:,.{digits}f} {UNIT[unit]}".strip()


def findings_of(
    table: gpd.GeoDataFrame, place: str, names: Mapping[str, tuple[str, str]]
) -> list[Finding]:
    """Return one finding for each pair and kind; a border in the sea is no finding.

    Parameters
    ----------
    place
        ``layers.NAME``.
    names
        ``{code: (ja, en)}``.
    """
    told = table[~table["kind"].isin(NO_FINDING)]
    groups = told.groupby(["kind", "a", "b", "unit"], sort=True)
    return [finding_of(group, place, names) for _, group in groups]


def finding_of(group: pd.DataFrame, place: str, names: Mapping[str, tuple[str, str]]) -> Finding:
    """Return the finding that stands for rows of one kind of one pair."""
    first = group.iloc[0]
    codes = [code for code in (first["a"], first["b"]) if code]
    ja, en = (
        [names.get(code, (code, code))[language] or names[code][0] for code in codes]
        for language in (0, 1)
    )
    kind = str(first["kind"])
    return Catalogue.of("pipeline.borders").finding(
        f"border-{kind}",
        field=place,
        value=first["value_a"] if kind in ("shift", "datum") else "",
        count=len(group),
        names="と".join(ja),
        names_en=" and ".join(en),
        size=amount(float(group["size"].sum()), str(first["unit"])),
        largest=amount(float(group["size"].max()), str(first["unit"])),
    )


def with_rows(table: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, fields: Iterable[str]) -> Any:
    """Put the published rows of both sides to what was observed, as JSON texts."""
    wanted = {*table["id_a"], *table["id_b"]} - {""}
    ids = frame["id"].astype(str)
    rows = frame[ids.isin(wanted)]
    texts = {
        i: json.dumps(dict(zip(fields, map(_plain, row), strict=True)), ensure_ascii=False)
        for i, row in zip(
            ids[rows.index], rows[list(fields)].astype(object).itertuples(index=False), strict=True
        )
    }
    return table.assign(
        **{
            row: pd.Series([texts.get(i, "") for i in table[side]], table.index, dtype=object)
            for side, row in (("id_a", "row_a"), ("id_b", "row_b"))
        }
    )


def _plain(cell: Any) -> Any:
    if cell is None or pd.isna(cell):
        return None
    return cell if isinstance(cell, bool | int | float | str) else str(cell)


def read_report(path: Path, layer: str) -> gpd.GeoDataFrame:
    """Read what was observed of a layer; the first column says which."""
    table = gpd.read_parquet(path)
    table.insert(0, "layer", layer)
    return table


def of_pair(table: gpd.GeoDataFrame, a: str, b: str) -> gpd.GeoDataFrame:
    """Return the rows of a pair, and those of one of the two alone, largest first by kind."""
    low, high = sorted((a, b))
    both = (table["a"] == low) & (table["b"] == high)
    alone = table["a"].isin([low, high]) & (table["b"] == "")
    return table[both | alone].reset_index(drop=True)


def write_excel_csv(
    stream: TextIO, table: gpd.GeoDataFrame, names: Mapping[str, tuple[str, str]]
) -> None:
    """Write rows as CSV; the stream writes UTF-8 with a byte order mark for Excel."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(HEADINGS.values())
    for row in described(table[table["kind"] != "line"], names):
        writer.writerow([_cell(row.get(name)) for name in HEADINGS])


def described(
    table: gpd.GeoDataFrame, names: Mapping[str, tuple[str, str]]
) -> Iterable[dict[str, Any]]:
    """Yield rows as mappings with their place, message and remedy."""
    points = table.geometry.representative_point()
    plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    for position, (_, row) in enumerate(plain.iterrows()):
        finding = finding_of(plain.iloc[[position]], f"layers.{row['layer']}", names)
        point = points.iloc[position]
        somewhere = point is not None and not point.is_empty
        yield row.to_dict() | {
            "longitude": round(point.x, 7) if somewhere else None,
            "latitude": round(point.y, 7) if somewhere else None,
            "message": finding.message_ja, "remedy": finding.remedy_ja,
            "message_en": finding.message_en, "remedy_en": finding.remedy_en,
        }  # fmt: skip


def geojson_of(table: gpd.GeoDataFrame, names: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Return rows as a GeoJSON document."""
    table = table[table["kind"] != "line"]
    features = [
        {
            "type": "Feature",
            "geometry": None if shape is None or shape.is_empty else shape.__geo_interface__,
            "properties": {name: _number(cell) for name, cell in row.items()},
        }
        for shape, row in zip(table.geometry, described(table, names), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _number(cell: Any) -> Any:
    if isinstance(cell, float):
        return None if pd.isna(cell) else round(cell, 3)
    return cell


def _cell(cell: Any) -> str:
    plain = _number(cell)
    text = "" if plain is None else str(plain)
    return f"'{text}" if starts_formula(text) else text
