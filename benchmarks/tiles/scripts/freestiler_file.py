"""Run freestiler on one GeoParquet file; started by the benchmark in the peers' environment."""

import sys

import freestiler

source, target, layer, minzoom, maxzoom = sys.argv[1:]
freestiler.freestile_file(
    source,
    target,
    layer_name=layer,
    min_zoom=int(minzoom),
    max_zoom=int(maxzoom),
    drop_rate=None,
    cluster_distance=None,
    coalesce=False,
    quiet=True,
)
