"""Numbers of rows by cells of the standard grid or by areas, with totals kept to the last unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Geod

from pipeline.derive import mesh
from pipeline.derive.fields import CODE, require, require_numbers
from pipeline.derive.hidden import withheld
from pipeline.derive.measures import Groups, measured
from pipeline.derive.pieces import NOWHERE, Pieces, in_areas, in_mesh, spread
from pipeline.derive.tables import Derived, Given
from pipeline.derive.townkeys import town_key
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.standardise.columns import MARK, MARKER, Field
from pipeline.standardise.values import DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.operations import Zones

MESH_CODE = "mesh_code"
CRS = "EPSG:6668"


@dataclass(frozen=True)
class Placed:
    """Zones, and which part of each row lies in which of them.

    Attributes
    ----------
    table
        Of zones: their fields, and ``geometry`` where they have any.
    areas
        Of zones, in square metres.
    complete
        Whether zones without a row are rows of the result.
    """

    pieces: Pieces
    table: pd.DataFrame
    fields: list[Field]
    areas: NDArray[np.float64]
    complete: bool
    findings: list[Finding]


def zones(options: Zones, given: Given, *others: Given) -> Derived:
    """Count, add up and relate rows by the zones they lie in.

    Whole numbers and decimal ones are divided as whole units by largest remainder, so that the
    zones add up to what the rows add up to. What lies in no zone is a row without a zone and
    without a shape, and is named in a finding.

    Raises
    ------
    OperationError
        If a field is not there or no number, names clash, or rows have no place.
    """
    sums = [str(m.of) for m in options.measures.values() if m.kind == "sum"]
    asked = [*options.per, *([options.classes.field] if options.classes else []), *options.on]
    require(given, [*asked, *sums], "per, classes, measures, on")
    require_numbers(given, sums, "measures")
    frame = given.frame.reset_index(drop=True)
    placed = locate(options, given, frame, others)
    groups = grouped_pieces(options, frame, placed)
    made = measured(options, given, placed, groups)
    table = _table(options, given, frame, placed, groups)
    fields = [*placed.fields, *(given.fields[n] for n in options.per if n != CODE), *made.fields]
    _require_new(fields)
    for name, column in made.columns.items():
        table[name] = column
    if made.withheld is not None:
        of_areas = table[MARKER].fillna(value=False) if MARKER in table.columns else False
        table[MARKER] = pd.Series(made.withheld, dtype="boolean") | of_areas
        fields = [*(f for f in fields if f.name != MARKER), MARK]
    if "geometry" in placed.table.columns:
        shapes = placed.table["geometry"].to_numpy()
        at = [None if zone == NOWHERE else shapes[zone] for zone in groups.zone.tolist()]
        table = gpd.GeoDataFrame(table, geometry=at, crs=CRS)
    counts = {"rows": len(frame), "pieces": len(placed.pieces.record), "zones": len(placed.table)}
    findings = [*placed.findings, *_outside(placed, frame), *made.findings]
    marked = MARKER in table.columns
    return Derived(table, fields, counts | made.counts, findings, marked=marked)


def _finding(code: str, **details: Any) -> Finding:
    return Catalogue.of("pipeline.derive").finding(code, **details)


def _require_new(fields: list[Field]) -> None:
    names = [field.name for field in fields]
    twice = dict.fromkeys(name for name in names if names.count(name) > 1 or name == CODE)
    if twice:
        raise OperationError([_finding("zones-name-taken", value=name) for name in twice])


# ---- where rows lie


def locate(options: Zones, given: Given, frame: pd.DataFrame, others: tuple[Given, ...]) -> Placed:
    """Find the zones of rows, whatever says where these lie."""
    areas = others[0] if options.areas is not None else None
    weights = others[-1] if options.weights is not None else None
    if areas is not None and options.on:
        return _by_key(options, frame, areas)
    if areas is None and options.mesh is None:
        return _all_in_one(len(frame))
    shapes = _shapes(frame)
    if weights is None:
        return _by_place(options, shapes, areas)
    return _by_weight(options, shapes, areas, weights)


def _shapes(frame: pd.DataFrame) -> NDArray[Any]:
    if "geometry" not in frame.columns:
        raise OperationError([_finding("zones-without-places")])
    shapes: NDArray[Any] = frame["geometry"].to_numpy().copy()
    return shapes


def _all_in_one(count: int) -> Placed:
    one = np.zeros(count, np.int64)
    pieces = Pieces(np.arange(count), one, np.ones(count), one[:0])
    return Placed(pieces, pd.DataFrame(index=[0]), [], np.full(1, np.nan), True, [])


def _by_place(options: Zones, shapes: NDArray[Any], areas: Given | None) -> Placed:
    if areas is None:
        level = mesh.LEVELS[str(options.mesh)]
        pieces, cells = in_mesh(shapes, level, options.allocate)
        return _cells(pieces, cells.row, cells.column, level)
    table, fields = _area_table(options, areas)
    pieces = in_areas(shapes, table["geometry"].to_numpy(), options.allocate)
    findings = []
    if len(pieces.overlapping):
        places = [Place(feature=str(r + 1)) for r in pieces.overlapping.tolist()]
        findings.append(_finding("zones-overlap", places=places))
    return Placed(pieces, table, fields, _ellipsoidal(table), not options.per, findings)


def _cells(pieces: Pieces, row: Any, column: Any, level: mesh.Level) -> Placed:
    codes = mesh.texts(mesh.codes(row, column, level), level)
    shapes = mesh.squares(row, column, level.size)
    table = pd.DataFrame({MESH_CODE: codes, "geometry": shapes})
    field = Field(MESH_CODE, "地域メッシュコード", "Grid square code (JIS X 0410)", "string")
    return Placed(pieces, table, [field], mesh.areas(row, level.size), False, [])


def _area_table(options: Zones, areas: Given) -> tuple[pd.DataFrame, list[Field]]:
    taken = options.take or tuple(areas.fields)
    require(areas, taken, "take")
    if MARKER in areas.fields and MARKER not in taken:
        taken = (*taken, MARKER)  # numbers of the areas stay marked
    if not options.on and "geometry" not in areas.frame.columns:
        raise OperationError([_finding("zones-without-places")])
    kept = [*taken, *(["geometry"] if "geometry" in areas.frame.columns else [])]
    table = pd.DataFrame(areas.frame.reset_index(drop=True)[kept])
    return table, [replace(areas.fields[n], required=False) for n in taken if n != CODE]


def _ellipsoidal(table: pd.DataFrame) -> NDArray[np.float64]:
    if "geometry" not in table.columns:
        return np.full(len(table), np.nan)
    geod = Geod(ellps="GRS80")
    sizes = [
        np.nan if s is None else abs(geod.geometry_area_perimeter(s)[0]) for s in table["geometry"]
    ]
    return np.array(sizes, float)


def _by_weight(options: Zones, shapes: NDArray[Any], areas: Given | None, weights: Given) -> Placed:
    """Spread rows over what carries weight in them; a row without any is placed by itself."""
    weight = str(options.weight)
    require(weights, [weight], "weight")
    require_numbers(weights, [weight], "weight")
    carriers = _shapes(weights.frame.reset_index(drop=True))
    heavy = weights.frame[weight].astype("Float64").to_numpy(float, na_value=0.0)
    bare_weights = np.flatnonzero(weights.frame[weight].isna().to_numpy())
    if (heavy < 0).any():
        places = [Place(feature=str(r + 1)) for r in np.flatnonzero(heavy < 0).tolist()]
        raise OperationError([_finding("zones-weight-negative", field=weight, places=places)])
    both = _by_place(options, np.concatenate([carriers, shapes]), areas)
    mine = both.pieces.record < len(carriers)
    there = both.pieces
    targets = Pieces(there.record[mine], there.zone[mine], there.share[mine], there.record[:0])
    rows = in_areas(carriers, shapes, "centroid")
    spreaded = spread(rows, heavy, targets, len(shapes))
    bare = np.setdiff1d(np.arange(len(shapes)), spreaded.record)
    own = ~mine & np.isin(both.pieces.record - len(carriers), bare)
    record = np.r_[spreaded.record, both.pieces.record[own] - len(carriers)]
    zone = np.r_[spreaded.zone, both.pieces.zone[own]]
    share = np.r_[spreaded.share, both.pieces.share[own]]
    order = np.lexsort((zone, record))
    pieces = Pieces(record[order], zone[order], share[order], bare[:0])
    findings = list(both.findings)
    if len(bare_weights):
        places = [Place(feature=str(r + 1)) for r in bare_weights.tolist()]
        hidden = int(withheld(weights, weight).sum())
        findings.append(
            _finding("zones-weight-missing", field=weight, places=places, hidden=hidden)
        )
    if len(bare):
        places = [Place(feature=str(r + 1)) for r in bare.tolist()]
        findings.append(_finding("zones-weight-none", field=weight, places=places))
    return replace(both, pieces=pieces, findings=findings)


# ---- by key


def _by_key(options: Zones, frame: pd.DataFrame, areas: Given) -> Placed:
    require(areas, list(options.on.values()), "on")
    table, fields = _area_table(options, areas)
    theirs = _keys(areas.frame.reset_index(drop=True), tuple(options.on.values()))
    ours = _keys(frame, tuple(options.on))
    at: dict[tuple[str, ...], int] = {}
    twice = [key for position, key in enumerate(theirs) if at.setdefault(key, position) != position]
    if twice:
        places = [Place(value=", ".join(key)) for key in dict.fromkeys(twice)]
        names = ", ".join(options.on.values())
        raise OperationError([_finding("join-key-repeated", field=names, places=places)])
    zone = np.array([at.get(key, NOWHERE) if all(key) else NOWHERE for key in ours], np.int64)
    met = set(zone.tolist())
    alone = [Place(value=", ".join(k)) for p, k in enumerate(theirs) if p not in met]
    names, findings = ", ".join(options.on.values()), []
    if alone:
        findings.append(_finding("zones-area-alone", field=names, places=alone))
    count = len(ours)
    pieces = Pieces(np.arange(count), zone, np.ones(count), zone[:0])
    return Placed(pieces, table, fields, _ellipsoidal(table), not options.per, findings)


def _keys(frame: pd.DataFrame, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    columns = [
        ["" if pd.isna(cell) else town_key(str(cell)) for cell in frame[name]] for name in names
    ]
    return list(zip(*columns, strict=True))


def _outside(placed: Placed, frame: pd.DataFrame) -> list[Finding]:
    lost = placed.pieces.zone == NOWHERE
    rows = np.unique(placed.pieces.record[lost])
    if not len(rows):
        return []
    whole = placed.pieces.share[lost].sum()
    places = [Place(feature=str(row + 1)) for row in rows.tolist()]
    return [_finding("zones-outside", places=places, rows=len(frame), whole=round(whole, 1))]


# ---- groups


def grouped_pieces(options: Zones, frame: pd.DataFrame, placed: Placed) -> Groups:
    """Return the row of the result of every piece."""
    pieces = placed.pieces
    keys, codes = _values(frame, options.per)
    width = max(len(keys), 1)
    flat = (pieces.zone + 1) * width + codes[pieces.record]
    wanted = flat
    if placed.complete and not options.per:
        wanted = np.r_[flat, np.arange(1, len(placed.table) + 1) * width]
    known = np.unique(wanted)
    return Groups(
        np.searchsorted(known, flat),
        known // width - 1,
        [keys[k] for k in (known % width).tolist()] if keys else [()] * len(known),
    )


def _values(
    frame: pd.DataFrame, names: tuple[str, ...]
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Return the different values of some fields in order, missing ones last, and each row's."""
    if not names:
        return [], np.zeros(len(frame), np.int64)
    columns = [frame[name].astype(object).where(frame[name].notna(), None) for name in names]
    rows = list(zip(*columns, strict=True))
    known = sorted(set(rows), key=lambda row: [(v is None, 0 if v is None else v) for v in row])
    numbers = {row: number for number, row in enumerate(known)}
    return known, np.array([numbers[row] for row in rows], np.int64)


def _table(
    options: Zones, given: Given, frame: pd.DataFrame, placed: Placed, groups: Groups
) -> pd.DataFrame:
    made: dict[str, Any] = {CODE: _common(options, frame, placed, groups)}
    for field in placed.fields:
        cells = [*placed.table[field.name].astype(object), None]  # the last is that of no zone
        values = [cells[zone] for zone in groups.zone.tolist()]
        made[field.name] = pd.Series(values, dtype=DTYPES[field.type])
    for number, name in enumerate(options.per):
        if name != CODE:
            values = [key[number] for key in groups.per]
            made[name] = pd.Series(values, dtype=DTYPES[given.fields[name].type])
    return pd.DataFrame(made)


def _common(options: Zones, frame: pd.DataFrame, placed: Placed, groups: Groups) -> pd.Series:
    """Return the municipality all rows of a group are of; none where they differ."""
    if CODE in options.per:
        at = options.per.index(CODE)
        return pd.Series([key[at] for key in groups.per], dtype=object)
    codes, known = pd.factorize(frame[CODE], use_na_sentinel=True)
    mine = codes[placed.pieces.record]
    low = np.full(len(groups.zone), len(known))
    high = np.full(len(groups.zone), -1)
    np.minimum.at(low, groups.of_piece, mine)
    np.maximum.at(high, groups.of_piece, mine)
    same = (low == high) & (high >= 0)
    return pd.Series(
        [known[k] if s else None for k, s in zip(high.tolist(), same.tolist(), strict=True)],
        dtype=object,
    )
