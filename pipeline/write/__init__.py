"""The files of one layer: GeoParquet is canonical, everything else is made from it."""

from pipeline.write.geojson import write_geojson
from pipeline.write.geoparquet import write_geoparquet
from pipeline.write.table import write_csv

__all__ = ["write_csv", "write_geojson", "write_geoparquet"]
