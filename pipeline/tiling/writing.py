"""One zoom of all layers: encoded and compressed in several threads, written as it comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import deflate
import numpy as np

from pipeline.tiling.archive.hilbert import zxy
from pipeline.tiling.mvt.encoding import encode
from pipeline.tiling.reduce.budget import may_reduce, reduce_tile, strategies_of
from pipeline.tiling.report import ZoomStatistics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from pipeline.tiling.mvt.encoding import Encoded
    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.zooms import ZoomCut


class TileSink(Protocol):
    """Takes finished tiles from several threads: an archive, or a part of one."""

    def write(self, tile: int, data: bytes) -> None:
        """Add one tile."""


_PIECES_PER_TASK = 16_384


@dataclass(frozen=True)
class _Part:
    """Tiles one task has written."""

    tiles: NDArray[np.int64]
    sizes: NDArray[np.int64]
    features: int
    causes: Counter[str]


def write_zoom(
    cuts: list[ZoomCut], options: TileOptions, pool: Executor, writer: TileSink
) -> ZoomStatistics:
    """Encode, compress and write every tile of one zoom."""
    statistics = ZoomStatistics(cuts[0].zoom)
    for cut in cuts:
        for cause, number in cut.causes.items():
            statistics.count(cause, number)
    tiles = cuts[0].groups.tiles
    if len(cuts) > 1:
        tiles = np.unique(np.concatenate([cut.groups.tiles for cut in cuts]))
    weights = np.zeros(tiles.size, np.int64)
    for cut in cuts:
        spans = cut.groups.spans
        weights[np.searchsorted(tiles, cut.groups.tiles)] += spans[:, 1] - spans[:, 0]
    tasks = [
        pool.submit(_write_part, cuts, tiles[part], options, writer) for part in _parts(weights)
    ]
    for task in tasks:
        _add(statistics, task.result(), options)
    return statistics


def _parts(weights: NDArray[np.int64]) -> Iterator[slice]:
    """Yield runs of tiles of about equal work, at least one tile each."""
    ends = np.cumsum(weights)
    start = 0
    while start < weights.size:
        done = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, done + _PIECES_PER_TASK, side="right"))
        stop = max(stop, start + 1)
        yield slice(start, stop)
        start = stop


def _encode(cut: ZoomCut, tiles: NDArray[np.int64]) -> Encoded:
    """Encode one layer of some tiles; those it is not in come out empty."""
    at = np.searchsorted(cut.groups.tiles, tiles)
    spans = np.zeros((tiles.size, 2), np.int64)
    inside = at < cut.groups.tiles.size
    inside[inside] = cut.groups.tiles[at[inside]] == tiles[inside]
    spans[inside] = cut.groups.spans[at[inside]]
    return encode(cut.pieces, cut.groups.order, spans, cut.plan.drawn(cut.zoom))


def _write_part(
    cuts: list[ZoomCut], tiles: NDArray[np.int64], options: TileOptions, writer: TileSink
) -> _Part:
    layers = [_encode(cut, tiles) for cut in cuts]
    buffers = [memoryview(layer.data) for layer in layers]  # type: ignore[arg-type]
    starts = [layer.starts.tolist() for layer in layers]
    ends = [layer.ends.tolist() for layer in layers]
    features = np.sum([layer.features for layer in layers], axis=0)
    causes = Counter(polygons_merged=int(sum(layer.merged.sum() for layer in layers)))
    reducible = may_reduce(cuts[0].zoom, options) and any(strategies_of(c, options) for c in cuts)
    sizes = np.zeros(tiles.size, np.int64)
    for t, tile in enumerate(tiles.tolist()):
        parts = [buffers[i][starts[i][t] : ends[i][t]] for i in range(len(layers))]
        content = parts[0] if len(parts) == 1 else b"".join(parts)
        if not len(content):
            continue
        packed = bytes(deflate.gzip_compress(content, options.compression))
        if reducible and len(packed) > options.tile_bytes:
            packed, features[t], reduced = reduce_tile(cuts, tile, packed, options)
            causes.update(reduced)
        writer.write(tile, packed)
        sizes[t] = len(packed)
    return _Part(tiles, sizes, int(features.sum()), causes)


def _add(statistics: ZoomStatistics, part: _Part, options: TileOptions) -> None:
    statistics.tiles += int((part.sizes > 0).sum())
    statistics.bytes += int(part.sizes.sum())
    statistics.features += part.features
    statistics.over_budget += int((part.sizes > options.tile_bytes).sum())
    for cause, number in part.causes.items():
        statistics.count(cause, number)
    largest = int(part.sizes.argmax())
    if part.sizes[largest] > statistics.largest_bytes:
        statistics.largest_bytes = int(part.sizes[largest])
        statistics.largest_tile = "/".join(map(str, zxy(int(part.tiles[largest]))))
