"""The border of two municipalities as a page: the line, and what does not fit there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.borders.report import NO_FINDING, amount, described, of_pair, read_report
from tiles_server.errors import UnknownNameError
from tiles_server.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely import Geometry

    from tiles_server.manifest import Municipality
    from tiles_server.releases import Release, Releases

WIDTH, HEIGHT, MARGIN = 800.0, 460.0, 24.0
"""Of the drawing, in its own units."""
SHOWN = 100
"""Findings on a page; the table for Excel has all of them."""
NUMBERED = 30
"""Findings with a number in the drawing; more would cover each other."""
KEPT = 12
"""Releases of which the page tells how much was found."""


@dataclass(frozen=True)
class Item:
    """One observation as a page shows it."""

    number: int
    layer: str
    kind: str
    amount: str
    grade: str
    field: str
    values: tuple[str, str]
    rows: tuple[dict[str, Any], dict[str, Any]]
    ids: tuple[str, str]
    message: str
    remedy: str


@dataclass(frozen=True)
class Mark:
    """A shape in the drawing and where its number stands."""

    number: int
    path: str
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Border:
    """Everything observed between two municipalities in one release."""

    a: Municipality
    b: Municipality
    table: gpd.GeoDataFrame
    names: dict[str, tuple[str, str]]

    @property
    def pair(self) -> str:
        """Return how the address names it."""
        return f"{self.a.code}-{self.b.code}"

    @cached_property
    def findings(self) -> gpd.GeoDataFrame:
        """Rows that are findings, largest first: areas, then lengths, then counts."""
        told = self.table[~self.table["kind"].isin(NO_FINDING)]
        rank = told["unit"].map({"m2": 0, "m": 1, "count": 2})
        order = pd.DataFrame({"rank": rank, "size": -told["size"]}).sort_values(["rank", "size"])
        return told.loc[order.index].reset_index(drop=True)

    def summary(self) -> list[tuple[str, str, int, str]]:
        """Return layer, kind, count and sum of every kind of finding."""
        groups = self.findings.groupby(["layer", "kind", "unit"], sort=True)
        return [
            (layer, kind, len(group), amount(float(group["size"].sum()), unit))
            for (layer, kind, unit), group in groups
        ]

    def items(self, language: str) -> list[Item]:
        """Return the largest findings, each with the rows of both sides."""
        shown = self.findings.head(SHOWN)
        return [
            _item(number, row, language)
            for number, row in enumerate(described(shown, self.names), 1)
        ]

    @cached_property
    def apart(self) -> float | None:
        """Metres between the two where they have no common line; ``None`` where they do."""
        sea = self.table[self.table["kind"] == "sea"]
        return None if sea.empty else float(sea["size"].iloc[0])


def _item(number: int, row: dict[str, Any], language: str) -> Item:
    en = "_en" if language == "en" else ""
    rows = [json.loads(row[side]) if row[side] else {} for side in ("row_a", "row_b")]
    filled = [{k: v for k, v in one.items() if v is not None} for one in rows]
    return Item(
        number, row["layer"], row["kind"], amount(row["size"], row["unit"]), row["grade"],
        row["field"], (row["value_a"], row["value_b"]), (filled[0], filled[1]),
        (row["id_a"], row["id_b"]), row[f"message{en}"], row[f"remedy{en}"],
    )  # fmt: skip


def border_of(release: Release, pair: str) -> Border:
    """Return what a release knows of the border called ``401005-352012``.

    Raises
    ------
    UnknownNameError
        If these are no two of its municipalities, or nothing was measured between them.
    """
    low, high = sorted((*pair.split("-", 1), ""))[-2:]
    known = release.manifest.municipality(low), release.manifest.municipality(high)
    if known[0] is None or known[1] is None or low == high:
        raise UnknownNameError(f"'{pair}' is not a border of this release")
    tables = [of_pair(table, low, high) for table in _reports(release)]
    tables = [table for table in tables if len(table)]
    if not tables:
        raise UnknownNameError(f"nothing was measured at the border '{pair}'")
    names = {m.code: (m.name.ja, m.name.en) for m in release.manifest.municipalities.values()}
    table = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=tables[0].crs)
    return Border(known[0], known[1], table, names)


def _reports(release: Release) -> Iterator[gpd.GeoDataFrame]:
    for name, layer in release.manifest.layers.items():
        if "borders" in layer.artefacts:
            yield read_report(release.folder / layer.artefacts["borders"], name)


def development(releases: Releases, pair: str) -> list[tuple[str, int]]:
    """Return the kept releases, oldest first, with the number of findings of a pair."""
    found = []
    for folder in sorted(releases.folder.glob("*-*"))[-KEPT:]:
        if (folder / "manifest.json").is_file() and not folder.name.startswith("."):
            manifest = read_manifest(folder)
            found.append((manifest.created, manifest.borders().get(pair, 0)))
    return found


@dataclass(frozen=True)
class Drawing:
    """The line and the largest findings as paths of an SVG."""

    width: float
    height: float
    line: str
    marks: tuple[Mark, ...]


def drawing(border: Border) -> Drawing | None:
    """Draw the line and the findings; ``None`` if nothing has a place."""
    line = border.table[border.table["kind"] == "line"].drop_duplicates("geometry")
    told = border.findings.head(NUMBERED)
    shapes = [*line.geometry, *told.geometry]
    placed = [shape for shape in shapes if shape is not None and not shape.is_empty]
    if not placed:
        return None
    west, south, east, north = shapely.total_bounds(placed)
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    wide, high = max((east - west) * squeeze, 1e-5), max(north - south, 1e-5)
    scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    height = high * scale + 2 * MARGIN

    def flat(coords: np.ndarray) -> np.ndarray:
        x = MARGIN + (coords[:, 0] - west) * squeeze * scale
        return np.column_stack([x, height - MARGIN - (coords[:, 1] - south) * scale])

    marks = []
    for number, (shape, kind) in enumerate(zip(told.geometry, told["kind"], strict=True), 1):
        if shape is None or shape.is_empty:
            continue
        there = shapely.transform(shape, flat)
        point = shapely.point_on_surface(there)
        marks.append(Mark(number, _path(there), round(point.x, 1), round(point.y, 1), kind))
    lines = " ".join(_path(shapely.transform(shape, flat)) for shape in line.geometry)
    return Drawing(WIDTH, round(height, 1), lines, tuple(marks))


def _path(shape: Geometry) -> str:
    """Return the lines of a shape as SVG path data, to a tenth of a unit."""
    parts = shapely.get_parts(np.asarray([shape], dtype=object))
    texts = []
    for part in parts:
        rings = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for ring in rings:
            if ring.geom_type not in ("LineString", "LinearRing"):
                continue
            coords = shapely.get_coordinates(shapely.simplify(ring, 0.2)).round(1)
            texts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in coords))
    return "".join(texts)
