"""Declared control points: are they sound, do they fit, and which one does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.raster.points import (
    LEAST,
    WORST_CONDITION,
    condition,
    left_out,
    mirrored,
    residuals,
    turned,
)
from pipeline.sources.crs import LATITUDES_OF_JAPAN, LONGITUDES_OF_JAPAN, crs_label

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from pipeline.config.rasters import Georeference

METRES_PER_DEGREE = 111_195.0
UPSIDE_DOWN = 90.0
"""Degrees of turning from which on a scan is told of; maps are scanned a few degrees askew."""


def judge_points(
    declared: Georeference, crs: CRS, size: tuple[int, int], file: str
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """Look at control points before anything is made of them.

    Parameters
    ----------
    crs
        Of their positions.
    size
        Width and height of the scan in pixels.
    file
        The scan, as declared.

    Returns
    -------
    findings, account
        The account has, for each point, its name, its residual and its distance from where all
        others put it, in metres (absent where they cannot).

    Raises
    ------
    SourceError
        If no position follows from them.
    """
    pixels = np.array([p.pixel for p in declared.points])
    ground = np.array([p.position for p in declared.points])
    _refuse_degrees(ground, crs, file)
    _refuse_few(declared, pixels, file)
    catalogue = Catalogue.of("pipeline.raster")
    if mirrored(pixels, ground):
        raise SourceError([catalogue.finding("points-swapped", file=file, value=ground[0])])
    findings = []
    outside = (pixels < 0).any(axis=1) | (pixels > np.array(size)).any(axis=1)
    if outside.any():
        where = [Place(feature=_name(declared, int(i))) for i in np.flatnonzero(outside)]
        findings.append(
            catalogue.finding(
                "points-outside", file=file, places=where, width=size[0], height=size[1]
            )
        )
    angle = turned(pixels, ground)
    if abs(angle) > UPSIDE_DOWN:
        findings.append(catalogue.finding("raster-turned", file=file, value=f"{angle:.0f}"))
    metres = ground * _metres(ground, crs)
    return findings + _misfits(declared, pixels, metres, file), _account(declared, pixels, metres)


def _metres(ground: NDArray[np.float64], crs: CRS) -> NDArray[np.float64]:
    if not crs.is_geographic:
        return np.ones(2)
    return np.array([np.cos(np.radians(ground[:, 1].mean())), 1.0]) * METRES_PER_DEGREE


def _refuse_degrees(ground: NDArray[np.float64], crs: CRS, file: str) -> None:
    (west, east), (south, north) = LONGITUDES_OF_JAPAN, LATITUDES_OF_JAPAN
    x, y = ground[:, 0], ground[:, 1]

    def inside(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> bool:
        fits = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        return bool(fits.all())

    catalogue = Catalogue.of("pipeline.raster")
    if crs.is_projected and (inside(x, y) or inside(y, x)):
        raise SourceError(
            [
                catalogue.finding(
                    "points-in-degrees", file=file, value=f"{x[0]}, {y[0]}", crs=crs_label(crs)
                )
            ]
        )
    if crs.is_geographic and inside(y, x):
        raise SourceError([catalogue.finding("points-swapped", file=file, value=ground[0])])


def _refuse_few(declared: Georeference, pixels: NDArray[np.float64], file: str) -> None:
    catalogue, method = Catalogue.of("pipeline.raster"), declared.method
    distinct, first, counts = np.unique(pixels, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        at = int(first[counts > 1][0])
        raise SourceError(
            [catalogue.finding("points-twice", file=file, feature=_name(declared, at))]
        )
    if len(distinct) < LEAST[method]:
        raise SourceError(
            [
                catalogue.finding(
                    "points-few", file=file, count=len(distinct), least=LEAST[method], value=method
                )
            ]
        )
    if condition(method, pixels) > WORST_CONDITION:
        raise SourceError([catalogue.finding("points-on-a-line", file=file, value=method)])


def _misfits(
    declared: Georeference,
    pixels: NDArray[np.float64],
    metres: NDArray[np.float64],
    file: str,
) -> list[Finding]:
    """Name the points that do not fit: the worst first, judged by those that are left."""
    method, left = declared.method, np.arange(len(pixels))
    wrong: list[Place] = []
    while len(left) > LEAST[method]:
        off = _distances(declared, pixels[left], metres[left])
        worst = int(np.argmax(off))
        if off[worst] <= declared.tolerance:
            break
        wrong.append(Place(feature=_name(declared, int(left[worst])), value=f"{off[worst]:.1f} m"))
        left = np.delete(left, worst)
    if not wrong:
        return []
    code = "points-disagree" if len(left) <= LEAST[method] else "points-misfit"
    limit = f"{declared.tolerance:g}"
    return [Catalogue.of("pipeline.raster").finding(code, file=file, places=wrong, limit=limit)]


def _distances(
    declared: Georeference, pixels: NDArray[np.float64], metres: NDArray[np.float64]
) -> NDArray[np.float64]:
    off = left_out(declared.method, pixels, metres)
    return np.where(np.isnan(off), residuals(declared.method, pixels, metres), off)


def _account(
    declared: Georeference, pixels: NDArray[np.float64], metres: NDArray[np.float64]
) -> list[dict[str, Any]]:
    own = residuals(declared.method, pixels, metres)
    others = left_out(declared.method, pixels, metres)
    return [
        {"point": _name(declared, at), "residual_m": round(float(own[at]), 3)}
        | ({} if np.isnan(others[at]) else {"left_out_m": round(float(others[at]), 3)})
        for at in range(len(pixels))
    ]


def _name(declared: Georeference, at: int) -> str:
    return declared.points[at].name or str(at + 1)
