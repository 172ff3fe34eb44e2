"""Cutting vector tiles: layers in, one tileset archive out.

>>> from pipeline.tiling import TileOptions, tile
>>> report = tile("parks.parquet", "parks.pmtiles", TileOptions(maxzoom=16))
>>> report.zooms[-1].features
1284
"""

from pipeline.tiling.engine import tile
from pipeline.tiling.options import Filter, LayerOptions, TileOptions
from pipeline.tiling.report import TileReport, ZoomStatistics

__all__ = ["Filter", "LayerOptions", "TileOptions", "TileReport", "ZoomStatistics", "tile"]
