"""Is a source where its municipality is? One finding for each cause, with every row it explains."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.findings import Catalogue, Finding
from pipeline.places.territory import Territory, names_at, territory
from pipeline.sources.crs import LATITUDES_OF_JAPAN, LONGITUDES_OF_JAPAN
from pipeline.sources.readings import readings
from pipeline.sources.table import places

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from pipeline.config.layers import Municipality
    from pipeline.config.sources import PointColumns
    from pipeline.findings import Place
    from pipeline.sources.readings import Coordinates, Reading

    Flags = NDArray[np.bool_]

FAR_KM = 10.0
"""A record this far from its municipality is named: a pier or a waterworks lies nearer."""
FAR_OF_PREFECTURE_KM = 30.0
"""The same where only the prefecture is known."""
NEAR_KM = 2.0
"""What a reading must reach to be the true one; the mesh and reclaimed land need as much."""
MOST, FEW = 0.9, 0.5
"""A reading is true of a source if most of it fits, and doubted if fewer than half do."""
SAMPLE = 500
"""Records that readings are tried on."""
ROBUST = 10.0
"""Median absolute deviations beyond which a record is far from the others of its source."""


@dataclass(frozen=True)
class Located:
    """The shapes of a source, before and after they were brought to JGD2011 degrees.

    Attributes
    ----------
    given, moved
        Shapes as the source has them and in JGD2011 degrees, shape ``(n,)``.
    crs
        As which they were read.
    rows
        Number of each record in the file.
    file
        The source, as declared.
    """

    given: NDArray[np.object_]
    moved: NDArray[np.object_]
    crs: CRS
    rows: NDArray[np.int64]
    file: str


def check_position(
    source: Located, municipality: Municipality, columns: PointColumns | None
) -> list[Finding]:
    """Compare a source with the land of its municipality.

    Parameters
    ----------
    columns
        The coordinate columns, if the source is a table.

    Returns
    -------
    list of Finding
        Errors: a whole source, or rows of it, that another reading puts into the municipality
        (``position-misread``); positions outside Japan or outside GSI's grid. Warnings: records
        far away. No record is in two of them.
    """
    land = territory(municipality.code)
    away = _farthest(source.moved, land)
    present = ~(shapely.is_missing(source.given) | shapely.is_empty(source.given))
    known = int(present.sum())
    near = present & (away <= NEAR_KM)
    if land is not None and known and near.sum() < FEW * known:
        reading = _true_of_all(source, municipality, land, present)
        if reading is not None:
            return [_misread(source, municipality, reading, present & ~near, away, whole=True)]
    limit = FAR_KM if land is None or land.whole else FAR_OF_PREFECTURE_KM
    bad = present & ((away > limit) | _outside(source.moved))
    findings = []
    if land is not None:
        for reading in readings(source.crs, municipality.crs) if bad.any() else ():
            fits = _fitting(source, reading, land, bad) if reading.single else np.zeros_like(bad)
            if fits.any():
                findings.append(_misread(source, municipality, reading, fits, away, whole=False))
                bad = bad & ~fits
    findings += _unexplained(source, municipality, bad, away)
    if columns is not None and near.sum() < MOST * known:
        findings += _headings(source, columns)
    return findings


def _farthest(shapes: NDArray[np.object_], land: Territory | None) -> NDArray[np.float64]:
    """Return how far the farthest vertex of each shape is from the land, in kilometres."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    away = _from_the_others(xy) if land is None else land.distance_km(xy[:, 0], xy[:, 1])
    farthest = np.zeros(len(shapes))
    np.maximum.at(farthest, of, away)
    return farthest


def _from_the_others(xy: Coordinates) -> NDArray[np.float64]:
    """Return kilometres beyond what the spread of the source itself makes likely."""
    xy = np.where(np.isfinite(xy), xy, np.nan)
    if not len(xy) or np.isnan(xy).all():
        return np.zeros(len(xy))
    scale = np.array([np.cos(np.radians(np.nanmedian(xy[:, 1]))), 1.0]) * 111.2
    from_middle = np.hypot(*((xy - np.nanmedian(xy, axis=0)) * scale).T)
    spread = np.nanmedian(np.abs(from_middle - np.nanmedian(from_middle)))
    beyond: NDArray[np.float64] = from_middle - np.nanmedian(from_middle) - ROBUST * spread
    return np.where(np.isnan(beyond), np.inf, np.maximum(beyond, 0.0))


def not_placed(shapes: NDArray[np.object_]) -> Flags:
    """Tell which shapes have a vertex that is nowhere: a transformation did not reach it."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    nowhere = np.zeros(len(shapes), bool)
    nowhere[of[~np.isfinite(xy).all(axis=1)]] = True
    return nowhere


def _outside(shapes: NDArray[np.object_]) -> Flags:
    """Tell which shapes reach outside Japan, or have no position at all."""
    bounds = shapely.bounds(shapes)
    (west, east), (south, north) = LONGITUDES_OF_JAPAN, LATITUDES_OF_JAPAN
    with np.errstate(invalid="ignore"):
        inside = (bounds[:, 0] >= west) & (bounds[:, 1] >= south)
        inside &= (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
    return np.asarray(~inside)


def _true_of_all(
    source: Located, municipality: Municipality, land: Territory, present: Flags
) -> Reading | None:
    """Return the reading that puts most of the source into the municipality."""
    chosen = np.zeros(len(present), bool)
    every = np.flatnonzero(present)
    chosen[every[:: max(1, len(every) // SAMPLE)]] = True
    found, best = None, MOST * chosen.sum()
    for reading in readings(source.crs, municipality.crs):
        fit = _fitting(source, reading, land, chosen).sum()
        if fit >= best and (found is None or fit > best):
            found, best = reading, fit
    return found


def _fitting(source: Located, reading: Reading, land: Territory, of: Flags) -> Flags:
    """Tell which of some records a reading puts into the municipality."""
    positions = np.flatnonzero(of)
    xy, index = shapely.get_coordinates(source.given[positions], return_index=True)
    with np.errstate(all="ignore"):
        lonlat = reading.locate(xy)
    away = np.zeros(len(positions))
    np.maximum.at(away, index, land.distance_km(lonlat[:, 0], lonlat[:, 1]))
    fits = np.zeros(len(of), bool)
    fits[positions] = away <= NEAR_KM
    return fits


def _misread(
    source: Located,
    municipality: Municipality,
    reading: Reading,
    rows: Flags,
    away: NDArray[np.float64],
    *,
    whole: bool,
) -> Finding:
    first = int(np.flatnonzero(rows)[0])
    named = {"value": _given(source, first), "count": int(rows.sum())} if whole else {}
    distance = np.median(away[rows])
    return Catalogue.of("pipeline").finding(
        "position-misread",
        file=source.file,
        places=() if whole else _places(source, rows),
        place_ja=municipality.name.ja,
        place_en=municipality.name.en or municipality.name.ja,
        away_ja=f" {distance:,.0f} km 離れ" if distance < 3000 else "遠く離れ",
        away_en=f"{distance:,.0f} km" if distance < 3000 else "far",
        reading_ja=reading.ja,
        reading_en=reading.en,
        fix_ja=reading.remedy_ja,
        fix_en=reading.remedy_en,
        **named,  # type: ignore[arg-type]
    )


def _unexplained(
    source: Located, municipality: Municipality, bad: Flags, away: NDArray[np.float64]
) -> list[Finding]:
    outside = bad & (_outside(source.moved) | np.isinf(away))
    ungridded = outside & not_placed(source.moved) & ~not_placed(source.given)
    catalogue = Catalogue.of("pipeline")
    findings = [
        catalogue.finding(code, file=source.file, places=_places(source, rows))
        for code, rows in (
            ("datum-outside-grid", ungridded),
            ("coordinate-outside", outside & ~ungridded),
        )
        if rows.any()
    ]
    far = bad & ~outside
    if far.any():
        spots = shapely.bounds(source.moved[far])
        there = [name for name in dict.fromkeys(names_at(spots[:, 0], spots[:, 1])) if name][:5]
        findings.append(
            catalogue.finding(
                "position-far",
                file=source.file,
                places=_places(source, far),
                place_ja=municipality.name.ja,
                place_en=municipality.name.en or municipality.name.ja,
                km=f"{away[far].max():,.0f}",
                there_ja=f"（{'、'.join(there)}にあたります）" if there else "",
                there_en=f" (in {', '.join(there)})" if there else "",
            )
        )
    return findings


def _headings(source: Located, columns: PointColumns) -> list[Finding]:
    """Doubt a column X declared as easting where nothing has shown that it is one."""
    x, y = (unicodedata.normalize("NFKC", name).strip().upper() for name in (columns.x, columns.y))
    if source.crs.is_geographic or not (x.startswith("X") and y.startswith("Y")):
        return []
    return [
        Catalogue.of("pipeline").finding(
            "axis-headings", file=source.file, field=f"{columns.x}, {columns.y}"
        )
    ]


def _places(source: Located, rows: Flags) -> list[Place]:
    positions = np.flatnonzero(rows)
    values = [_given(source, int(position)) for position in positions]
    return places(source.file, source.rows[positions], values)


def _given(source: Located, position: int) -> str:
    """Return where a record is by its own coordinates, as the ledger has them."""
    xy = shapely.get_coordinates(source.given[position])[0]
    digits = 6 if source.crs.is_geographic else 3
    return f"{xy[0]:.{digits}f}, {xy[1]:.{digits}f}"
