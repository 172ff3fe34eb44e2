"""One zoom of one layer: which shapes it shows, what it writes of them, its pieces by tile."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import TilingError
from pipeline.tiling.arrow import contiguous, is_json, json_text, numbers
from pipeline.tiling.geometry.cutting import cut
from pipeline.tiling.geometry.grouping import Groups, group
from pipeline.tiling.geometry.pieces import Pieces, joined
from pipeline.tiling.geometry.repair import repair
from pipeline.tiling.geometry.shapes import MAX_ZOOM
from pipeline.tiling.geometry.snapping import (
    ENLARGED,
    LINES_LOST,
    PARTS_LOST,
    TINY,
)
from pipeline.tiling.mvt.encoding import Drawn
from pipeline.tiling.mvt.protobuf import bytes_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor, Future

    from numpy.typing import NDArray

    from pipeline.tiling.layers import Layer
    from pipeline.tiling.options import Filter, TileOptions, Zooms

_FINAL_TOLERANCE = 0.5
_SHAPES_PER_TASK = 32_768
_CAUSES = {
    TINY: "polygons_tiny",
    LINES_LOST: "lines_too_short",
    PARTS_LOST: "parts_too_small",
    ENLARGED: "enlarged",
}


@dataclass(frozen=True)
class LayerPlan:
    """A layer with what its options mean for every zoom."""

    layer: Layer
    options: TileOptions

    @cached_property
    def zooms(self) -> Zooms:
        """Zooms at which the layer appears."""
        low, high = self.options.layer(self.layer.name).zooms or (0, MAX_ZOOM)
        return max(low, self.options.minzoom), min(high, self.options.maxzoom)

    @cached_property
    def shown(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Least and greatest zoom of every shape, as the filters say."""
        table = self.layer.table
        low = np.full(len(self.layer.shapes.row), self.zooms[0], np.uint8)
        high = np.full(low.size, self.zooms[1], np.uint8)
        decided = np.zeros(table.num_rows, bool)
        for rule in self.options.layer(self.layer.name).filters:
            if rule.field not in table.column_names:
                continue
            column = table.column(rule.field)
            if pa.types.is_null(column.type):
                continue
            hit = _holds(contiguous(column), rule) & ~decided
            decided |= hit
            here = hit[self.layer.shapes.row]
            low[here] = max(rule.zooms[0], self.zooms[0])
            high[here] = min(rule.zooms[1], self.zooms[1])
        return low, high

    def chosen(self, zoom: int) -> NDArray[np.int64]:
        """Return the shapes shown at a zoom, in drawing order."""
        low, high = self.shown
        return np.flatnonzero((low <= zoom) & (zoom <= high))

    def tolerance(self, zoom: int) -> float:
        """Return the squared distance in world units a line may move."""
        special = self.options.layer(self.layer.name).simplification
        units = self.options.simplification if special is None else special
        if zoom == self.options.maxzoom:
            units = min(units, _FINAL_TOLERANCE)
        return float(units * (1 << (MAX_ZOOM - zoom))) ** 2

    def columns(self, zoom: int) -> NDArray[np.int64]:
        """Return the attributes written at a zoom."""
        limits = self.options.layer(self.layer.name).attribute_zooms
        names = self.layer.values.names
        shown = [limits.get(name, (0, MAX_ZOOM)) for name in names]
        return np.array([i for i, (a, b) in enumerate(shown) if a <= zoom <= b], np.int64)

    @cached_property
    def _drawn(self) -> Drawn:
        layer, values = self.layer, self.layer.values
        keys = [bytes_field(0x1A, name.encode()) for name in values.names]
        head = b"\x78\x02" + bytes_field(0x0A, layer.name.encode()) + b"\x28\x80\x20"
        return Drawn(
            kind=layer.shapes.kind,
            area=layer.shapes.area,
            ids=layer.ids,
            codes=values.codes,
            data=values.data,
            offsets=values.offsets,
            columns=np.empty(0, np.int64),
            keys=np.frombuffer(b"".join(keys), np.uint8),
            key_offsets=np.cumsum([0] + [len(key) for key in keys]).astype(np.int64),
            head=np.frombuffer(head, np.uint8),
        )

    def drawn(self, zoom: int) -> Drawn:
        """Return what is written of every shape at a zoom."""
        unit = float(1 << (MAX_ZOOM - zoom)) ** 2
        return self._drawn._replace(area=self.layer.shapes.area / unit, columns=self.columns(zoom))


def _holds(column: pa.Array, rule: Filter) -> NDArray[np.bool_]:
    """Tell which rows hold one of the values of a filter."""
    if is_json(column.type):
        texts = [json_text(value) for value in _spellings(rule.values)]
        column, values = column.storage, pa.array(texts, pa.large_string())
    else:
        values = _comparable(rule, column.type)
    hit: NDArray[np.bool_] = numbers(pc.is_in(column, value_set=values)) == 1
    return hit


def _spellings(values: Iterable[object]) -> Iterator[object]:
    """Yield values, whole numbers also as they are written with a fraction and without."""
    for value in values:
        yield value
        if isinstance(value, int) and not isinstance(value, bool):
            yield float(value)
        elif isinstance(value, float) and value.is_integer():
            yield int(value)


def _comparable(rule: Filter, kind: pa.DataType) -> pa.Array:
    """Return the values of a filter in the type of its column."""
    try:
        return pa.array(list(rule.values)).cast(kind)
    except pa.ArrowException:
        raise TilingError(
            f"filter on field '{rule.field}': {', '.join(map(repr, rule.values))} cannot be"
            f" compared with what it holds ({kind}): write values of that type"
        ) from None


@dataclass(frozen=True)
class ZoomCut:
    """One layer cut at one zoom."""

    plan: LayerPlan
    zoom: int
    pieces: Pieces
    groups: Groups
    causes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PendingCut:
    """One layer being cut at one zoom."""

    plan: LayerPlan
    zoom: int
    hidden: int
    parts: list[Future[tuple[Pieces, dict[str, int]]]]

    def result(self) -> ZoomCut:
        """Wait for all parts."""
        causes = {"hidden": self.hidden}
        done = [part.result() for part in self.parts]
        for _, counts in done:
            for cause, number in counts.items():
                causes[cause] = causes.get(cause, 0) + number
        pieces = joined([part for part, _ in done])
        return ZoomCut(self.plan, self.zoom, pieces, group(pieces, self.zoom), causes)


def start_cut(
    plan: LayerPlan,
    zoom: int,
    pool: Executor,
    threads: int,
    window: tuple[int, int, int, int] | None = None,
) -> PendingCut:
    """Begin to cut one layer at one zoom; see :func:`cut_shapes` for `window`."""
    chosen = plan.chosen(zoom)
    parts = min(4 * threads, max(1, -(-chosen.size // _SHAPES_PER_TASK)))
    tasks = [
        pool.submit(cut_shapes, plan, zoom, part, window) for part in np.array_split(chosen, parts)
    ]
    return PendingCut(plan, zoom, plan.layer.shapes.total - chosen.size, tasks)


def cut_shapes(
    plan: LayerPlan,
    zoom: int,
    chosen: NDArray[np.int64],
    window: tuple[int, int, int, int] | None = None,
    coarser: float = 1.0,
) -> tuple[Pieces, dict[str, int]]:
    """Cut some shapes of a layer at one zoom and make their polygons valid.

    Parameters
    ----------
    plan, zoom, chosen
        What to cut.
    window
        Least column and row, greatest column and row of the tiles wanted; all if ``None``.
    coarser
        Factor on the tolerance.
    """
    edge = (1 << zoom) - 1
    pieces, counters = cut(
        plan.layer.shapes,
        chosen,
        zoom,
        plan.tolerance(zoom) * coarser**2,
        zoom == plan.options.maxzoom,
        plan.options.buffer,
        window or (0, 0, edge, edge),
    )
    pieces, repaired = repair(pieces)
    causes = {cause: int(counters[at]) for at, cause in _CAUSES.items()}
    return pieces, causes | {"repaired": repaired}
