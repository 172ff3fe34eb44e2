"""Levels: the same raster at every zoom, in blocks that are tiles, on the way to files.

Each level is a tiled GeoTIFF in Web Mercator whose blocks lie on the grid of web maps; a block
has a key, the digest of all that its pixels depend on, so that a changed sheet makes only its own
blocks again. Blocks without pixels are not there.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, assert_never

import numpy as np
import rasterio
from rasterio.windows import Window

from pipeline.raster.placing import HALF_WORLD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Layout = Literal["color", "value", "height"]
"""Red, green, blue and alpha; one value and alpha; one number, NaN being none."""
Address = tuple[int, int]
Keys = dict[Address, str]
KEYS = "keys.json"
BANDS: dict[Layout, int] = {"color": 4, "value": 2, "height": 1}


@dataclass(frozen=True)
class Grid:
    """The tiles of one zoom that a raster meets, edges included.

    Attributes
    ----------
    zoom, size
        Zoom, and pixels of a tile.
    west, north, east, south
        First and last column and row of tiles.
    """

    zoom: int
    size: int
    west: int
    north: int
    east: int
    south: int

    @property
    def side(self) -> float:
        """Width of a tile in Web Mercator metres."""
        return 2 * HALF_WORLD / (1 << self.zoom)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of pixels."""
        return (
            (self.south - self.north + 1) * self.size,
            (self.east - self.west + 1) * self.size,
        )

    @property
    def transform(self) -> rasterio.Affine:
        """From the corners of pixels to Web Mercator metres."""
        pixel = self.side / self.size
        left, top = self.west * self.side - HALF_WORLD, HALF_WORLD - self.north * self.side
        return rasterio.Affine(pixel, 0, left, 0, -pixel, top)

    def addresses(self) -> Iterator[Address]:
        """Yield column and row of every tile, row by row."""
        for y in range(self.north, self.south + 1):
            for x in range(self.west, self.east + 1):
                yield x, y

    def bounds(self, address: Address) -> tuple[float, float, float, float]:
        """Return west, south, east, north of a tile in Web Mercator metres."""
        x, y = address
        left, top = x * self.side - HALF_WORLD, HALF_WORLD - y * self.side
        return left, top - self.side, left + self.side, top

    def window(self, address: Address) -> Window:
        """Return where a tile lies in the file of its level."""
        x, y = address
        return Window(
            (x - self.west) * self.size, (y - self.north) * self.size, self.size, self.size
        )

    def above(self) -> Grid:
        """Return the grid of the next smaller zoom."""
        return Grid(
            self.zoom - 1, self.size, self.west >> 1, self.north >> 1, self.east >> 1,
            self.south >> 1,
        )  # fmt: skip


def grid_over(bounds: tuple[float, float, float, float], zoom: int, size: int) -> Grid:
    """Return the tiles that meet bounds in Web Mercator metres."""
    west, south, east, north = bounds
    side, last = 2 * HALF_WORLD / (1 << zoom), (1 << zoom) - 1

    def clamp(value: float) -> int:
        return min(max(math.floor(value), 0), last)

    # An edge that is only touched belongs to the tile before.
    nudge = 1e-9
    return Grid(
        zoom, size, clamp((west + HALF_WORLD) / side + nudge),
        clamp((HALF_WORLD - north) / side + nudge), clamp((east + HALF_WORLD) / side - nudge),
        clamp((HALF_WORLD - south) / side - nudge),
    )  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Pixels of one tile: bands, shape ``(bands, size, size)``, and how opaque they are."""

    pixels: NDArray[Any]
    alpha: NDArray[np.uint8]


def empty_block(layout: Layout, size: int) -> Block:
    """Return a block without pixels."""
    match layout:
        case "color":
            pixels: NDArray[Any] = np.zeros((3, size, size), np.uint8)
        case "value":
            pixels = np.zeros((1, size, size), np.uint8)
        case "height":
            pixels = np.zeros((1, size, size), np.float32)
        case _:
            assert_never(layout)
    return Block(pixels, np.zeros((size, size), np.uint8))


class Level:
    """The file of one zoom, open for writing or for reading."""

    def __init__(self, folder: Path, grid: Grid, layout: Layout, mode: Literal["r", "w"]) -> None:
        self.grid, self.layout = grid, layout
        path = folder / f"z{grid.zoom}.tif"
        if mode == "r":
            self.file = rasterio.open(path)
            return
        rows, columns = grid.shape
        alpha = {} if layout == "height" else {"alpha": "yes", "interleave": "pixel"}
        self.file = rasterio.open(
            path, "w", driver="GTiff", width=columns, height=rows, count=BANDS[layout],
            dtype="float32" if layout == "height" else "uint8", crs="EPSG:3857",
            transform=grid.transform, tiled=True, blockxsize=grid.size, blockysize=grid.size,
            compress="zstd", zstd_level=1, sparse_ok=True, BIGTIFF="IF_SAFER",
            nodata=math.nan if layout == "height" else None, **alpha,
        )  # fmt: skip

    def read(self, address: Address, margin: int = 0) -> Block:
        """Read a block, with `margin` pixels around it; nothing where the level ends."""
        window, size = self.grid.window(address), self.grid.size
        if margin:
            window = Window(
                window.col_off - margin, window.row_off - margin, size + 2 * margin,
                size + 2 * margin,
            )  # fmt: skip
        return self._block(_padded(self.file, window))

    def _block(self, bands: NDArray[Any]) -> Block:
        if self.layout == "height":
            there = ~np.isnan(bands[0])
            return Block(np.where(there, bands, 0), np.where(there, 255, 0).astype(np.uint8))
        return Block(bands[:-1], bands[-1])

    def write(self, address: Address, block: Block) -> None:
        """Write a block."""
        if self.layout == "height":
            bands = np.where(block.alpha[None] >= 128, block.pixels, np.nan).astype(np.float32)
        else:
            shown = np.where(block.alpha[None] > 0, block.pixels, 0).astype(np.uint8)
            bands = np.concatenate([shown, block.alpha[None]])
        self.file.write(bands, window=self.grid.window(address))

    def copy(self, address: Address, other: Level) -> None:
        """Take a block as another level of this zoom has it."""
        self.file.write(
            other.file.read(window=other.grid.window(address)), window=self.grid.window(address)
        )

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __enter__(self) -> Level:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _padded(file: Any, window: Window) -> NDArray[Any]:
    """Read a window; what is outside the file is NaN or 0 (a boundless read would warp)."""
    left, top = int(window.col_off), int(window.row_off)
    wide, high = int(window.width), int(window.height)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + wide, file.width), min(top + high, file.height)
    inside = file.read(window=Window(x0, y0, x1 - x0, y1 - y0))
    if inside.shape[1:] == (high, wide):
        return np.asarray(inside)
    fill = np.nan if inside.dtype == np.float32 else 0
    out = np.full((file.count, high, wide), fill, inside.dtype)
    out[:, y0 - top : y1 - top, x0 - left : x1 - left] = inside
    return out


def digest_of(*parts: object) -> str:
    """Return a short digest of JSON-ready parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Levels:
    """What is known of a folder of levels.

    Attributes
    ----------
    folder
        Where the files are.
    layout
        Of all of them.
    grids
        By zoom.
    keys
        By zoom, of the blocks that have pixels.
    """

    folder: Path
    layout: Layout
    grids: dict[int, Grid]
    keys: dict[int, Keys]

    def open(self, zoom: int) -> Level:
        """Open one level for reading."""
        return Level(self.folder, self.grids[zoom], self.layout, "r")

    def save(self) -> None:
        """Write what is known beside the files."""
        said = {
            "layout": self.layout,
            "grids": [vars(self.grids[zoom]) for zoom in sorted(self.grids)],
            "keys": {
                str(zoom): [[x, y, key] for (x, y), key in sorted(keys.items())]
                for zoom, keys in sorted(self.keys.items())
            },
        }
        (self.folder / KEYS).write_text(json.dumps(said), encoding="utf-8")


def load_levels(folder: Path) -> Levels:
    """Read what :meth:`Levels.save` wrote."""
    said = json.loads((folder / KEYS).read_text(encoding="utf-8"))
    grids = {grid["zoom"]: Grid(**grid) for grid in said["grids"]}
    keys = {int(z): {(x, y): key for x, y, key in rows} for z, rows in said["keys"].items()}
    return Levels(folder, said["layout"], grids, keys)
