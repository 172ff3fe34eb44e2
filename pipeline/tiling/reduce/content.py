"""One layer of one tile taken out of a zoom, to be changed and encoded by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import TilingError
from pipeline.tiling.geometry.pieces import Pieces, select
from pipeline.tiling.mvt.encoding import Drawn, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.tiling.zooms import LayerPlan, ZoomCut


@dataclass(frozen=True)
class Content:
    """One layer of one tile: row `i` of `drawn` belongs to piece `i`.

    Attributes
    ----------
    pieces, drawn
        What is drawn and what is written of it.
    origin
        Shape (pieces,): the shape of the layer each piece comes from; empty once pieces of
        several shapes have been joined.
    plan
        The layer.
    merged
        Pieces that are not written because a neighbour's square stands for them.
    """

    pieces: Pieces
    drawn: Drawn
    origin: NDArray[np.int32]
    plan: LayerPlan
    merged: int = 0

    @classmethod
    def of(cls, pieces: Pieces, plan: LayerPlan, zoom: int) -> Content:
        """Return what pieces of one tile show at a zoom."""
        drawn, origin = plan.drawn(zoom), pieces.shape
        own = pieces._replace(shape=np.arange(origin.size, dtype=np.int32))
        rows = drawn._replace(
            kind=drawn.kind[origin],
            area=drawn.area[origin],
            ids=drawn.ids[origin],
            codes=drawn.codes[origin],
        )
        return cls(own, rows, origin, plan)

    def keep(self, index: NDArray[np.int64]) -> Content:
        """Return some pieces, in the order of `index`."""
        drawn, count = self.drawn, np.arange(index.size, dtype=np.int32)
        return replace(
            self,
            pieces=select(self.pieces, index)._replace(shape=count),
            drawn=drawn._replace(
                kind=drawn.kind[index],
                area=drawn.area[index],
                ids=drawn.ids[index],
                codes=drawn.codes[index],
            ),
            origin=self.origin[index] if self.origin.size else self.origin,
        )

    def attribute(self, name: str) -> NDArray[np.float64] | None:
        """Return a numeric attribute of every piece; what is missing is NaN.

        ``None`` if there is no such attribute, or if pieces no longer stand for single shapes.
        """
        table: Any = self.plan.layer.table
        if name not in table.column_names or self.origin.size != self.pieces.flag.size:
            return None
        rows = self.plan.layer.shapes.row[self.origin]
        try:
            return np.asarray(table.column(name).to_pandas(), np.float64)[rows]
        except (TypeError, ValueError):
            raise TilingError(
                f"field '{name}' holds other things than numbers: it can neither rank nor be summed"
            ) from None


def content_of(cut: ZoomCut, tile: int) -> Content:
    """Take one tile out of a layer; it is empty where the layer has nothing."""
    groups = cut.groups
    at = int(np.searchsorted(groups.tiles, tile))
    index = np.empty(0, np.int64)
    if at < groups.tiles.size and groups.tiles[at] == tile:
        index = groups.order[groups.spans[at, 0] : groups.spans[at, 1]]
    return Content.of(select(cut.pieces, index), cut.plan, cut.zoom)


def encoded(contents: list[Content]) -> bytes:
    """Return the layers of a tile as one message."""
    parts = []
    for content in contents:
        count = content.pieces.flag.size
        if count:
            spans = np.array([[0, count]], np.int64)
            done = encode(content.pieces, np.arange(count), spans, content.drawn)
            parts.append(done.data[done.starts[0] : done.ends[0]].tobytes())
    return b"".join(parts)
