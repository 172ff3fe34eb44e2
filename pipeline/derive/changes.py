"""Two years of one survey: what was converted, built and demolished between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.derive.fields import CODE, require
from pipeline.derive.tables import Derived, Given
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.places.areas import square_metres
from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.operations import Changes

    Integers = NDArray[np.int64]

CRS = "EPSG:6668"
SAME_SHAPE = 0.9
"""Common part of two shapes, of what they cover together, from which a boundary is the same."""
KINDS = {
    "unchanged": ("変わらない", "unchanged"),
    "converted": ("転換", "converted"),
    "built": ("新しい", "built"),
    "demolished": ("なくなった", "demolished"),
    "unknown": ("わからない", "unknown"),
}


class Pairs(NamedTuple):
    """Rows of two years that are one thing.

    Attributes
    ----------
    before, after
        Positions; no row stands twice.
    common
        Square metres both cover.
    likeness
        That, of what they cover together.
    """

    before: Integers
    after: Integers
    common: NDArray[np.float64]
    likeness: NDArray[np.float64]


def changes(options: Changes, before: Given, after: Given) -> Derived:
    """Put two years of a survey side by side.

    Rows are one thing if they have the same ``id`` (where one is declared and stands once in each
    year), or else if their common area is at least ``overlap`` of the smaller of them; of several
    such pairs those with the largest common area are taken first, a row once. A pair whose values
    of ``field`` differ is ``converted``; what has no partner is ``demolished`` or ``built``. Where
    one of a pair has no value (not recorded, or suppressed), nobody can tell: ``unknown``.

    Raises
    ------
    OperationError
        If a field or the geometry of a year is not there.
    """
    for year in (before, after):
        require(year, [options.field, *([options.id] if options.id else [])], "field, id")
        if "geometry" not in year.frame.columns:
            raise OperationError([_finding("zones-without-places")])
    old, new = (y.frame.reset_index(drop=True) for y in (before, after))
    pairs = _pairs(options, old, new)
    table = _rows(options, old, new, pairs)
    counts = {kind: int((table["change"] == kind).sum()) for kind in KINDS}
    findings = [*_boundaries(pairs), *_unknown(options, table)]
    if options.result == "matrix":
        return Derived(
            _matrix(table), _matrix_fields(after.fields[options.field]), counts, findings
        )
    return Derived(table, _fields(after.fields[options.field]), counts, findings)


def _finding(code: str, **details: Any) -> Finding:
    return Catalogue.of("pipeline.derive").finding(code, **details)


def _pairs(options: Changes, old: pd.DataFrame, new: pd.DataFrame) -> Pairs:
    shapes = [_valid(frame["geometry"].to_numpy()) for frame in (old, new)]
    by_id = _by_id(old[options.id], new[options.id]) if options.id else np.zeros((0, 2), np.int64)
    candidates = shapely.STRtree(shapes[1]).query(shapes[0], predicate="intersects").T
    both = np.vstack([by_id, candidates]).astype(np.int64)
    sizes = [square_metres(s) for s in shapes]
    common = square_metres(shapely.intersection(shapes[0][both[:, 0]], shapes[1][both[:, 1]]))
    smaller = np.minimum(sizes[0][both[:, 0]], sizes[1][both[:, 1]])
    same_id = np.arange(len(both)) < len(by_id)
    enough = same_id | ((common > 0) & (common >= options.overlap * smaller))
    order = np.lexsort((both[:, 1], both[:, 0], -common, ~same_id))
    chosen = _one_to_one(both, order[enough[order]])
    pair, shared = both[chosen], common[chosen]
    whole = sizes[0][pair[:, 0]] + sizes[1][pair[:, 1]] - shared
    likeness = np.divide(shared, whole, out=np.zeros(len(whole)), where=whole > 0)
    return Pairs(pair[:, 0], pair[:, 1], shared, likeness)


def _valid(shapes: NDArray[Any]) -> NDArray[Any]:
    made: NDArray[Any] = shapely.make_valid(shapes)
    return made


def _by_id(old: pd.Series, new: pd.Series) -> Integers:
    """Return pairs of rows with one id that stands once in each year."""
    places = []
    for column in (old, new):
        known = column.dropna()
        once = known[~known.duplicated(keep=False)]
        places.append({value: position for position, value in once.items()})
    found = [(at, places[1][value]) for value, at in places[0].items() if value in places[1]]
    return np.array(found, np.int64).reshape(-1, 2)


def _one_to_one(both: Integers, order: Integers) -> Integers:
    used: tuple[set[int], set[int]] = (set(), set())
    chosen = []
    for pair in order.tolist():
        old, new = both[pair].tolist()
        if old not in used[0] and new not in used[1]:
            used[0].add(old)
            used[1].add(new)
            chosen.append(pair)
    return np.array(sorted(chosen), np.int64)


def _rows(options: Changes, old: pd.DataFrame, new: pd.DataFrame, pairs: Pairs) -> pd.DataFrame:
    gone = np.setdiff1d(np.arange(len(old)), pairs.before)
    fresh = np.setdiff1d(np.arange(len(new)), pairs.after)
    was = _values(old, options.field, [*pairs.before, *[None] * len(fresh), *gone])
    now = _values(new, options.field, [*pairs.after, *fresh, *[None] * len(gone)])
    paired = [_kind(a, b) for a, b in zip(was, now, strict=True)]
    kinds = [*paired[: len(pairs.before)], *["built"] * len(fresh), *["demolished"] * len(gone)]
    shapes = [
        *new["geometry"].to_numpy()[pairs.after],
        *new["geometry"].to_numpy()[fresh],
        *old["geometry"].to_numpy()[gone],
    ]
    codes = [*new[CODE].to_numpy()[[*pairs.after, *fresh]], *old[CODE].to_numpy()[gone]]
    sizes = square_metres(np.array([*shapes, None], dtype=object)[:-1])
    columns = {
        CODE: pd.Series(codes, dtype=object),
        "change": pd.Series(kinds, dtype=object),
        "before": pd.Series(was, dtype=object),
        "after": pd.Series(now, dtype=object),
        "area": pd.Series(np.round(sizes, 1), dtype="Float64"),
    }
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=CRS)


def _kind(was: str | None, now: str | None) -> str:
    if was is None or now is None:
        return "unknown"
    return "unchanged" if was == now else "converted"


def _values(frame: pd.DataFrame, name: str, rows: list[Any]) -> list[Any]:
    cells = frame[name].astype(object).where(frame[name].notna(), None).tolist()
    return [None if row is None else _text(cells[row]) for row in rows]


def _text(cell: Any) -> str | None:
    return None if cell is None else str(cell)


def _fields(field: Field) -> list[Field]:
    ja, en = field.title_ja, field.title_en or field.name
    return [
        Field("change", "変化", "Change", "string"),
        Field("before", f"前の{ja}", f"{en} before", "string"),
        Field("after", f"後の{ja}", f"{en} after", "string"),
        Field("area", "面積（㎡）", "Area (m²)", "number"),
    ]


def _matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Count and measure every change; demolished ones have no class after, built none before.

    The kind of change stands beside them, for a class that is not known is empty too.
    """
    names = ["before", "after", "change"]
    keys = pd.DataFrame(table[names]).fillna("")
    groups = keys.assign(area=table["area"], n=1).groupby(names, sort=True)
    made = groups.agg(rows=("n", "sum"), area=("area", "sum")).reset_index()
    codes = set(table[CODE])
    made.insert(0, CODE, next(iter(codes)) if len(codes) == 1 else None)
    for name in ("before", "after"):
        made[name] = made[name].astype(object).where(made[name] != "", None)
    made["area"] = made["area"].round(1).astype("Float64")
    return made.astype({"rows": "Int64"})


def _matrix_fields(field: Field) -> list[Field]:
    change, before, after, area = _fields(field)
    return [before, after, change, Field("rows", "件数", "Count", "integer"), replace(area)]


def _boundaries(pairs: Pairs) -> list[Finding]:
    """Name pairs whose shapes differ: other boundaries of blocks, or a rebuilt house."""
    other = np.flatnonzero(pairs.likeness < SAME_SHAPE)
    if not len(other):
        return []
    places = [Place(feature=str(row + 1)) for row in pairs.after[other].tolist()]
    return [_finding("changes-boundaries", places=places, rows=len(pairs.after))]


def _unknown(options: Changes, table: pd.DataFrame) -> list[Finding]:
    rows = np.flatnonzero((table["change"] == "unknown").to_numpy(bool))
    if not len(rows):
        return []
    places = [Place(feature=str(row + 1)) for row in rows.tolist()]
    return [_finding("changes-undecided", field=options.field, places=places, pairs=len(rows))]
