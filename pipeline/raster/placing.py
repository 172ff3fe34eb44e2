"""Where a sheet lies in the plane of web maps: pixel to Web Mercator and back.

Everything goes one way, through the datum code that vectors go through: pixel → the sheet's CRS
→ JGD2011 degrees → Web Mercator. The way back is that same function inverted by Newton's method,
so that no second transformation can disagree with the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS

from pipeline.raster.points import Fit, fit
from pipeline.sources.crs import Operation, operation_to_canonical

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.raster.sheet import Sheet

    Pairs = NDArray[np.float64]

RADIUS = 6378137.0
HALF_WORLD = math.pi * RADIUS
"""Half the width of the world in Web Mercator (EPSG:3857), metres."""
STEPS = 12
CLOSE_PIXELS = 1e-4
"""How near the inverse comes to the truth."""


def to_mercator(lonlat: Pairs) -> Pairs:
    """Bring degrees to Web Mercator metres (EPSG:3857), shape ``(n, 2)``."""
    with np.errstate(invalid="ignore"):
        x = np.radians(lonlat[:, 0]) * RADIUS
        y = np.arcsinh(np.tan(np.radians(lonlat[:, 1]))) * RADIUS
    return np.column_stack([x, y])


def from_mercator(xy: Pairs) -> Pairs:
    """Bring Web Mercator metres to degrees, shape ``(n, 2)``."""
    lat = np.degrees(np.arctan(np.sinh(xy[:, 1] / RADIUS)))
    return np.column_stack([np.degrees(xy[:, 0] / RADIUS), lat])


@dataclass(frozen=True)
class Placing:
    """The position of one sheet."""

    sheet: Sheet

    @cached_property
    def _fit(self) -> Fit | None:
        sheet = self.sheet
        if sheet.method is None:
            return None
        return fit(sheet.method, np.array(sheet.pixels), np.array(sheet.ground))

    @cached_property
    def operation(self) -> Operation:
        """The way from the CRS of the sheet to JGD2011 degrees."""
        return operation_to_canonical(CRS.from_user_input(self.sheet.crs))

    def to_ground(self, pixels: Pairs) -> Pairs:
        """Return where pixels lie in the sheet's CRS, shape ``(n, 2)``, corners being whole."""
        if self._fit is not None:
            return self._fit.apply(pixels)
        a, b, c, d, e, f = self.sheet.transform
        col, row = pixels[:, 0], pixels[:, 1]
        return np.column_stack([a * col + b * row + c, d * col + e * row + f])

    def to_lonlat(self, pixels: Pairs) -> Pairs:
        """Return where pixels lie in JGD2011 degrees; NaN where no way leads."""
        with np.errstate(all="ignore"):
            found = self.operation.apply(self.to_ground(pixels))
        return np.where(np.isfinite(found), found, np.nan)

    def to_mercator(self, pixels: Pairs) -> Pairs:
        """Return where pixels lie in Web Mercator metres; NaN where no way leads."""
        return to_mercator(self.to_lonlat(pixels))

    def outline(self, parts: int = 32) -> Pairs:
        """Return points along the edge and across the sheet, in pixels, shape ``(n, 2)``."""
        w, h = self.sheet.width, self.sheet.height
        u, v = np.meshgrid(np.linspace(0, w, parts + 1), np.linspace(0, h, parts + 1))
        return np.column_stack([u.ravel(), v.ravel()])

    @cached_property
    def _start(self) -> tuple[Pairs, Pairs]:
        """Return the affine map that is nearest to the inverse: matrix and offset."""
        pixels = self.outline(8)
        there = self.to_mercator(pixels)
        known = np.isfinite(there).all(axis=1)
        if known.sum() < 3:
            return np.zeros((2, 2)), np.full(2, np.nan)
        middle = there[known].mean(axis=0)
        design = np.column_stack([there[known] - middle, np.ones(known.sum())])
        found = np.linalg.lstsq(design, pixels[known], rcond=None)[0]
        return found[:2], found[2] - middle @ found[:2]

    def to_pixels(self, xy: Pairs) -> Pairs:
        """Return the pixels that lie at Web Mercator positions; NaN where there are none."""
        matrix, offset = self._start
        guess = xy @ matrix + offset
        for _ in range(STEPS):
            with np.errstate(all="ignore"):
                move = self._step(guess, xy)
            guess = guess - move
            if not (np.abs(move) > CLOSE_PIXELS).any():
                return guess
        with np.errstate(all="ignore"):
            lost = ~(np.abs(move) < 0.01).all(axis=1)
        guess[lost] = np.nan
        return guess

    def _step(self, guess: Pairs, xy: Pairs) -> Pairs:
        n = len(guess)
        probes = np.vstack([guess, guess + np.array([1.0, 0.0]), guess + np.array([0.0, 1.0])])
        there = self.to_mercator(probes)
        off = there[:n] - xy
        du, dv = there[n : 2 * n] - there[:n], there[2 * n :] - there[:n]
        det = du[:, 0] * dv[:, 1] - dv[:, 0] * du[:, 1]
        col = (off[:, 0] * dv[:, 1] - dv[:, 0] * off[:, 1]) / det
        row = (du[:, 0] * off[:, 1] - off[:, 0] * du[:, 1]) / det
        return np.column_stack([col, row])

    def pixel_size(self) -> float:
        """Return the width of a pixel in Web Mercator metres, the mean over the sheet."""
        w, h = float(self.sheet.width), float(self.sheet.height)
        corners = np.array([(0, 0), (w, 0), (w, h), (0, h)]) * 0.98 + (0.01 * w, 0.01 * h)
        there = self.to_mercator(corners)
        x, y = there[:, 0], there[:, 1]
        doubled = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        return math.sqrt(doubled / 2 / (0.98**2 * w * h))

    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north in Web Mercator metres; NaN if nothing is placed."""
        there = self.to_mercator(self.outline())
        there = there[np.isfinite(there).all(axis=1)]
        if not len(there):
            return (math.nan,) * 4
        (west, south), (east, north) = there.min(axis=0), there.max(axis=0)
        return float(west), float(south), float(east), float(north)
