"""Keeping a tile within its budget by what the caller has declared, and counting what it cost.

Every decision looks at one tile alone, so that a tile comes out the same whether it is cut in a
full build or by itself.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import deflate
import numpy as np

from pipeline.tiling.archive.hilbert import zxy
from pipeline.tiling.reduce.content import Content, content_of, encoded
from pipeline.tiling.reduce.strategies import cluster, coalesce, drop_densest, drop_rank
from pipeline.tiling.zooms import cut_shapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.zooms import ZoomCut

    Reduction = Callable[[Content, float, int], tuple[Content, int]]

_ROUNDS = 8
_CAUSES = {
    "simplify": "simplified_more",
    "coalesce": "coalesced",
    "cluster": "clustered",
    "rank": "dropped_by_rank",
    "densest": "dropped_densest",
}
_REDUCTIONS: dict[str, Reduction] = {
    "coalesce": coalesce,
    "cluster": cluster,
    "rank": drop_rank,
    "densest": drop_densest,
}


def may_reduce(zoom: int, options: TileOptions) -> bool:
    """Tell whether tiles of a zoom may lose anything for the sake of their size."""
    return zoom < options.maxzoom or options.reduce_last_zoom


def strategies_of(cut: ZoomCut, options: TileOptions) -> tuple[str, ...]:
    """Return what is declared for a layer."""
    special = options.layer(cut.plan.layer.name).strategies
    return options.strategies if special is None else special


def reduce_tile(
    cuts: list[ZoomCut], tile: int, packed: bytes, options: TileOptions
) -> tuple[bytes, int, Counter[str]]:
    """Reduce one tile until it fits or nothing declared helps any more.

    Parameters
    ----------
    cuts
        All layers at the zoom of the tile.
    tile
        Tile id.
    packed
        The tile as it would be written, too large.
    options
        Budget and strategies.

    Returns
    -------
    bytes
        The tile, compressed.
    int
        How many features it has.
    Counter
        Cause -> features, as in :data:`pipeline.tiling.report.CAUSES`.
    """
    contents = [content_of(cut, tile) for cut in cuts]
    causes: Counter[str] = Counter()
    wanted = [strategies_of(cut, options) for cut in cuts]
    for strategy in dict.fromkeys(name for names in wanted for name in names):
        starts = list(contents)
        for step in range(_ROUNDS):
            if len(packed) <= options.tile_bytes:
                break
            share = options.tile_bytes / len(packed)
            counts = Counter[str]()
            for at, cut in enumerate(cuts):
                if strategy not in wanted[at]:
                    continue
                source = starts[at] if strategy in ("simplify", "cluster") else contents[at]
                contents[at], number = _apply(strategy, cut, tile, source, share, step)
                counts[_CAUSES[strategy]] += number
            if not counts.total():
                break
            if strategy in ("simplify", "cluster"):
                causes[_CAUSES[strategy]] = 0  # each step starts from the beginning
            causes.update(counts)
            packed = bytes(deflate.gzip_compress(encoded(contents), options.compression))
    features = sum(content.pieces.flag.size - content.merged for content in contents)
    return packed, features, causes


def _apply(
    strategy: str, cut: ZoomCut, tile: int, content: Content, share: float, step: int
) -> tuple[Content, int]:
    if strategy != "simplify":
        return _REDUCTIONS[strategy](content, share, step)
    if step > 2 or not content.origin.size:
        return content, 0
    z, x, y = zxy(tile)
    shapes = np.unique(content.origin).astype(np.int64)
    pieces, _ = cut_shapes(cut.plan, z, shapes, (x, y, x, y), 2.0 ** (step + 1))
    return Content.of(pieces, cut.plan, z), int(shapes.size)
