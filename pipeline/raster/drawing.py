"""One block of the largest zoom, drawn of the sheets that lie there."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rasterio.errors import RasterioError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.raster.levels import Block, Grid, Layout, digest_of, empty_block
from pipeline.raster.pixels import Pixels
from pipeline.raster.placing import Placing
from pipeline.raster.sampling import (
    RADIUS,
    Method,
    halve_mean,
    halve_mode,
    lay_over,
    resample,
    weights_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.rasters import RasterKind
    from pipeline.raster.levels import Address
    from pipeline.raster.sheet import Sheet


LATTICE = 32
"""Pixels between exact positions; between them positions are linear to a hundredth of a pixel."""

FORMAT = 1
"""Raised when the same sheets give other pixels."""

METHODS: dict[RasterKind, Method] = {
    "photo": "lanczos", "scan": "cubic", "classes": "nearest", "elevation": "linear",
}  # fmt: skip

LAYOUTS: dict[RasterKind, Layout] = {
    "photo": "color", "scan": "color", "classes": "value", "elevation": "height",
}  # fmt: skip

HALVES = {"color": halve_mean, "value": halve_mode, "height": halve_mean}


@dataclass(frozen=True)
class Laid:
    """A sheet on the plane: bounds in Web Mercator metres, file, what decides its pixels."""

    sheet: Sheet
    placing: Placing
    path: Path
    bounds: tuple[float, float, float, float]
    key: str

    @classmethod
    def of(cls, sheet: Sheet, path: Path) -> Laid:
        """Lay a sheet."""
        placing = Placing(sheet)
        said = {k: v for k, v in sheet.as_dict().items() if k not in ("file", "origin")}
        operation = placing.operation
        key = digest_of(FORMAT, repr(said), operation.name, operation.accuracy_m)
        return cls(sheet, placing, path, placing.bounds(), key)

    def meets(self, box: tuple[float, float, float, float]) -> bool:
        """Tell whether it may have pixels in a box."""
        west, south, east, north = self.bounds
        return west < box[2] and east > box[0] and south < box[3] and north > box[1]


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn.

    Attributes
    ----------
    kind
        Decides how pixels are resampled.
    grid
        Of the largest zoom.
    minzoom
        The smallest.
    laid
        The sheets, the lowest first.
    """

    kind: RasterKind
    grid: Grid
    minzoom: int
    laid: tuple[Laid, ...]


class Desk:
    """What threads draw with: each has its own open files."""

    def __init__(self, drawing: Drawing, layout: Layout) -> None:
        self._drawing, self._layout = drawing, layout
        self._own = threading.local()
        self._opened: list[Pixels] = []

    def close(self) -> None:
        """Close the files of all threads."""
        for pixels in self._opened:
            pixels.close()

    def block(self, address: Address) -> Block | None:
        """Draw one block of the largest zoom; nothing if no sheet has a pixel there."""
        grid = self._drawing.grid
        box = grid.bounds(address)
        block = empty_block(self._layout, grid.size)
        for laid in self._drawing.laid:
            if laid.meets(box):
                upper = self._sampled(laid, box)
                if upper is not None:
                    lay_over(
                        block.pixels,
                        block.alpha,
                        upper.pixels,
                        upper.alpha,
                        self._layout != "height",
                    )
        return block if block.alpha.any() else None

    def _file(self, laid: Laid) -> Pixels:
        if not hasattr(self._own, "files"):
            self._own.files = {}
        files: dict[str, Pixels] = self._own.files
        name = str(laid.path)
        if name not in files:
            if len(files) >= 64:
                files.pop(next(iter(files))).close()
            files[name] = Pixels(laid.sheet, laid.path, self._layout)
            self._opened.append(files[name])
        return files[name]

    def _sampled(self, laid: Laid, box: tuple[float, float, float, float]) -> Block | None:
        size, sheet = self._drawing.grid.size, laid.sheet
        lattice = _lattice(laid.placing, box, size)
        method = METHODS[self._drawing.kind]
        halvings = _halvings(lattice, size)
        reach = (RADIUS[method] + 1) << halvings
        known = lattice[np.isfinite(lattice).all(axis=2)]
        if not len(known):
            return None
        step = 1 << halvings
        low = np.maximum(np.floor(known.min(axis=0)) - reach, 0).astype(int) // step * step
        high = np.minimum(np.ceil(known.max(axis=0)) + reach, (sheet.width, sheet.height))
        wide, tall = (int(v) for v in high - low)
        if wide <= 0 or tall <= 0:
            return None
        try:
            window = self._file(laid).read(int(low[0]), int(low[1]), wide, tall)
        except RasterioError as error:
            reason = str(error).replace(str(laid.path), sheet.file)[:200]
            found = Catalogue.of("pipeline.raster").finding(
                "raster-unreadable", file=sheet.file, reason=reason
            )
            raise SourceError([found]) from error
        for _ in range(halvings):
            window = _halved_window(window, self._layout)
        out = empty_block(self._layout, size)
        inside = ((sheet.width - low[0]) / step, (sheet.height - low[1]) / step)
        resample(
            window.pixels, window.alpha, (lattice - low) / step,
            (float(inside[0]), float(inside[1])), weights_of(method), out.pixels, out.alpha,
            self._layout != "height",
        )  # fmt: skip
        return out


def _lattice(
    placing: Placing, box: tuple[float, float, float, float], size: int
) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    """Return the pixels of a sheet at every n-th corner of a block, shape ``(k, k, 2)``."""
    west, south, east, north = box
    count = size // LATTICE + 1
    x, y = np.meshgrid(np.linspace(west, east, count), np.linspace(north, south, count))
    found = placing.to_pixels(np.column_stack([x.ravel(), y.ravel()]))
    return found.reshape(count, count, 2)


def _halvings(lattice: np.ndarray[tuple[int, int, int], np.dtype[np.float64]], size: int) -> int:
    """Return how often a sheet is halved before it is resampled, so that no pixel is skipped."""
    step = size / (lattice.shape[0] - 1)
    along = np.hypot(*np.moveaxis(np.diff(lattice, axis=1), 2, 0)) / step
    scale = float(np.nanmedian(along)) if np.isfinite(along).any() else 1.0
    return max(0, int(np.floor(np.log2(max(scale, 1.0)) + 0.25)))


def _halved_window(window: Block, layout: Layout) -> Block:
    """Halve a window of any size; an odd edge is filled with what is not there."""
    bands, rows, columns = window.pixels.shape
    pad = (rows % 2, columns % 2)
    pixels = np.pad(window.pixels, ((0, 0), (0, pad[0]), (0, pad[1])), mode="edge")
    alpha = np.pad(window.alpha, ((0, pad[0]), (0, pad[1])), mode="edge")
    shape = (pixels.shape[1] // 2, pixels.shape[2] // 2)
    out = Block(np.zeros((bands, *shape), window.pixels.dtype), np.zeros(shape, np.uint8))
    HALVES[layout](
        np.ascontiguousarray(pixels),
        np.ascontiguousarray(alpha),
        out.pixels,
        out.alpha,
        layout != "height",
    )
    return out
