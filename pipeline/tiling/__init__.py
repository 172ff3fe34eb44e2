"""Cutting vector tiles: layers in, one tileset archive out.

>>> from pipeline.tiling import TileOptions, tile
>>> report = tile("parks.parquet", "parks.pmtiles", TileOptions(maxzoom=16))
>>> report.zooms[-1].features
1284

The engine is imported when it is first asked for: whoever only reads archives
(``pipeline.tiling.archive``, the tile server) does without compiler and geometry libraries.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.tiling.entry import tile
    from pipeline.tiling.incremental import Update, update
    from pipeline.tiling.options import Filter, LayerOptions, TileOptions
    from pipeline.tiling.report import TileReport, ZoomStatistics

_HOME = {
    "tile": "entry",
    "update": "incremental",
    "Update": "incremental",
    "Filter": "options",
    "LayerOptions": "options",
    "TileOptions": "options",
    "TileReport": "report",
    "ZoomStatistics": "report",
}

__all__ = [
    "Filter",
    "LayerOptions",
    "TileOptions",
    "TileReport",
    "Update",
    "ZoomStatistics",
    "tile",
    "update",
]


def __getattr__(name: str) -> object:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
