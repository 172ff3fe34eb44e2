"""Declared rules applied to what was observed: each change is told, and nothing is lost."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.borders.areas import areal
from pipeline.borders.lines import free_ends, meetings
from pipeline.borders.observations import Kind, Pair, observed
from pipeline.borders.reference import local_plane
from pipeline.borders.snapping import snap_areas, tracks_of
from pipeline.borders.subject import Subject, side_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pyproj import CRS
    from shapely import Geometry

    from pipeline.borders.reference import Reference
    from pipeline.config.borders import Rule


@dataclass
class Mended:
    """A layer while rules are applied.

    Attributes
    ----------
    shapes
        In degrees, shape ``(n,)``.
    rules
        Names of the rules that changed each feature.
    moved
        Metres the farthest vertex of each feature moved.
    links
        Id of the place each feature is a duplicate in; empty if it is none.
    observed
        What rules could not do.
    """

    shapes: NDArray[np.object_]
    rules: list[list[str]]
    moved: NDArray[np.float64]
    links: NDArray[np.object_]
    observed: list[gpd.GeoDataFrame] = field(default_factory=list)

    def change(self, row: int, shape: Geometry, rule: str, metres: float) -> None:
        """Give a feature another shape."""
        self.shapes[row] = shape
        if rule not in self.rules[row]:
            self.rules[row].append(rule)
        self.moved[row] = max(self.moved[row], metres)


def mended(subject: Subject, reference: Reference | None, table: gpd.GeoDataFrame) -> Mended:
    """Apply the declared rules of a layer.

    Parameters
    ----------
    table
        What was observed of the layer as its sources have it.
    """
    count = len(subject.frame)
    state = Mended(
        subject.shapes.copy(), [[] for _ in range(count)], np.zeros(count),
        np.full(count, "", object),
    )  # fmt: skip
    rows = {str(i): row for row, i in enumerate(subject.frame["id"])}
    order: tuple[Rule, ...] = ("report", "clip", "prefer", "snap", "fill", "link")
    for rule in sorted(set(subject.options.rule), key=order.index):
        match rule:
            case "report":
                pass
            case "clip":
                _clip(subject, reference, state)
            case "prefer":
                _prefer(subject, table, rows, state)
            case "snap":
                _snap(subject, reference, state)
            case "fill":
                _fill(subject, table, rows, state)
            case "link":
                _link(table, rows, state)
            case _:
                assert_never(rule)
    return state


def _plane(subject: Subject) -> CRS:
    return local_plane(shapely.box(*shapely.total_bounds(subject.shapes)).centroid)


def _clip(subject: Subject, reference: Reference | None, state: Mended) -> None:
    """Cut what reaches into a neighbour's area; what lies there as a whole stays and is told."""
    if reference is None:
        return
    emptied = []
    for code, (rows, tree) in subject.trees.items():
        foreign = [area for other, area in reference.areas.items() if other != code]
        if code not in reference.areas or not foreign:
            continue
        near = np.unique(tree.query(np.asarray(foreign, object), predicate="intersects")[1])
        near = rows[near]
        near = near[subject.dimensions[near] > 0]
        crossing = near[~shapely.covered_by(state.shapes[near], reference.areas[code])]
        for row in crossing:
            beyond = [area for area in foreign if area.intersects(state.shapes[row])]
            made = shapely.difference(state.shapes[row], shapely.union_all(beyond))
            same = shapely.get_dimensions(made) == subject.dimensions[row]
            if made.is_empty or not same:
                emptied.append(row)
            elif not shapely.equals_exact(made, state.shapes[row]):
                state.change(row, made, "clip", 0.0)
    state.observed += _told("undone", subject, emptied, "clip")


def _told(kind: Kind, subject: Subject, rows: list[int], rule: str) -> list[gpd.GeoDataFrame]:
    """Return a row for each feature that a rule left as it was."""
    if not rows:
        return []
    chosen = subject.frame.iloc[rows]
    tables = []
    for code, group in chosen.groupby("municipality_code", sort=True):
        tables.append(
            observed(
                kind, Pair(str(code), ""), shapely.point_on_surface(group.geometry.to_numpy()),
                subject.frame.crs, size=np.ones(len(group)), grade=rule,
                id_a=group["id"].astype(str).to_numpy(object),
            )
        )  # fmt: skip
    return tables


def _prefer(
    subject: Subject, table: gpd.GeoDataFrame, rows: Mapping[str, int], state: Mended
) -> None:
    """Take what both claim from the side whose drawing counts less."""
    claimed = table[table["kind"].isin(["overlap", "double"])]
    for id_a, id_b in zip(claimed["id_a"], claimed["id_b"], strict=True):
        first, second = rows[id_a], rows[id_b]
        loser = _loser(subject, first, second)
        if loser is None:
            continue
        winner = second if loser == first else first
        made = areal(np.asarray([shapely.difference(state.shapes[loser], state.shapes[winner])]))[0]
        if made.is_empty:
            state.observed += _told("undone", subject, [loser], "prefer")
        else:
            state.change(loser, made, "prefer", 0.0)


def _loser(subject: Subject, first: int, second: int) -> int | None:
    options = subject.options
    if options.newest is not None:
        dates = subject.frame[options.newest].iloc[[first, second]].astype(object).tolist()
        if any(pd.isna(date) for date in dates) or dates[0] == dates[1]:
            return None
        return first if str(dates[0]) < str(dates[1]) else second
    order = [subject.codes_of.get(name, name) for name in options.prefer]
    ranks = [
        order.index(code) if code in order else len(order)
        for code in subject.codes[[first, second]]
    ]
    if ranks[0] == ranks[1]:
        return None
    return first if ranks[0] > ranks[1] else second


def _snap(subject: Subject, reference: Reference | None, state: Mended) -> None:
    """Bring areas to the common lines, and ends of lines that belong together to one point."""
    plane, tolerance = _plane(subject), subject.options.tolerance
    areas = np.flatnonzero(subject.dimensions == 2)
    lines = _lines_to_snap_to(subject, reference)
    if len(areas) and lines:
        tracks = tracks_of(lines, subject.frame.crs, plane)
        made = snap_areas(state.shapes[areas], tracks, subject.frame.crs, plane, tolerance)
        for row in np.flatnonzero(made.moved > 0):
            state.change(int(areas[row]), made.shapes[row], "snap", float(made.moved[row]))
        for row in np.flatnonzero((made.moved == 0) & (made.shapes != state.shapes[areas])):
            state.change(int(areas[row]), made.shapes[row], "snap", 0.0)
        state.observed += _told("tolerance", subject, areas[made.too_small].tolist(), "snap")
        state.observed += _told("undone", subject, areas[made.undone].tolist(), "snap")
    for pair in _pairs(subject, reference):
        _snap_ends(subject, pair, plane, state)


def _pairs(subject: Subject, reference: Reference | None) -> list[Pair]:
    codes = sorted(subject.trees)
    every = [Pair(a, b) for i, a in enumerate(codes) for b in codes[i + 1 :]]
    return every if reference is None else [pair for pair in every if pair in reference.lines]


def _lines_to_snap_to(subject: Subject, reference: Reference | None) -> list[Geometry]:
    """Return the common lines: of the reference, else the edge of the better source."""
    if reference is not None:
        present = set(subject.trees)
        return [line for pair, line in reference.lines.items() if {pair.a, pair.b} <= present]
    best = [subject.codes_of.get(name, name) for name in subject.options.prefer][:1]
    if not best or best[0] not in subject.trees:
        return []
    rows = subject.trees[best[0]][0]
    edge = shapely.boundary(shapely.union_all(subject.shapes[rows]))
    others = np.flatnonzero((subject.codes != best[0]) & (subject.dimensions == 2))
    around = shapely.buffer(subject.shapes[others], subject.options.tolerance / 111_000)
    line = shapely.intersection(edge, shapely.union_all(around))
    return [shapely.line_merge(line)] if shapely.length(line) > 0 else []


def _snap_ends(subject: Subject, pair: Pair, plane: CRS, state: Mended) -> None:
    tolerance = subject.options.tolerance
    at = [subject.trees[code][0] for code in (pair.a, pair.b)]
    at = [rows[subject.dimensions[rows] == 1] for rows in at]
    if not (len(at[0]) and len(at[1])):
        return
    a, b = (
        side_of(subject, code, rows, plane) for code, rows in zip((pair.a, pair.b), at, strict=True)
    )
    ends_a, ends_b = free_ends(a), free_ends(b)
    met = meetings(ends_a, ends_b, tolerance)
    for i, j, metres in zip(met.a.tolist(), met.b.tolist(), met.distance.tolist(), strict=True):
        if metres == 0:
            continue
        middle = shapely.get_coordinates([ends_a.points[i], ends_b.points[j]]).mean(axis=0)
        target = gpd.GeoSeries([shapely.Point(middle)], crs=plane).to_crs(subject.frame.crs)[0]
        for rows, ends, end in ((at[0], ends_a, i), (at[1], ends_b, j)):
            row = int(rows[ends.row[end]])
            old = ends.points[end]
            made = _end_moved(state.shapes[row], subject.shapes[row], old, target, plane, subject)
            state.change(row, made, "snap", float(np.hypot(*(middle - [old.x, old.y]))))


def _end_moved(
    shape: Geometry,
    original: Geometry,
    old: Geometry,
    target: Geometry,
    plane: CRS,
    subject: Subject,
) -> Geometry:
    """Return a line whose one vertex at `old` (in the plane) is at `target` (in degrees)."""
    flat = gpd.GeoSeries([original], crs=subject.frame.crs).to_crs(plane)
    away = np.hypot(*(shapely.get_coordinates(flat.iloc[0]) - [old.x, old.y]).T)
    vertex = int(away.argmin())

    def moved(coords: NDArray[np.float64]) -> NDArray[np.float64]:
        coords = coords.copy()
        coords[vertex] = target.x, target.y
        return coords

    made: Geometry = shapely.transform(shape, moved)
    return made


def _fill(
    subject: Subject, table: gpd.GeoDataFrame, rows: Mapping[str, int], state: Mended
) -> None:
    """Give gaps no wider than the tolerance to a feature beside them."""
    narrow = (table["kind"] == "gap") & (table["distance"] <= subject.options.tolerance)
    for id_a, id_b, gap, width in table.loc[
        narrow, ["id_a", "id_b", "geometry", "distance"]
    ].itertuples(index=False):
        beside = [rows[i] for i in (id_a, id_b) if i]
        if not beside:
            continue
        contact = [
            shapely.length(shapely.intersection(gap, shapely.buffer(state.shapes[r], 1e-9)))
            for r in beside
        ]
        row = beside[int(np.argmax(contact))]
        piece = shapely.snap(gap, state.shapes[row], 1e-9)
        made = shapely.union(state.shapes[row], piece if piece.is_valid else gap)
        state.change(row, areal(np.asarray([made], object))[0], "fill", float(width))


def _link(table: gpd.GeoDataFrame, rows: Mapping[str, int], state: Mended) -> None:
    """Join what is the same place by an id: the smallest of the group."""
    same = table[(table["kind"] == "duplicate") & (table["grade"] == "same")]
    group: dict[str, str] = {}

    def root(i: str) -> str:
        while group.get(i, i) != i:
            i = group[i]
        return i

    for id_a, id_b in zip(same["id_a"], same["id_b"], strict=True):
        one, other = sorted((root(id_a), root(id_b)), key=int)
        group[other] = one
        group.setdefault(one, one)
    for i in group:
        state.links[rows[i]] = root(i)
        state.change(rows[i], state.shapes[rows[i]], "link", 0.0)


def digest(shape: Geometry) -> str:
    """Return the SHA-256 of a geometry whose rings start and turn in one way."""
    return hashlib.sha256(shapely.to_wkb(shapely.normalize(shape))).hexdigest()


def provenance(subject: Subject, state: Mended) -> dict[str, pd.Series]:
    """Return the columns that say what the rules did, in the order of the layer."""
    changed = [bool(rules) for rules in state.rules]
    index = subject.frame.index
    texts = {
        "border_rule": [" ".join(rules) or None for rules in state.rules],
        "border_original": [
            digest(shape) if done else None
            for shape, done in zip(subject.shapes, changed, strict=True)
        ],
        "border_link": [link or None for link in state.links],
    }
    columns = {name: pd.Series(cells, index, dtype="string") for name, cells in texts.items()}
    metres = np.where(changed, np.round(state.moved, 3), np.nan)
    columns["border_moved"] = pd.Series(metres, index).astype("Float64")
    return {name: columns[name] for name in subject.options.added()}
