"""From sheets to levels: every block of the largest zoom is resampled once, the rest follows.

Runs in a process of its own, in two threads; what is held at a time are some blocks and windows.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.raster.drawing import HALVES, LAYOUTS, Desk, Drawing
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pipeline.raster.levels import Address, Keys

THREADS = 2
AT_ONCE = 8


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
    desk = Desk(drawing, layout)

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
