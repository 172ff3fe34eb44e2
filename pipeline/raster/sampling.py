"""Kernels over pixels: resampling with alpha, and the next smaller zoom.

Colours are weighted by how opaque their pixels are, so that what is transparent lends no colour;
beyond the edge of a sheet its last pixels are repeated, so that neighbours meet without a seam.
Compiled by numba at first use and kept beside the module.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, assert_never

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

Method = Literal["nearest", "linear", "cubic", "lanczos"]
FINE = 512
"""Positions between two pixels that weights are kept for."""
RADIUS: dict[Method, int] = {"nearest": 0, "linear": 1, "cubic": 2, "lanczos": 3}


@cache
def weights_of(method: Method) -> NDArray[np.float32]:
    """Return the weights of the pixels around a position, shape ``(FINE + 1, 2 · radius)``.

    Rows are distances to the pixel before; each adds up to 1. Empty for the nearest pixel.
    """
    radius = RADIUS[method]
    taps = np.arange(1 - radius, radius + 1)
    away = np.abs(np.linspace(0, 1, FINE + 1)[:, None] - taps[None, :])
    match method:
        case "nearest":
            return np.zeros((1, 0), np.float32)
        case "linear":
            found = 1 - away
        case "cubic":
            near = 1.5 * away**3 - 2.5 * away**2 + 1
            far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
            found = np.where(away < 1, near, far)
        case "lanczos":
            found = np.sinc(away) * np.sinc(away / 3)
        case _:
            assert_never(method)
    return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)


@njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _kept(value: float, whole: bool) -> float:
    """Return a number as it is stored: rounded and within a byte where pixels are bytes."""
    rounded: float = min(max(np.floor(value + 0.5), 0.0), 255.0)
    return rounded if whole else value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def resample(  # noqa: PLR0912 - a kernel is one loop
    source: NDArray[np.generic],
    alpha: NDArray[np.uint8],
    lattice: NDArray[np.float64],
    size: tuple[float, float],
    weights: NDArray[np.float32],
    out: NDArray[np.generic],
    out_alpha: NDArray[np.uint8],
    whole: bool,
) -> None:
    """Fill a block from a window of a sheet.

    Parameters
    ----------
    source, alpha
        Bands, shape ``(bands, rows, columns)``, and how opaque they are.
    lattice
        Column and row in the window at every n-th corner of the block, shape ``(k, k, 2)``.
    size
        Where the window ends in columns and rows; what lies beyond is not of the sheet.
    weights
        Of :func:`weights_of`.
    out, out_alpha
        Filled, shape ``(bands, side, side)`` and ``(side, side)``.
    whole
        Whether pixels are bytes.
    """
    bands, rows, columns = source.shape
    side = out_alpha.shape[0]
    step = side // (lattice.shape[0] - 1)
    taps = weights.shape[1]
    for row in range(side):
        i = row // step
        fy = (row + 0.5 - i * step) / step
        for col in range(side):
            j = col // step
            fx = (col + 0.5 - j * step) / step
            u = (1 - fy) * ((1 - fx) * lattice[i, j, 0] + fx * lattice[i, j + 1, 0])
            u += fy * ((1 - fx) * lattice[i + 1, j, 0] + fx * lattice[i + 1, j + 1, 0])
            v = (1 - fy) * ((1 - fx) * lattice[i, j, 1] + fx * lattice[i, j + 1, 1])
            v += fy * ((1 - fx) * lattice[i + 1, j, 1] + fx * lattice[i + 1, j + 1, 1])
            out_alpha[row, col] = 0
            if not (u >= 0 and v >= 0 and u < size[0] and v < size[1]):
                continue
            near_x, near_y = min(int(u), columns - 1), min(int(v), rows - 1)
            if taps == 0:
                out_alpha[row, col] = alpha[near_y, near_x]
                for band in range(bands):
                    out[band, row, col] = source[band, near_y, near_x]
                continue
            x, y = u - 0.5, v - 0.5
            x0, y0 = int(np.floor(x)), int(np.floor(y))
            wx, wy = int((x - x0) * FINE + 0.5), int((y - y0) * FINE + 0.5)
            opaque = np.float32(0)
            for a in range(taps):
                sy = min(max(y0 + a + 1 - taps // 2, 0), rows - 1)
                for b in range(taps):
                    sx = min(max(x0 + b + 1 - taps // 2, 0), columns - 1)
                    opaque += weights[wy, a] * weights[wx, b] * alpha[sy, sx]
            shown = min(max(float(opaque), 0.0), 255.0)
            out_alpha[row, col] = np.uint8(shown + 0.5)
            for band in range(bands):
                total, lent = np.float32(0), np.float32(0)
                for a in range(taps):
                    sy = min(max(y0 + a + 1 - taps // 2, 0), rows - 1)
                    for b in range(taps):
                        sx = min(max(x0 + b + 1 - taps // 2, 0), columns - 1)
                        if alpha[sy, sx] != 0:
                            weight = weights[wy, a] * weights[wx, b] * alpha[sy, sx]
                            if opaque < 64:
                                # Too little is left for negative weights to cancel out.
                                weight = abs(weight)
                            total += weight * source[band, sy, sx]
                            lent += weight
                if lent > 0:
                    out[band, row, col] = _kept(total / lent, whole)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def halve_mean(
    source: NDArray[np.generic],
    alpha: NDArray[np.uint8],
    out: NDArray[np.generic],
    out_alpha: NDArray[np.uint8],
    whole: bool,
) -> None:
    """Put the mean of each 2 by 2 pixels into one, weighted by how opaque they are."""
    for row in range(out_alpha.shape[0]):
        for col in range(out_alpha.shape[1]):
            opaque = np.float32(0)
            for a in range(2):
                for b in range(2):
                    opaque += alpha[2 * row + a, 2 * col + b]
            out_alpha[row, col] = np.uint8(opaque / 4 + 0.5)
            for band in range(source.shape[0]):
                total = np.float32(0)
                for a in range(2):
                    for b in range(2):
                        weight = alpha[2 * row + a, 2 * col + b]
                        if weight != 0:
                            total += weight * source[band, 2 * row + a, 2 * col + b]
                out[band, row, col] = _kept(total / opaque, whole) if opaque > 0 else 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def halve_mode(
    source: NDArray[np.generic],
    alpha: NDArray[np.uint8],
    out: NDArray[np.generic],
    out_alpha: NDArray[np.uint8],
    whole: bool,
) -> None:
    """Put the most frequent of each 2 by 2 values into one; of equals the first."""
    for row in range(out_alpha.shape[0]):
        for col in range(out_alpha.shape[1]):
            most, clear = 0, 0
            out[0, row, col] = 0
            for a in range(4):
                y, x = 2 * row + a // 2, 2 * col + a % 2
                if alpha[y, x] == 0:
                    clear += 1
                    continue
                count = 0
                for b in range(4):
                    q, p = 2 * row + b // 2, 2 * col + b % 2
                    if alpha[q, p] != 0 and source[0, q, p] == source[0, y, x]:
                        count += 1
                if count > most:
                    most = count
                    out[0, row, col] = source[0, y, x]
            out_alpha[row, col] = 255 if clear <= 2 else 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def lay_over(
    lower: NDArray[np.generic],
    lower_alpha: NDArray[np.uint8],
    upper: NDArray[np.generic],
    upper_alpha: NDArray[np.uint8],
    whole: bool,
) -> None:
    """Lay one block over another, which is changed (Porter and Duff, "over")."""
    for row in range(lower_alpha.shape[0]):
        for col in range(lower_alpha.shape[1]):
            top = upper_alpha[row, col]
            if top == 0:
                continue
            below = lower_alpha[row, col] * (255 - top) / 255
            together = top + below
            for band in range(lower.shape[0]):
                if below == 0:
                    lower[band, row, col] = upper[band, row, col]
                else:
                    mixed = top * upper[band, row, col] + below * lower[band, row, col]
                    lower[band, row, col] = _kept(mixed / together, whole)
            lower_alpha[row, col] = np.uint8(together + 0.5)
