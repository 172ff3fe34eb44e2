"""From sheets to levels: every block of the largest zoom is resampled once, the rest follows.

Runs in a process of its own, in two threads; what is held at a time are some blocks and windows.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from rasterio.errors import RasterioError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.raster.levels import (
    Block,
    Grid,
    Layout,
    Level,
    Levels,
    digest_of,
    empty_block,
    load_levels,
)
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
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pipeline.config.rasters import RasterKind
    from pipeline.raster.levels import Address, Keys
    from pipeline.raster.sheet import Sheet

LATTICE = 32
"""Pixels between exact positions; between them positions are linear to a hundredth of a pixel."""
THREADS = 2
AT_ONCE = 8
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
        said = {k: v for k, v in sheet.as_dict().items() if k != "file"}
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


def draw(drawing: Drawing, folder: Path, before: Path | None = None) -> Levels:
    """Draw all levels into a folder.

    Parameters
    ----------
    before
        Folder of levels drawn of other sheets: blocks with the same key are taken from there.

    Raises
    ------
    SourceError
        If a file is damaged, naming it.
    """
    layout = LAYOUTS[drawing.kind]
    old = _earlier(before, layout)
    grid = drawing.grid
    levels = Levels(folder, layout, {grid.zoom: grid}, {})
    levels.keys[grid.zoom] = _largest(drawing, folder, old)
    for _ in range(drawing.minzoom, grid.zoom):
        grid = grid.above()
        levels.grids[grid.zoom] = grid
        levels.keys[grid.zoom] = _smaller(levels, grid, old)
    levels.save()
    return levels


def _earlier(before: Path | None, layout: Layout) -> Levels | None:
    if before is None:
        return None
    try:
        old = load_levels(before)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return old if old.layout == layout else None


def _copied(old: Levels | None, grid: Grid) -> tuple[Level | None, Keys]:
    """Return the level of an earlier drawing that has this zoom, and its keys."""
    if old is None or old.grids.get(grid.zoom) is None or old.grids[grid.zoom].size != grid.size:
        return None, {}
    return old.open(grid.zoom), old.keys[grid.zoom]


def _run(
    wanted: Iterable[tuple[Address, str]],
    make: Callable[[Address], Block | None],
    level: Level,
    old: Levels | None,
) -> Keys:
    """Make blocks in threads, or copy those that an earlier drawing has; return their keys."""
    keys: Keys = {}
    earlier, known = _copied(old, level.grid)
    waiting: Iterator[tuple[Address, str]] = iter(wanted)
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(waiting, AT_ONCE)):
            new = [(a, k) for a, k in some if known.get(a) != k]
            made = dict(zip((a for a, _ in new), pool.map(make, (a for a, _ in new)), strict=True))
            for address, key in some:
                if address not in made and earlier is not None:
                    level.copy(address, earlier)
                    keys[address] = key
                elif (block := made[address]) is not None:
                    level.write(address, block)
                    keys[address] = key
    if earlier is not None:
        earlier.close()
    return keys


def _largest(drawing: Drawing, folder: Path, old: Levels | None) -> Keys:
    grid, layout = drawing.grid, LAYOUTS[drawing.kind]
    desk = _Desk(drawing, layout)

    def wanted() -> Iterator[tuple[Address, str]]:
        for address in grid.addresses():
            met = [one.key for one in drawing.laid if one.meets(grid.bounds(address))]
            if met:
                yield address, digest_of(drawing.kind, grid.size, met)

    try:
        with Level(folder, grid, layout, "w") as level:
            return _run(wanted(), desk.block, level, old)
    finally:
        desk.close()


def _smaller(levels: Levels, grid: Grid, old: Levels | None) -> Keys:
    below = levels.keys[grid.zoom + 1]
    parents: dict[Address, list[tuple[Address, str]]] = {}
    for (x, y), key in below.items():
        parents.setdefault((x >> 1, y >> 1), []).append(((x, y), key))
    wanted = [(address, digest_of(sorted(children))) for address, children in parents.items()]
    wanted.sort(key=lambda one: (one[0][1], one[0][0]))
    lock = threading.Lock()

    with (
        levels.open(grid.zoom + 1) as source,
        Level(levels.folder, grid, levels.layout, "w") as level,
    ):

        def make(address: Address) -> Block | None:
            with lock:
                children = {child: source.read(child) for child, _ in parents[address]}
            return halved(address, children, levels.layout, grid.size)

        return _run(wanted, make, level, old)


def halved(
    address: Address, children: dict[Address, Block], layout: Layout, size: int
) -> Block | None:
    """Put up to four blocks into one of the zoom above; nothing if nothing is left."""
    whole = empty_block(layout, 2 * size)
    for (x, y), child in children.items():
        rows = slice((y & 1) * size, (y & 1) * size + size)
        columns = slice((x & 1) * size, (x & 1) * size + size)
        whole.pixels[:, rows, columns] = child.pixels
        whole.alpha[rows, columns] = child.alpha
    block = empty_block(layout, size)
    HALVES[layout](whole.pixels, whole.alpha, block.pixels, block.alpha, layout != "height")
    return block if block.alpha.any() else None


class _Desk:
    """What threads draw with: each has its own open files."""

    def __init__(self, drawing: Drawing, layout: Layout) -> None:
        self._drawing, self._layout = drawing, layout
        self._own = threading.local()
        self._opened: list[Pixels] = []

    def close(self) -> None:
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
