"""Coordinate reference systems: which one a source is in, and the way to JGD2011 degrees."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources import tokyo
from pipeline.sources.datums import (
    DatumFound,
    crs_title,
    datum_of,
    geographic_code,
    horizontal,
    operation_name,
)
from pipeline.sources.table import CANONICAL_CRS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

MOVED_IN_2011 = (135.4, 34.9, 142.2, 41.6)
"""Area whose JGD2011 coordinates differ from JGD2000 (国土地理院, touhokutaiheiyouoki2011.par)."""

LONGITUDES_OF_JAPAN, LATITUDES_OF_JAPAN = (122.0, 154.5), (20.0, 46.0)

NOWHERE = shapely.Point(np.inf, np.inf)
"""Stands for a shape whose place :func:`pipeline.sources.position.check_position` speaks of.

Not NaN, which WKB (OGC 06-103r4, 8.2) keeps for a point that is empty: on its way from step to step
it would become a feature without geometry.
"""


@dataclass(frozen=True)
class Operation:
    """A way from a CRS to :data:`CANONICAL_CRS`.

    Attributes
    ----------
    name
        As PROJ describes it.
    accuracy_m
        Stated accuracy in metres, ``None`` if nobody states one.
    steps
        Applied in order; each maps ``(lon or x, lat or y)`` arrays to the same.
    datum
        The datum it starts from.
    tokyo_after
        Number of steps after which the Tokyo datum grid is applied; -1 for never.
    """

    name: str
    accuracy_m: float | None
    steps: tuple[Transformer, ...]
    datum: DatumFound
    tokyo_after: int = -1

    def apply(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transform coordinates, shape ``(n, 2)``, x or longitude first."""
        x, y = xy[:, 0], xy[:, 1]
        for position, step in enumerate(self.steps):
            if position == self.tokyo_after:
                x, y = tokyo.to_jgd2000(x, y)
            x, y = step.transform(x, y)
        return np.column_stack([x, y])


def resolve_crs(
    declared: str, own: CRS | None, default: str, file: str
) -> tuple[CRS, list[Finding]]:
    """Decide the CRS of a source.

    Parameters
    ----------
    declared
        What ``layers.yaml`` says for this source; wins if not empty.
    own
        What the file says (``.prj``, GeoPackage).
    default
        What ``layers.yaml`` says for the municipality.

    Raises
    ------
    SourceError
        If nobody says, or the name is not known to PROJ.
    """
    catalogue = Catalogue.of("pipeline")
    if declared:
        crs = _named(declared, file)
        if own is not None and not own.equals(crs, ignore_axis_order=True) and not _same(own, crs):
            return crs, [
                catalogue.finding("crs-disagrees", file=file, value=declared, own=crs_label(own))
            ]
        return crs, []
    if own is not None:
        if not _is_horizontal(own):
            raise SourceError([catalogue.finding("crs-unknown", file=file, value=crs_label(own))])
        return own, []
    if default:
        return _named(default, file), [
            catalogue.finding("crs-from-municipality", file=file, value=default)
        ]
    raise SourceError([catalogue.finding("crs-missing", file=file)])


def crs_label(crs: CRS) -> str:
    """Return ``EPSG:6670`` where there is a code, else the name."""
    code = crs.to_epsg(min_confidence=60)
    return f"EPSG:{code}" if code else crs.name


def _named(name: str, file: str) -> CRS:
    try:
        crs = CRS.from_user_input(name)
        if not _is_horizontal(crs):
            raise CRSError(f"{name} has no horizontal axes")
        return crs
    except CRSError as error:
        raise SourceError(
            [Catalogue.of("pipeline").finding("crs-unknown", file=file, value=name)]
        ) from error


def _is_horizontal(crs: CRS) -> bool:
    """Tell whether positions on the ground can be given in `crs`: no heights, no local drawing."""
    plain = horizontal(crs)
    return bool(plain.is_geographic or plain.is_projected)


def _same(one: CRS, other: CRS) -> bool:
    """Compare by EPSG code: ESRI's .prj spells a datum and a name differently."""
    code = one.to_epsg(min_confidence=25)
    return code is not None and code == other.to_epsg(min_confidence=25)


def operation_to_canonical(crs: CRS) -> Operation:
    """Choose the way from `crs` to JGD2011 degrees.

    Datums of Japan go by our own table, so that neither the edition of PROJ's database nor how
    a file spells a name decides; the Tokyo datum goes through GSI's grid.
    """
    plain, datum = horizontal(crs), datum_of(crs)
    if datum.name == "other":
        return _best(plain, datum)
    to_degrees = Transformer.from_crs(plain, plain.geodetic_crs, always_xy=True)
    name = operation_name(datum.name)
    if datum.name == "Tokyo":
        onward = _best(geographic_code("JGD2000"), datum)
        steps = (to_degrees, *onward.steps)
        return Operation(name, tokyo.ACCURACY_M, steps, datum, tokyo_after=1)
    onward = _best(geographic_code(datum.name), datum)
    accuracy = None if datum.assumed else onward.accuracy_m
    return Operation(name, accuracy, (to_degrees, *onward.steps), datum)


def _best(crs: CRS | str, datum: DatumFound) -> Operation:
    with warnings.catch_warnings():
        # PROJ names grids it lacks; which operation is used, and how good it is, is reported.
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(crs, CANONICAL_CRS, always_xy=True)
    chosen = group.transformers[0]
    parts = [p for p in chosen.description.split(" + ") if not p.startswith("axis order change")]
    accuracy = chosen.accuracy if chosen.accuracy is not None and chosen.accuracy >= 0 else None
    return Operation(" + ".join(parts) or "identity", accuracy, (chosen,), datum)


def to_canonical(
    frame: gpd.GeoDataFrame, crs: CRS, file: str
) -> tuple[gpd.GeoDataFrame, Operation, list[Finding]]:
    """Transform the geometry of `frame` from `crs` to JGD2011 degrees.

    Returns
    -------
    frame, operation, findings
        An error where no way of known accuracy leads to JGD2011; a warning where the file names
        an ellipsoid and no datum. A shape that the way does not reach (the Tokyo datum grid
        covers land alone) is :data:`NOWHERE`.

    Raises
    ------
    SourceError
        If the CRS is in metres and the coordinates are degrees, or its datum and its ellipsoid
        do not belong together.
    """
    _refuse_contradiction(crs, file)
    _refuse_degrees_as_metres(frame, crs, file)
    operation = operation_to_canonical(crs)
    # Heights are left out: what is published here is two-dimensional.
    flat = shapely.force_2d(frame.geometry.to_numpy())
    moved = _moved(flat, operation)
    findings: list[Finding] = []
    result = frame.set_geometry(list(moved), crs=CANONICAL_CRS)
    findings += vouched(operation, crs, file)
    if operation.datum.name == "JGD2000" and _touches(result, MOVED_IN_2011):
        findings.append(
            Catalogue.of("pipeline").finding("transform-2011", file=file, value=crs_label(crs))
        )
    return result, operation, findings


def _moved(shapes: NDArray[np.object_], operation: Operation) -> NDArray[np.object_]:
    """Transform shapes; one with a vertex that the way does not reach becomes :data:`NOWHERE`."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    with np.errstate(invalid="ignore"):
        there = operation.apply(xy) if len(xy) else xy
    unreached = np.unique(of[~np.isfinite(there).all(axis=1)])
    reached = ~np.isin(of, unreached)
    moved = shapes.copy()
    moved[unreached] = None
    moved = shapely.set_coordinates(moved, there[reached])
    moved[unreached] = NOWHERE
    return np.asarray(moved, dtype=object)


def _refuse_contradiction(crs: CRS, file: str) -> None:
    datum, geodetic = datum_of(crs), horizontal(crs).geodetic_crs
    if datum.contradicts and geodetic is not None and geodetic.datum is not None:
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "datum-contradictory",
                    file=file,
                    value=geodetic.datum.name,
                    ellipsoid=geodetic.ellipsoid.name if geodetic.ellipsoid else "?",
                )
            ]
        )


def vouched(operation: Operation, crs: CRS, file: str) -> list[Finding]:
    """Say which datum was taken where none is named; refuse a way that nobody vouches for.

    Returns
    -------
    list of Finding
        A warning, an error, or nothing.
    """
    catalogue, datum = Catalogue.of("pipeline"), operation.datum
    if datum.name == "other":
        if operation.accuracy_m is not None:
            return []
        return [
            catalogue.finding(
                "transform-ballpark", file=file, value=crs_label(crs), operation=operation.name
            )
        ]
    if not datum.assumed:
        return []
    label = geographic_code(datum.name)
    return [
        catalogue.finding(
            "datum-by-ellipsoid",
            file=file,
            value=datum.ellipsoid,
            datum_ja=crs_title(label, "ja").split(" ")[0],
            datum_en=crs_title(label, "en").removesuffix(" degrees"),
        )
    ]


def _refuse_degrees_as_metres(frame: gpd.GeoDataFrame, crs: CRS, file: str) -> None:
    """Degrees read as metres would all lie at the origin of the CRS, which is inside Japan."""
    west, south, east, north = frame.total_bounds
    if not crs.is_projected or np.isnan(west):
        return
    lons, lats = LONGITUDES_OF_JAPAN, LATITUDES_OF_JAPAN
    straight = lons[0] <= west and east <= lons[1] and lats[0] <= south and north <= lats[1]
    swapped = lons[0] <= south and north <= lons[1] and lats[0] <= west and east <= lats[1]
    if straight or swapped:
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "coordinates-in-degrees",
                    file=file,
                    value=f"{west:.6f}, {south:.6f}",
                    crs=crs_label(crs),
                )
            ]
        )


def _touches(frame: gpd.GeoDataFrame, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = frame.total_bounds
    return bool(west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1])
