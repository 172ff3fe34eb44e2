"""Cutting again only the tiles that a change touches; the archive equals that of a full build.

A tile depends on nothing but the shapes in it, their ids, attributes and the importance of their
vertices. Shapes for which all of these are the same before and after leave their tiles alone; the
others dirty every tile they reach, where they were and where they are. A moved border changes the
importance of its neighbour's vertices too, so neighbours are found by the same comparison.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import TilingError
from pipeline.tiling.archive import PMTilesReader, PMTilesWriter, tile_ids, zoom_of
from pipeline.tiling.engine import bounds_of, summary_of
from pipeline.tiling.geometry.grouping import group
from pipeline.tiling.geometry.pieces import select
from pipeline.tiling.geometry.shapes import WORLD_BITS
from pipeline.tiling.layers import prepare
from pipeline.tiling.metadata import causes_in, metadata
from pipeline.tiling.options import TileOptions
from pipeline.tiling.reading.layers import read_layers
from pipeline.tiling.report import ZoomStatistics
from pipeline.tiling.writing import write_zoom
from pipeline.tiling.zooms import LayerPlan, ZoomCut, cut_shapes

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.tiling.layers import Layer

_EXTENT_BITS = 12
_BY_TILE = ("polygons_merged", "simplified_more", "coalesced", "clustered",
            "dropped_by_rank", "dropped_densest")  # fmt: skip
"""Causes counted where a tile is written; all others are counted where a shape is cut."""


@dataclass(frozen=True, slots=True)
class Update:
    """What :func:`update` did: tiles cut again per zoom, and tiles of the archive in all."""

    touched: dict[int, int]
    tiles: int


class _Discarded:
    """Takes the place of an archive when only counts are wanted."""

    def write(self, tile: int, data: bytes) -> None:
        """Forget a tile."""


def update(
    before: Any,
    after: Any,
    archive: str | Path,
    out: str | Path,
    options: TileOptions | None = None,
    *,
    id_column: str | None = None,
    name: str = "",
    attribution: str = "",
    description: str = "",
) -> Update:
    """Bring an archive up to date with a change of its input.

    Parameters
    ----------
    before
        The input `archive` was cut from, as :func:`pipeline.tiling.tile` takes it.
    after
        The input as it is now: the same layers.
    archive
        The PMTiles archive of `before`, cut with the same options.
    out
        The archive to write; may be `archive` itself.
    options, id_column, name, attribution, description
        As for the first build. Features need stable ids: numbered by position, a feature
        inserted in the middle changes all behind it.

    Returns
    -------
    Update
        How many tiles were cut again.

    Raises
    ------
    TilingError
        If the layers differ, or an input cannot be read.
    """
    options = options or TileOptions()
    threads = options.threads or len(os.sched_getaffinity(0))
    words = {"name": name or Path(out).stem, "attribution": attribution, "description": description}
    with ThreadPoolExecutor(threads + 1) as pool, PMTilesReader(archive) as reader:
        old, new = (_plans(layers, options, id_column, pool, threads) for layers in (before, after))
        if [plan.layer.name for plan in old] != [plan.layer.name for plan in new]:
            raise TilingError("the layers before and after are not the same: cut everything anew")
        changes = [_changed(a.layer, b.layer) for a, b in zip(old, new, strict=True)]
        known = causes_in(reader.metadata)
        touched, zooms = {}, []
        with PMTilesWriter(
            out,
            metadata={},
            minzoom=options.minzoom,
            maxzoom=options.maxzoom,
            bounds=bounds_of([plan.layer for plan in new]),
        ) as writer:
            dirty_tiles = set()
            for zoom in range(options.minzoom, options.maxzoom + 1):
                dirty = _dirty(zip(old, new, changes, strict=True), zoom, options)
                causes = Counter(known.get(str(zoom), {}))
                for plans, side, target, sign in ((old, 0, _Discarded(), -1), (new, 1, writer, 1)):
                    chosen = [change[side] for change in changes]
                    counted = _recut(plans, chosen, dirty, zoom, options, pool, target)
                    for cause, number in counted.items():
                        causes[cause] += sign * number
                zooms.append(ZoomStatistics(zoom, causes={c: n for c, n in causes.items() if n}))
                dirty_tiles.update(dirty.tolist())
                touched[zoom] = int(dirty.size)
            count = 0
            for tile, data in reader.tiles():
                count += 1
                if tile not in dirty_tiles and options.minzoom <= zoom_of(tile) <= options.maxzoom:
                    writer.write(tile, data)
            writer.metadata = metadata([summary_of(plan) for plan in new], zooms, words)
    return Update(touched, count)


def _plans(
    layers: Any, options: TileOptions, id_column: str | None, pool: Executor, threads: int
) -> list[LayerPlan]:
    return [
        LayerPlan(prepare(source, options.layer(source.name), id_column, pool, threads), options)
        for source in read_layers(layers)
    ]


def _digests(layer: Layer) -> list[bytes]:
    """Return a digest of everything a tile could show of each shape."""
    shapes, values = layer.shapes, layer.values
    names = [name.encode() for name in values.names]
    data, ends = values.data.tobytes(), values.offsets.tolist()
    digests = []
    for i in range(shapes.total):
        low, high = shapes.parts[i], shapes.parts[i + 1]
        first, last = shapes.rings[low], shapes.rings[high]
        digest = hashlib.blake2b(digest_size=16)
        digest.update(bytes([shapes.kind[i]]) + layer.ids[i].tobytes())
        digest.update((shapes.rings[low : high + 1] - first).tobytes())
        digest.update(shapes.hole[low:high].tobytes())
        for array in (shapes.x, shapes.y, shapes.importance):
            digest.update(array[first:last].tobytes())
        for column, value in enumerate(values.codes[i].tolist()):
            if value >= 0:
                digest.update(names[column] + b"\0" + data[ends[value] : ends[value + 1]])
        digests.append(digest.digest())
    return digests


def _changed(old: Layer, new: Layer) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the shapes only the old layer has, and those only the new one has."""
    one, two = _digests(old), _digests(new)

    def beyond(own: list[bytes], others: list[bytes]) -> NDArray[np.int64]:
        left = Counter(others)
        found = []
        for i, digest in enumerate(own):
            left[digest] -= 1
            if left[digest] < 0:
                found.append(i)
        return np.array(found, np.int64)

    return beyond(one, two), beyond(two, one)


def _reach(boxes: NDArray[np.int32], zoom: int, options: TileOptions) -> NDArray[np.int64]:
    """Return least column and row, greatest column and row each box may show in, shape (n, 4)."""
    shift = WORLD_BITS - zoom
    buffer = np.int64(options.buffer + 4) << (shift - _EXTENT_BITS)
    edges = boxes.astype(np.int64) + np.array([-buffer, -buffer, buffer, buffer])
    reached: NDArray[np.int64] = np.clip(edges >> shift, 0, (1 << zoom) - 1)
    return reached


def _dirty(changes: Any, zoom: int, options: TileOptions) -> NDArray[np.int64]:
    """Return the ids of all tiles that changed shapes reach, ascending."""
    found = [np.empty(0, np.int64)]
    for old, new, (gone, come) in changes:
        boxes = [old.layer.shapes.bounds[gone], new.layer.shapes.bounds[come]]
        for x0, y0, x1, y1 in np.unique(_reach(np.concatenate(boxes), zoom, options), axis=0):
            x, y = np.meshgrid(np.arange(x0, x1 + 1), np.arange(y0, y1 + 1))
            found.append(tile_ids(zoom, x.ravel(), y.ravel()))
    return np.unique(np.concatenate(found))


def _recut(
    plans: list[LayerPlan],
    changed: list[NDArray[np.int64]],
    dirty: NDArray[np.int64],
    zoom: int,
    options: TileOptions,
    pool: Executor,
    target: Any,
) -> Counter[str]:
    """Cut and write the dirty tiles; count causes of changed shapes and of dirty tiles."""
    counted: Counter[str] = Counter()
    cuts = []
    for plan, own in zip(plans, changed, strict=True):
        shown = np.intersect1d(own, plan.chosen(zoom))
        counted["hidden"] += own.size - shown.size
        counted.update(cut_shapes(plan, zoom, shown)[1])
        cuts.append(_dirty_cut(plan, dirty, zoom, options))
    if dirty.size:
        statistics = write_zoom(cuts, options, pool, target)
        counted.update({cause: statistics.causes.get(cause, 0) for cause in _BY_TILE})
    return counted


def _dirty_cut(
    plan: LayerPlan, dirty: NDArray[np.int64], zoom: int, options: TileOptions
) -> ZoomCut:
    """Cut whatever reaches the dirty tiles, and keep the pieces in them."""
    chosen = plan.chosen(zoom)
    reach = _reach(plan.layer.shapes.bounds[chosen], zoom, options)
    single = (reach[:, 0] == reach[:, 2]) & (reach[:, 1] == reach[:, 3])
    near = ~single
    near[single] = np.isin(tile_ids(zoom, reach[single, 0], reach[single, 1]), dirty)
    pieces, _ = cut_shapes(plan, zoom, chosen[near])
    inside = np.isin(tile_ids(zoom, pieces.tile_x, pieces.tile_y), dirty)
    pieces = select(pieces, np.flatnonzero(inside))
    return ZoomCut(plan, zoom, pieces, group(pieces, zoom))
