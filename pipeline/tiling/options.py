"""What a caller may ask of the tiling engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.errors import TilingError
from pipeline.tiling.geometry.shapes import MAX_ZOOM

if TYPE_CHECKING:
    from collections.abc import Mapping

Zooms = tuple[int, int]
"""Least and greatest zoom, both included."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Show features only at some zooms, by the value of one attribute.

    Attributes
    ----------
    field
        Attribute that decides.
    values
        Values it speaks of, compared as the input holds them.
    zooms
        Least and greatest zoom at which features with one of these values appear.
    """

    field: str
    values: tuple[str | int | float | bool, ...]
    zooms: Zooms


@dataclass(frozen=True, slots=True)
class LayerOptions:
    """What holds for one layer; ``None`` takes the tileset's value.

    Attributes
    ----------
    zooms
        Zooms at which the layer appears.
    simplification
        Tolerance in units of a 4,096th tile, below the last zoom.
    attributes
        The attributes to keep, in this order; all if ``None``.
    attribute_zooms
        Attribute -> zooms at which it is written.
    filters
        Rules by value; the first that names a feature's value decides, others stay visible.
    rank
        Number by which features are dropped if a budget demands it, least first.
    sums
        Numeric attributes added up when points are clustered.
    strategies
        How to keep tiles within the budget, in the order tried; see :class:`TileOptions`.
    """

    zooms: Zooms | None = None
    simplification: float | None = None
    attributes: tuple[str, ...] | None = None
    attribute_zooms: Mapping[str, Zooms] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    rank: str | None = None
    sums: tuple[str, ...] = ()
    strategies: tuple[str, ...] | None = None


STRATEGIES = ("simplify", "coalesce", "cluster", "rank", "densest")


@dataclass(frozen=True, slots=True)
class TileOptions:
    """How to cut a tileset. The defaults suit the layers of a city: nothing is dropped.

    Attributes
    ----------
    minzoom, maxzoom
        0-18.
    buffer
        How far a tile reaches beyond its border, in units of a 4,096th tile; 80 is 5 pixels.
    simplification
        Tolerance in such units below the last zoom; the last zoom uses half a unit, which is
        what snapping to the grid moves anyway.
    tile_bytes
        Budget of one compressed tile. Tiles above it are counted, and reduced below the last
        zoom if `strategies` says how.
    strategies
        Any of ``"simplify"`` (coarser lines), ``"coalesce"`` (one feature for all of equal
        attributes), ``"cluster"`` (near points become one with a count and sums), ``"rank"``
        (drop what a layer's `rank` says matters least), ``"densest"`` (drop points, lines and
        areas where they crowd most), in the order in which to try them. Empty: nothing is
        reduced.
    reduce_last_zoom
        Whether strategies may also touch the last zoom.
    compression
        libdeflate level 1-12.
    threads
        Worker threads; 0 takes every core.
    memory
        Bytes the process may hold; an input that would need more is cut part by part, with a work
        directory on disk. 0: no bound.
    layers
        Layer name -> what differs for it.
    """

    minzoom: int = 0
    maxzoom: int = 14
    buffer: int = 80
    simplification: float = 1.0
    tile_bytes: int = 500_000
    strategies: tuple[str, ...] = ()
    reduce_last_zoom: bool = False
    compression: int = 5
    threads: int = 0
    memory: int = 0
    layers: Mapping[str, LayerOptions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.minzoom <= self.maxzoom <= MAX_ZOOM:
            raise TilingError(
                f"zooms {self.minzoom}-{self.maxzoom} are impossible: use 0 to {MAX_ZOOM}"
            )
        if not 0 <= self.buffer <= 2048:
            raise TilingError(f"buffer {self.buffer} is impossible: use 0 to 2048 units")
        if not 1 <= self.compression <= 12:
            raise TilingError(f"compression {self.compression} is impossible: use 1 to 12")
        for name in (
            *self.strategies,
            *(s for o in self.layers.values() for s in o.strategies or ()),
        ):
            if name not in STRATEGIES:
                raise TilingError(f"unknown strategy '{name}': use {', '.join(STRATEGIES)}")

    def layer(self, name: str) -> LayerOptions:
        """Return what holds for a layer, its own zooms cut to the tileset's."""
        return self.layers.get(name, LayerOptions())
