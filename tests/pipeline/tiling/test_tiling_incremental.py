"""After a change only the touched tiles are cut again, and nobody can tell from the bytes."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.errors import TilingError
from pipeline.tiling import TileOptions, tile, update


def city(seed=3, count=600):
    """Blocks that share borders, paths and places, each with a stable id."""
    rng = np.random.default_rng(seed)
    x, y = (v.ravel() for v in np.meshgrid(np.arange(20) / 40, np.arange(10) / 40))
    blocks = shapely.segmentize(shapely.box(130 + x, 33 + y, 130.025 + x, 33.025 + y), 0.004)
    places = shapely.points(130 + rng.random(count) / 2, 33 + rng.random(count) / 4)
    geometry = np.concatenate([blocks, places])
    columns = {"id": np.arange(len(geometry)) + 1, "kind": rng.integers(0, 5, len(geometry))}
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=4326)


def moved(data):
    """Move a place, rename a block, delete one, and bend a border two blocks share."""
    after = data.copy()
    after.loc[300, "geometry"] = shapely.Point(130.41, 33.21)
    after.loc[7, "kind"] = 9
    bend = lambda xy: xy + np.where(np.isclose(xy, [130.25, 33.1]).all(axis=1)[:, None], 0.006, 0)  # noqa: E731
    after["geometry"] = shapely.transform(after.geometry.to_numpy(), bend)
    return after.drop(index=[450]).reset_index(drop=True)


@pytest.mark.parametrize(
    "options",
    [
        TileOptions(minzoom=4, maxzoom=13),
        TileOptions(minzoom=6, maxzoom=12, tile_bytes=2500, strategies=("cluster", "densest")),
    ],
    ids=["plain", "budget"],
)
def test_an_update_equals_a_full_build(tmp_path, options):
    before = city()
    after = moved(before)
    tile(before, tmp_path / "before.pmtiles", options, name="city")
    tile(after, tmp_path / "full.pmtiles", options, name="city")
    done = update(
        before, after, tmp_path / "before.pmtiles", tmp_path / "now.pmtiles", options, name="city"
    )
    assert (tmp_path / "now.pmtiles").read_bytes() == (tmp_path / "full.pmtiles").read_bytes()
    assert 0 < sum(done.touched.values()) < done.tiles / 2


def test_an_update_without_a_change_touches_nothing(tmp_path):
    data, archive = city(), tmp_path / "a.pmtiles"
    tile(data, archive, TileOptions(maxzoom=9), name="city")
    old = archive.read_bytes()
    done = update(data, data, archive, archive, TileOptions(maxzoom=9), name="city")
    assert sum(done.touched.values()) == 0
    assert archive.read_bytes() == old


def test_other_layers_ask_for_a_full_build(tmp_path):
    data, archive = city(count=5), tmp_path / "a.pmtiles"
    tile({"a": data}, archive, TileOptions(maxzoom=3))
    with pytest.raises(TilingError, match="cut everything anew"):
        update({"a": data}, {"b": data}, archive, archive, TileOptions(maxzoom=3))
