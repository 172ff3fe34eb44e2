"""Pixels of a sheet as the raster has them: colours, values or heights, and how opaque they are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.enums import MaskFlags
from rasterio.features import geometry_mask
from rasterio.transform import Affine
from rasterio.windows import Window
from scipy import ndimage

from pipeline.raster.levels import Block, Layout
from pipeline.raster.picture import open_picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.raster.sheet import Sheet

FLOODED_PIXELS = 4_000_000
"""Size of the picture on which paper is followed from the edge."""
STRIP_ROWS = 512


class Pixels:
    """One sheet, opened.

    Parameters
    ----------
    sheet
        What is read.
    path
        Where it is.
    layout
        What its pixels become.
    """

    def __init__(self, sheet: Sheet, path: Path, layout: Layout) -> None:
        self._sheet, self._layout = sheet, layout
        self._file = open_picture(path)
        about = self._file.tags(1, ns="IMAGE_STRUCTURE")
        self._bits = int(about.get("NBITS", 8))
        self._masked = MaskFlags.per_dataset in self._file.mask_flag_enums[0] and not sheet.alpha
        self._table = np.array(sheet.colors or [(0, 0, 0, 0)], np.uint8)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, left: int, top: int, wide: int, high: int) -> Block:
        """Read a window, which lies inside the sheet.

        Raises
        ------
        rasterio.errors.RasterioError
            If the file is damaged there.
        """
        window = Window(left, top, wide, high)
        bands = self._file.read(window=window)
        alpha = self._alpha(bands, window)
        return Block(self._laid_out(bands), alpha)

    def _laid_out(self, bands: NDArray[Any]) -> NDArray[Any]:
        if self._layout == "height":
            heights = bands[:1].astype(np.float32)
            return np.where(np.isfinite(heights), heights, np.float32(0))
        if self._layout == "value":
            return bands[:1]
        if self._sheet.colors:
            values = np.minimum(bands[0], len(self._table) - 1)
            return np.ascontiguousarray(self._table[values, :3].transpose(2, 0, 1))
        colors = bands[:3] if bands.shape[0] >= 3 else np.repeat(bands[:1], 3, axis=0)
        if colors.dtype == np.uint16:
            return ((colors.astype(np.uint32) + 128) // 257).astype(np.uint8)
        if self._bits < 8:
            return (colors.astype(np.uint16) * 255 // ((1 << self._bits) - 1)).astype(np.uint8)
        return np.ascontiguousarray(colors)

    def _alpha(self, bands: NDArray[Any], window: Window) -> NDArray[np.uint8]:
        sheet = self._sheet
        if sheet.alpha:
            band = bands[sheet.alpha - 1]
            alpha = (band // 257 if band.dtype == np.uint16 else band).astype(np.uint8)
        elif self._masked:
            alpha = np.asarray(self._file.read_masks(1, window=window), np.uint8)
        else:
            alpha = np.full(bands.shape[1:], 255, np.uint8)
        alpha[~self._there(bands)] = 0
        if sheet.cut:
            alpha[self._outside_cut(window, alpha.shape)] = 0
        if sheet.paper is not None:
            alpha[self._paper_in(bands, window)] = 0
        return np.asarray(alpha, np.uint8)

    def _there(self, bands: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell which pixels have a value, by nodata and colour table."""
        sheet = self._sheet
        shape: tuple[int, ...] = bands.shape[1:]
        there = np.ones(shape, bool)
        if self._layout == "height":
            there &= np.isfinite(bands[0])
        if sheet.nodata is not None and np.isfinite(sheet.nodata):
            count = 3 if bands.shape[0] >= 3 else 1
            mark = np.float32(sheet.nodata) if bands.dtype == np.float32 else sheet.nodata
            there &= ~(bands[:count] == mark).all(axis=0)
        if sheet.colors and self._layout == "color":
            opaque = self._table[np.minimum(bands[0], len(self._table) - 1), 3]
            there &= opaque >= 128
        return there

    def _outside_cut(self, window: Window, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        # All is moved by one: a grid that begins at 0, 0 counts as one without a position.
        ring = [(x + 1, y + 1) for x, y in (*self._sheet.cut, self._sheet.cut[0])]
        shape_of = {"type": "Polygon", "coordinates": [ring]}
        # Pixels run right and down from the corner of the window.
        moved = Affine.translation(window.col_off + 1, window.row_off + 1)
        return np.asarray(geometry_mask([shape_of], shape, moved))

    def _is_paper(self, bands: NDArray[Any]) -> NDArray[np.bool_]:
        assert self._sheet.paper is not None
        *color, tolerance = self._sheet.paper
        shown = self._laid_out(bands).astype(np.int16)
        off = np.abs(shown - np.array(color, np.int16)[:, None, None])
        return np.asarray((off <= tolerance).all(axis=0))

    @cached_property
    def _flood(self) -> tuple[int, NDArray[np.bool_]]:
        """Return where paper is connected to the edge, on a smaller picture of whole blocks."""
        wide, high = self._sheet.width, self._sheet.height
        factor = max(1, int(np.ceil(np.sqrt(wide * high / FLOODED_PIXELS))))
        rows = []
        step = max(1, STRIP_ROWS // factor) * factor
        for top in range(0, high, step):
            strip = Window(0, top, wide, min(step, high - top))
            paper = self._is_paper(self._file.read(window=strip))
            pad = ((0, -paper.shape[0] % factor), (0, -wide % factor))
            whole = np.pad(paper, pad, constant_values=True)
            blocks = whole.reshape(whole.shape[0] // factor, factor, -1, factor)
            rows.append(blocks.all(axis=(1, 3)))
        coarse = np.pad(np.concatenate(rows), 1, constant_values=True)
        labels, _ = ndimage.label(coarse)
        flooded = (labels == labels[0, 0])[1:-1, 1:-1]
        return factor, np.asarray(ndimage.binary_dilation(flooded, np.ones((3, 3))))

    def _paper_in(self, bands: NDArray[Any], window: Window) -> NDArray[np.bool_]:
        factor, flooded = self._flood
        rows = (int(window.row_off) + np.arange(bands.shape[1])) // factor
        columns = (int(window.col_off) + np.arange(bands.shape[2])) // factor
        return self._is_paper(bands) & flooded[np.ix_(rows, columns)]
