"""Run GDAL's PMTiles driver on one GeoParquet file; started in the peers' environment."""

import sys

import geopandas
import pyogrio

source, target, layer, minzoom, maxzoom = sys.argv[1:]
pyogrio.write_dataframe(
    geopandas.read_parquet(source),
    target,
    layer=layer,
    driver="PMTiles",
    MINZOOM=int(minzoom),
    MAXZOOM=int(maxzoom),
    MAX_SIZE=1_000_000_000,
    MAX_FEATURES=1_000_000_000,
)
