"""A layer says which shapes it cannot hold, instead of calling the file damaged."""

import sqlite3
import struct

import geopandas as gpd
import pyogrio
import pytest
import shapely

TRIANGLE = struct.pack("<BIII8d", 1, 17, 1, 4, 0, 0, 1, 0, 0, 1, 0, 0)
TIN = struct.pack("<BII", 1, 16, 1) + TRIANGLE


@pytest.mark.parametrize(("raw", "name"), [(TRIANGLE, "TRIANGLE"), (TIN, "TIN")])
def test_inspect_names_the_kinds_that_cannot_be_shown(run_tonari, tmp_path, raw, name):
    path = tmp_path / "curves.gpkg"
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.Point(1, 1)] * 2, crs=4326)
    pyogrio.write_dataframe(frame, path, geometry_type="Unknown", spatial_index=False)
    with sqlite3.connect(path) as base:
        named = base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in named:
            base.execute(f'DROP TRIGGER "{trigger}"')
        (blob,) = base.execute("SELECT geom FROM curves").fetchone()
        base.execute("UPDATE curves SET geom = ? WHERE n = 2", (blob[:8] + raw,))
    base.close()
    done = run_tonari("inspect", path)
    assert done.returncode == 1
    assert f"{name} × 1" in done.stderr
    assert "geometry-curved" in done.stderr
