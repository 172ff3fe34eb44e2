"""Tiles as pictures: PNG and WebP, heights as colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from affine import Affine
from rasterio.io import MemoryFile

from pipeline.raster.slopes import SLOPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.raster.levels import Block, Layout

Scheme = Literal["mapbox", "gsi", "slope"]
FINEST_ZOOM = 14
"""From here on heights keep 0.1 m (mapbox) or 0.01 m (gsi); each zoom below doubles the step."""
COARSEST = 25.6
NO_HEIGHT = (128, 0, 0)
"""What dem_png writes for none (国土地理院)."""


@dataclass(frozen=True)
class Picture:
    """How tiles are written.

    Attributes
    ----------
    layout
        Of the blocks.
    form
        ``webp`` or ``png``.
    quality
        Of lossy WebP; 100 loses nothing.
    scheme
        How heights become colours.
    colors
        Colour table of values, ``(r, g, b, a)``.
    """

    layout: Layout
    form: Literal["webp", "png"]
    quality: int
    scheme: Scheme = "mapbox"
    colors: tuple[tuple[int, int, int, int], ...] = ()


def encode(block: Block, picture: Picture, zoom: int) -> bytes:
    """Return a block as a file: the same block as the same bytes."""
    if picture.layout == "height" and picture.scheme == "slope":
        return _write(slope_colors(block), picture.form, 100, picture.form)
    if picture.layout == "height":
        return _write(height_colors(block, picture.scheme, zoom), "webp", 100, picture.form)
    if picture.layout == "value":
        return _classes(block, picture)
    opaque = bool((block.alpha == 255).all())
    clear = np.where(block.alpha[None] > 0, block.pixels, 0).astype(np.uint8)
    bands = clear if opaque else np.concatenate([clear, block.alpha[None]])
    return _write(bands, picture.form, picture.quality, picture.form)


def height_colors(block: Block, scheme: Scheme, zoom: int) -> NDArray[np.uint8]:
    """Return heights as red, green and blue, shape ``(3, size, size)``.

    Averaged first, then rounded: rounding averages of rounded heights makes steps.
    """
    there, heights = block.alpha >= 128, block.pixels[0].astype(np.float64)
    coarse = min(0.1 * 2 ** max(0, FINEST_ZOOM - zoom), COARSEST)
    if scheme == "mapbox":
        heights = np.where(there, heights, 0.0)
        whole = np.rint(heights / coarse) * round(coarse / 0.1) + 100_000
        code = np.clip(whole, 0, (1 << 24) - 1).astype(np.int64)
    else:
        unit = max(1, round(coarse / 0.1)) if coarse > 0.1 else 1
        whole = np.rint(np.where(there, heights, 0.0) * 100 / unit) * unit
        code = np.clip(whole, 1 - (1 << 23), (1 << 23) - 1).astype(np.int64) % (1 << 24)
    colors = np.stack([code >> 16, code >> 8 & 255, code & 255]).astype(np.uint8)
    if scheme == "gsi":
        for band, value in enumerate(NO_HEIGHT):
            colors[band][~there] = value
    return colors


def slope_colors(block: Block) -> NDArray[np.uint8]:
    """Return slopes in degrees as the colours of their classes and alpha."""
    least = np.array([degrees for degrees, _ in SLOPES])
    table = np.array(
        [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for _, color in SLOPES], np.uint8
    )
    of = np.searchsorted(least, block.pixels[0], side="right") - 1
    shown = np.concatenate([table[of].transpose(2, 0, 1), block.alpha[None]])
    shown[:, block.alpha < 128] = 0
    return np.ascontiguousarray(shown)


def _classes(block: Block, picture: Picture) -> bytes:
    table = np.zeros((256, 4), np.uint8)
    table[: len(picture.colors)] = picture.colors
    shown = table[block.pixels[0]].transpose(2, 0, 1).copy()
    shown[:, block.alpha < 128] = 0
    if picture.form == "webp":
        return _write(shown, "webp", 100, "webp")
    # The value that no pixel of the tile has stands for nothing there.
    unused = np.flatnonzero(np.bincount(block.pixels[0].ravel(), minlength=256) == 0)
    empty = int(unused[0]) if len(unused) else None
    if empty is None or (table[:, 3] == 0).all():
        return _write(shown, "png", 100, "png")
    values = np.where(block.alpha >= 128, block.pixels[0], empty)[None]
    listed = {v: tuple(int(c) for c in table[v]) for v in range(256)} | {empty: (0, 0, 0, 0)}
    return _write(values.astype(np.uint8), "png", 100, "png", listed)


def _write(
    bands: NDArray[np.uint8],
    form: str,
    quality: int,
    chosen: str,
    table: dict[int, tuple[int, ...]] | None = None,
) -> bytes:
    form = chosen if chosen == "png" else form
    count, rows, columns = bands.shape
    options: dict[str, Any] = {"driver": "PNG", "ZLEVEL": 6}
    if form == "webp":
        lossless = quality >= 100
        options = {"driver": "WEBP", "LOSSLESS": "YES" if lossless else "NO", "EXACT": "0"}
        if not lossless:
            options["QUALITY"] = quality
    # rasterio warns of pictures without a position, and filters of warnings are shared by threads.
    options["transform"] = Affine.translation(1, 1)
    with MemoryFile() as memory:
        with memory.open(width=columns, height=rows, count=count, dtype="uint8", **options) as out:
            out.write(bands)
            if table:
                out.write_colormap(1, table)
        return bytes(memory.getbuffer())
