"""Stopping in the middle leaves nothing behind."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.tiling import TileOptions, tile


def test_stopping_in_the_middle_leaves_the_old_archive_and_no_trace(tmp_path):
    points = shapely.points(np.array([130, 33]) + np.random.default_rng(1).random((5000, 2)))
    data = gpd.GeoDataFrame(geometry=points, crs=4326)
    out = tmp_path / "a.pmtiles"
    tile(data.head(1), out, TileOptions(maxzoom=2))
    old = out.read_bytes()

    def stop(step, done, total):
        if step == "cut" and done == 3 * 5000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tile(data, out, TileOptions(maxzoom=10), progress=stop)
    assert out.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["a.pmtiles"]
