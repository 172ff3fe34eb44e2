"""Control points: the way from a scan to the ground, and how well each point fits it.

An affine map has 6 unknowns, a polynomial of second order 12, a thin plate spline passes through
every point, so that its residuals say nothing: there, as for the others, each point is also put
where all others would put it (leave one out).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.rasters import Method

    Pairs = NDArray[np.float64]

LEAST: dict[Method, int] = {"affine": 3, "polynomial": 6, "thin_plate": 4}
"""Points without which a method has no single answer."""
WORST_CONDITION = 1e6
"""Of the normalised equations; points on one line have about 1e16, a good scan below 100."""


@dataclass(frozen=True)
class Frame:
    """What coordinates are normalised by before anything is solved."""

    middle: tuple[float, float]
    scale: float

    def apply(self, xy: Pairs) -> Pairs:
        """Return coordinates around 0 of size about 1, shape ``(n, 2)``."""
        return np.asarray((xy - np.array(self.middle)) / self.scale)


def frame_of(xy: Pairs) -> Frame:
    """Return the frame of some coordinates, shape ``(n, 2)``."""
    middle = xy.mean(axis=0)
    scale = float(np.sqrt(((xy - middle) ** 2).sum(axis=1).mean())) or 1.0
    return Frame((float(middle[0]), float(middle[1])), scale)


def terms(method: Method, xy: Pairs, knots: Pairs) -> Pairs:
    """Return the terms of a method at normalised coordinates, shape ``(n, terms)``."""
    u, v = xy[:, 0], xy[:, 1]
    plane = np.column_stack([np.ones(len(xy)), u, v])
    match method:
        case "affine":
            return plane
        case "polynomial":
            return np.column_stack([plane, u * u, u * v, v * v])
        case "thin_plate":
            squared = ((xy[:, None, :] - knots[None, :, :]) ** 2).sum(axis=2)
            with np.errstate(divide="ignore", invalid="ignore"):
                bent = np.where(squared > 0, squared * np.log(squared), 0.0)
            return np.column_stack([plane, bent])
        case _:
            assert_never(method)


@dataclass(frozen=True)
class Fit:
    """A way from pixels to the ground.

    Attributes
    ----------
    method
        Of the three.
    frame
        Of the pixels.
    knots
        Normalised pixels of the control points, shape ``(n, 2)``.
    weights
        Of the terms, shape ``(terms, 2)``.
    """

    method: Method
    frame: Frame
    knots: Pairs
    weights: Pairs

    def apply(self, pixels: Pairs) -> Pairs:
        """Return where pixels lie on the ground, both of shape ``(n, 2)``."""
        found = terms(self.method, self.frame.apply(pixels), self.knots) @ self.weights
        return np.asarray(found)


def condition(method: Method, pixels: Pairs) -> float:
    """Return how badly the points determine the method: infinite where they do not at all."""
    if len(np.unique(pixels, axis=0)) < LEAST[method]:
        return float("inf")
    xy = frame_of(pixels).apply(pixels)
    # A spline needs what its plane needs: points that are not on one line.
    shape: Method = "affine" if method == "thin_plate" else method
    found = float(np.linalg.cond(terms(shape, xy, xy)))
    return found if np.isfinite(found) else float("inf")


def fit(method: Method, pixels: Pairs, ground: Pairs) -> Fit:
    """Find the way of a method through control points.

    Parameters
    ----------
    pixels, ground
        Shape ``(n, 2)``; :func:`condition` has found them sound.

    Raises
    ------
    numpy.linalg.LinAlgError
        If they are not.
    """
    frame = frame_of(pixels)
    knots = frame.apply(pixels)
    matrix = terms(method, knots, knots)
    if method != "thin_plate":
        weights = np.asarray(np.linalg.lstsq(matrix, ground, rcond=None)[0], np.float64)
        return Fit(method, frame, knots, weights)
    plane, bent = matrix[:, :3], matrix[:, 3:]
    whole = np.block([[plane, bent], [np.zeros((3, 3)), plane.T]])
    right = np.vstack([ground, np.zeros((3, 2))])
    return Fit(method, frame, knots, np.linalg.solve(whole, right))


def residuals(method: Method, pixels: Pairs, ground: Pairs) -> NDArray[np.float64]:
    """Return how far each point lies from where the fit puts it, in units of the ground."""
    moved = fit(method, pixels, ground).apply(pixels)
    return np.asarray(np.hypot(*(moved - ground).T))


def left_out(method: Method, pixels: Pairs, ground: Pairs) -> NDArray[np.float64]:
    """Return how far each point lies from where all others put it; NaN where they cannot.

    Points that only just suffice say nothing about one another.
    """
    found = np.full(len(pixels), np.nan)
    for at in range(len(pixels)):
        others = np.arange(len(pixels)) != at
        if condition(method, pixels[others]) < WORST_CONDITION:
            there = fit(method, pixels[others], ground[others]).apply(pixels[at : at + 1])
            found[at] = float(np.hypot(*(there - ground[at : at + 1])[0]))
    return found


def mirrored(pixels: Pairs, ground: Pairs) -> bool:
    """Tell whether the scan would be seen from behind: rows run down, northings up."""
    weights = fit("affine", pixels, ground).weights
    return bool(np.linalg.det(weights[1:]) > 0)


def turned(pixels: Pairs, ground: Pairs) -> float:
    """Return by how many degrees, -180 to 180, the scan is turned: 180 is upside down."""
    weights = fit("affine", pixels, ground).weights
    return float(np.degrees(np.arctan2(weights[1, 1], weights[1, 0])))
