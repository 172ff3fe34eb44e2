"""Other ways to read coordinates: what a slip of the declaration or of the ledger would explain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.sources.crs import crs_label, operation_to_canonical
from pipeline.sources.datums import crs_title, datum_of, plane_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Coordinates = NDArray[np.float64]
    Step = Callable[[Coordinates], Coordinates]

DEGREE_SCALES = ((3600.0, "秒", "seconds"), (3.6e6, "ミリ秒", "milliseconds"),
                 (1e6, "100 万分の 1 度", "millionths of a degree"),
                 (1e7, "1000 万分の 1 度", "ten-millionths of a degree"))  # fmt: skip
METRE_SCALES = ((1000.0, "ミリメートル", "millimetres"), (100.0, "センチメートル", "centimetres"),
                (0.001, "キロメートル", "kilometres"))  # fmt: skip
EXCHANGED_JA, EXCHANGED_EN = "x と y を入れ替えて", "with x and y exchanged"
EXCHANGE_JA = (
    "geometry の x と y を入れ替えるか、元データの軸の順を直してください"
    "（平面直角座標の「X」は北向きです）。"
)
EXCHANGE_EN = (
    "Exchange x and y under 'geometry', or correct the order of axes in the source"
    " (X of a plane rectangular system points north)."
)


@dataclass(frozen=True)
class Reading:
    """One way to understand the coordinates of a source.

    Attributes
    ----------
    ja, en
        How it reads them, as part of a sentence.
    remedy_ja, remedy_en
        What to do if it is the true one.
    locate
        From coordinates as given, shape ``(n, 2)``, to JGD2011 degrees; NaN where it fails.
    single
        Whether it can be true of one record among many, not only of a whole source.
    """

    ja: str
    en: str
    remedy_ja: str
    remedy_en: str
    locate: Step
    single: bool = False


def readings(crs: CRS, default: str) -> Iterator[Reading]:
    """Yield what the coordinates could be instead, the likeliest slip first.

    Parameters
    ----------
    crs
        As which they were read.
    default
        CRS of the municipality; empty if none is declared.
    """
    here = operation_to_canonical(crs).apply
    yield Reading(
        EXCHANGED_JA, EXCHANGED_EN, EXCHANGE_JA, EXCHANGE_EN,
        partial(_after, _exchanged, here), single=True,
    )  # fmt: skip
    if crs.is_geographic:
        yield from _degrees(here)
        yield from _systems([default, *plane_zones("JGD2011"), *plane_zones("Tokyo")], "")
    else:
        yield from _systems([*plane_zones(datum_of(crs).name), default], crs_label(crs))
        for scale, ja, en in METRE_SCALES:
            yield _scaled(here, scale, ja, en)


def _degrees(here: Step) -> Iterator[Reading]:
    for ja, en, split in (
        ("度.分秒（130.4906 が 130°49′06″）として", "as degrees.minutesseconds", _dms_behind_point),
        ("度分秒（1304906 が 130°49′06″）として", "as degreesminutesseconds", _dms_packed),
    ):
        yield Reading(
            ja, en, "座標を度の小数（例 130.818333）に直してください。",
            "Convert the coordinates to decimal degrees, e.g. 130.818333.",
            partial(_after, split, here), single=True,
        )  # fmt: skip
    for scale, ja, en in DEGREE_SCALES:
        yield _scaled(here, scale, ja, en)


def _scaled(here: Step, scale: float, ja: str, en: str) -> Reading:
    return Reading(
        f"単位を{ja}として", f"in {en}",
        "座標の単位を、座標系の単位（度またはメートル）に直してください。",
        "Convert the coordinates to the unit of the CRS (degrees or metres).",
        partial(_after, lambda xy: xy / scale, here),
    )  # fmt: skip


def _systems(codes: list[str], own: str) -> Iterator[Reading]:
    """Yield other plane systems, each straight and exchanged."""
    for code in dict.fromkeys(codes):
        system = _plane(code)
        if system is None or code == own:
            continue
        there = operation_to_canonical(system).apply
        ja, en = crs_title(code, "ja") or code, crs_title(code, "en") or code
        remedy = f"crs: {code} と書いてください。", f"Write crs: {code}."
        yield Reading(f"{ja}（{code}）として", f"as {en} ({code})", *remedy, there)
        yield Reading(
            f"{ja}（{code}）として{EXCHANGED_JA}", f"as {en} ({code}) {EXCHANGED_EN}",
            remedy[0] + EXCHANGE_JA, f"{remedy[1]} {EXCHANGE_EN}",
            partial(_after, _exchanged, there),
        )  # fmt: skip


def _plane(code: str) -> CRS | None:
    """Return a plane system; ``None`` for degrees, and for what the municipality misspells."""
    try:
        system = CRS.from_user_input(code)
    except CRSError:
        return None
    return system if system.is_projected else None


def _after(first: Step, second: Step, xy: Coordinates) -> Coordinates:
    return second(first(xy))


def _exchanged(xy: Coordinates) -> Coordinates:
    return xy[:, ::-1]


def _dms_behind_point(xy: Coordinates) -> Coordinates:
    """Read 130.4906 as 130°49′06″."""
    return _dms_packed(xy * 10_000)


def _dms_packed(xy: Coordinates) -> Coordinates:
    """Read 1304906.5 as 130°49′06.5″; NaN where minutes or seconds reach 60."""
    packed = np.abs(xy)
    degrees, rest = np.divmod(packed, 10_000)
    minutes, seconds = np.divmod(rest, 100)
    # 130.4906 × 10,000 is 1304905.9999…: a hair below the second is the second.
    carried = np.isclose(seconds, 100, atol=1e-6)
    minutes, seconds = minutes + carried, np.where(carried, 0.0, seconds)
    value = np.sign(xy) * (degrees + minutes / 60 + seconds / 3600)
    return np.where((minutes < 60) & (seconds < 60), value, np.nan)
