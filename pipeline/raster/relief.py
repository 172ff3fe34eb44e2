"""Shaded relief and slope of heights, block by block, at every zoom from its own heights.

Gradients are Horn's (1981) over 3 by 3 heights; a metre of Web Mercator is cos(latitude) metres
on the ground. Where a neighbour has no height the middle one stands for it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, assert_never

import numpy as np

from pipeline.raster.levels import Block, Layout, Level, Levels, digest_of
from pipeline.raster.placing import RADIUS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.config.rasters import Relief
    from pipeline.raster.levels import Address, Grid

THREADS, AT_ONCE = 2, 8


def draw_relief(declared: Relief, heights: Levels, folder: Path) -> Levels:
    """Draw what is declared, of every zoom of some heights, into a folder."""
    layout: Layout = "color" if declared.operation == "hillshade" else "height"
    made = Levels(folder, layout, dict(heights.grids), {})
    for zoom, grid in heights.grids.items():
        keys = heights.keys[zoom]
        waiting = iter(sorted(keys, key=lambda a: (a[1], a[0])))
        with (
            heights.open(zoom) as source,
            Level(folder, grid, layout, "w") as level,
            ThreadPoolExecutor(THREADS) as pool,
        ):
            while some := list(islice(waiting, AT_ONCE)):
                read = [(address, source.read(address, margin=1)) for address in some]
                drawn = pool.map(lambda one: _block(declared, grid, *one), read)  # noqa: B023
                for address, block in zip(some, drawn, strict=True):
                    level.write(address, block)
        made.keys[zoom] = {
            address: digest_of(declared.model_dump(mode="json"), _around(address, keys))
            for address in keys
        }
    made.save()
    return made


def _around(address: Address, keys: dict[Address, str]) -> list[str]:
    x, y = address
    return [keys.get((x + dx, y + dy), "") for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


def _block(declared: Relief, grid: Grid, address: Address, block: Block) -> Block:
    pixel = ground_pixel(grid, address)
    there = block.alpha >= 128
    east, south = gradients(block.pixels[0], there, pixel)
    inner = there[1:-1, 1:-1]
    alpha = np.where(inner, 255, 0).astype(np.uint8)
    match declared.operation:
        case "slope":
            degrees = np.degrees(np.arctan(np.hypot(east, south))).astype(np.float32)
            return Block(np.where(inner, degrees, 0)[None], alpha)
        case "hillshade":
            grey = shade(east * declared.exaggeration, south * declared.exaggeration, declared)
            return Block(np.where(inner, grey, 0).astype(np.uint8)[None].repeat(3, axis=0), alpha)
        case _:
            assert_never(declared.operation)


def ground_pixel(grid: Grid, address: Address) -> NDArray[np.float64]:
    """Return metres on the ground of a pixel in each row of a block, shape ``(size, 1)``."""
    _, _, _, north = grid.bounds(address)
    pixel = grid.side / grid.size
    y = north - pixel * (np.arange(grid.size) + 0.5)
    return np.asarray(pixel / np.cosh(y / RADIUS))[:, None]


def gradients(
    heights: NDArray[np.float32], there: NDArray[np.bool_], pixel: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how much heights rise eastward and southward, metres by metre.

    Parameters
    ----------
    heights, there
        With one more on each side, shape ``(n + 2, n + 2)``.
    pixel
        Metres of a pixel by row.
    """
    n = heights.shape[0] - 2
    middle = heights[1:-1, 1:-1].astype(np.float64)

    def at(dy: int, dx: int) -> NDArray[np.float64]:
        rows, columns = slice(1 + dy, 1 + dy + n), slice(1 + dx, 1 + dx + n)
        return np.where(there[rows, columns], heights[rows, columns], middle)

    east = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)
    south = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)
    return east / (8 * pixel), south / (8 * pixel)


def shade(
    east: NDArray[np.float64], south: NDArray[np.float64], declared: Relief
) -> NDArray[np.float64]:
    """Return how light the ground is, 0 to 255: light times its normal."""
    azimuth, altitude = np.radians(declared.azimuth), np.radians(declared.altitude)
    toward_east, toward_north = np.sin(azimuth), np.cos(azimuth)
    # The normal of the ground is (-east, +south, 1) in directions east, north, up.
    flat = np.cos(altitude) * (-east * toward_east + south * toward_north) + np.sin(altitude)
    light = flat / np.sqrt(1 + east**2 + south**2)
    return np.asarray(np.rint(np.clip(light, 0, 1) * 255))
