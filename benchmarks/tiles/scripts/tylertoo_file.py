"""Run tylertoo on one GeoParquet file, thinning off; started in the peers' environment.

The last argument is ``squares`` when polygons too small to see shall become small squares, as
tippecanoe and we do it, instead of disappearing.
"""

import sys
from pathlib import Path

import tylertoo

source, target, layer, minzoom, maxzoom, small = sys.argv[1:]
overview = Path(target).with_suffix(".overview.parquet")
tylertoo.overview(
    source,
    str(overview),
    min_zoom=int(minzoom),
    max_zoom=int(maxzoom),
    point_thinning=0.0,
    line_thinning=0.0,
    polygon_thinning=0.0,
    line_visibility=0.0,
    polygon_visibility=0.0,
    density_drop=False,
    coalesce_lines=False,
    collapse_square=small == "squares",
)
tylertoo.export_pmtiles(
    str(overview), target, layer_name=layer, tile_size_limit=None, feature_id="id"
)
overview.unlink()
