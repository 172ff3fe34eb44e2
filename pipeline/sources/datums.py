"""Geodetic datums of Japan: which one a CRS is on, by name or by ellipsoid, and what it is called.

A ``.prj`` that names only an ellipsoid is common: in Japan Bessel 1841 means the Tokyo datum
(測量法 as it stood until 2002), GRS 80 and WGS 84 mean JGD2011 to within what two days of plate
motion and an earthquake in the east have moved. Names are our own, in ``crs_names.yaml``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from pyproj.crs.datum import Datum  # type: ignore[attr-defined]
from pyproj.exceptions import CRSError
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyproj import CRS

Name = Literal["JGD2011", "JGD2000", "WGS84", "Tokyo", "other"]
Ellipsoid = Literal["Bessel 1841", "GRS 1980", "other"]

BY_ELLIPSOID: Mapping[Ellipsoid, Name] = {"Bessel 1841": "Tokyo", "GRS 1980": "JGD2011"}
SHAPES: Mapping[Ellipsoid, tuple[float, float]] = {
    "Bessel 1841": (6377397.155, 299.1528128),
    "GRS 1980": (6378137.0, 298.257222101),
}
"""Semi-major axis in metres and inverse flattening. WGS 84 differs from GRS 80 by 0.1 mm."""
NAMELESS = re.compile(r"not specified|unspecified|unknown|unnamed|undefined|user.?defined|custom")


@dataclass(frozen=True)
class DatumFound:
    """The datum of a CRS.

    Attributes
    ----------
    name
        One of ours, or ``other``.
    ellipsoid
        Its shape.
    assumed
        Whether the CRS names no datum that anyone knows, so that the ellipsoid decided.
    contradicts
        Whether the datum it names has another ellipsoid than the one it gives.
    """

    name: Name
    ellipsoid: Ellipsoid
    assumed: bool = False
    contradicts: bool = False


def horizontal(crs: CRS) -> CRS:
    """Return the part of a CRS that positions on the ground are given in.

    Heights, and parameters of a shift to WGS 84 that a file carries along, are left out: GSI's
    grid is better than the three or seven parameters anyone writes.
    """
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    if crs.is_bound and crs.source_crs is not None:
        return horizontal(crs.source_crs)
    return crs


def datum_of(crs: CRS) -> DatumFound:
    """Find out which datum `crs` is on."""
    geodetic = horizontal(crs).geodetic_crs
    if geodetic is None or geodetic.ellipsoid is None or not _plain_degrees(geodetic):
        return DatumFound("other", "other")
    shape = _shape(geodetic.ellipsoid.semi_major_metre, geodetic.ellipsoid.inverse_flattening)
    written = geodetic.datum.name if geodetic.datum else ""
    name = _by_name(written)
    if name is not None:
        true = "Bessel 1841" if name == "Tokyo" else "GRS 1980"
        return DatumFound(name, shape, contradicts=shape != true)
    if _registered(written):
        return DatumFound("other", shape)
    return DatumFound(BY_ELLIPSOID.get(shape, "other"), shape, assumed=True)


def geographic_code(name: Name) -> str:
    """Return the code of the degrees of one of our datums, e.g. ``EPSG:4612``."""
    return f"EPSG:{_tables()['datums'][name]['geographic']}"


def operation_name(name: Name) -> str:
    """Return what the way from one of our datums to JGD2011 is called."""
    return str(_tables()["datums"][name]["operation"])


def crs_title(label: str, language: Literal["ja", "en"]) -> str:
    """Return what people call a CRS, e.g. ``EPSG:6670`` → ``JGD2011 平面直角座標系 第2系``.

    Empty for a CRS that is not in our table.
    """
    code = label.removeprefix("EPSG:")
    for row in _tables()["systems"]:
        if code.isdecimal() and row["first"] <= int(code) < row["first"] + row["count"]:
            number = int(code) - row["first"] + row.get("start", 1)
            return str(row[language]).format(n=number)
    return ""


def plane_zones(name: Name) -> list[str]:
    """Return the codes of the 19 plane rectangular systems on a datum, zone I first."""
    first = {"JGD2011": 6669, "JGD2000": 2443, "Tokyo": 30161}.get(name)
    return [] if first is None else [f"EPSG:{first + zone}" for zone in range(19)]


def _plain_degrees(geodetic: CRS) -> bool:
    meridian = geodetic.prime_meridian
    greenwich = meridian is None or meridian.longitude == 0
    factors = [axis.unit_conversion_factor for axis in geodetic.axis_info[:2]]
    return greenwich and all(math.isclose(factor, math.pi / 180) for factor in factors)


def _shape(semi_major: float, inverse_flattening: float) -> Ellipsoid:
    for name, (a, f) in SHAPES.items():
        if abs(semi_major - a) < 0.5 and abs(inverse_flattening - f) < 1e-3:
            return name
    return "other"


def _by_name(written: str) -> Name | None:
    plain = re.sub(r"[\W_]", "", re.sub(r"^D_", "", written)).lower()
    for name, datum in _tables()["datums"].items():
        if plain in datum["names"]:
            found: Name = name
            return found
    return None


def _registered(written: str) -> bool:
    """Tell whether PROJ knows a datum by this name that is more than an ellipsoid."""
    if not written or NAMELESS.search(written.lower()):
        return False
    try:
        return not NAMELESS.search(Datum.from_name(written).name.lower())
    except (CRSError, AttributeError):
        # pyproj fails on a datum ensemble with an AttributeError; WGS 84 is known by name above.
        return False


@cache
def _tables() -> dict[str, Any]:
    text = (resources.files("pipeline.sources") / "crs_names.yaml").read_text(encoding="utf-8")
    tables: dict[str, Any] = YAML(typ="safe").load(text)
    return tables
