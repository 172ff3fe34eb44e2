"""The files of a layer, read back by programs that did not write them."""

import csv
import hashlib
import json
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from pipeline.write import write_csv, write_geojson, write_geoparquet

CLOCKWISE = Polygon(
    [(130, 33), (130, 34), (131, 34), (131, 33)],
    [[(130.2, 33.2), (130.4, 33.2), (130.4, 33.4), (130.2, 33.4)]],
)
"""Both rings against RFC 7946's right-hand rule."""


def layer(shapes, **columns):
    count = len(shapes)
    table = {
        "id": np.arange(2**53 - count, 2**53, dtype=np.int64),
        "municipality_code": ["012025"] * count,
        **columns,
    }
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:6668")


@pytest.fixture
def everything():
    """One feature of every kind with every type, some missing."""
    shapes = [Point(130.123456789, 33.9), LineString([(130, 33), (131, 34)]), CLOCKWISE]
    return layer(
        [*shapes, MultiPolygon([CLOCKWISE]), None],
        name=pd.Series(["①㈱髙﨑", '"引用", と\n改行', "=1+1", None, ""], dtype=object),
        capacity=pd.array([1200, None, 0, -5, 2**53 - 1], dtype="Int64"),
        area=pd.array([0.1, None, 1e300, 2.0, -0.0], dtype="Float64"),
        flood=pd.array([True, False, None, True, False], dtype="boolean"),
    )


def features(path):
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def test_geojson_has_no_crs_member_and_says_it_is_a_collection(tmp_path, everything):
    write_geojson(everything, tmp_path / "a.geojson")
    document = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert set(document) == {"type", "features"}
    assert document["type"] == "FeatureCollection"


def test_geojson_rings_follow_the_right_hand_rule(tmp_path, everything):
    write_geojson(everything, tmp_path / "a.geojson")
    outer, inner = features(tmp_path / "a.geojson")[2]["geometry"]["coordinates"]
    assert shapely.is_ccw(shapely.linearrings(outer))
    assert not shapely.is_ccw(shapely.linearrings(inner))
    assert outer[0] == outer[-1]


def test_geojson_positions_have_seven_decimals(tmp_path, everything):
    write_geojson(everything, tmp_path / "a.geojson")
    first = features(tmp_path / "a.geojson")[0]["geometry"]["coordinates"]
    assert first == [130.1234568, 33.9]


def test_geojson_carries_ids_types_and_nulls(tmp_path, everything):
    write_geojson(everything, tmp_path / "a.geojson")
    records = features(tmp_path / "a.geojson")
    assert [r["id"] for r in records] == everything["id"].tolist()
    assert records[0]["properties"] == {
        "municipality_code": "012025",
        "name": "①㈱髙﨑",
        "capacity": 1200,
        "area": 0.1,
        "flood": True,
    }
    assert records[1]["properties"]["capacity"] is None
    assert records[1]["properties"]["name"] == '"引用", と\n改行'
    assert records[4]["geometry"] is None


def test_geojson_is_read_alike_by_gdal(tmp_path, everything):
    write_geojson(everything, tmp_path / "a.geojson")
    back = gpd.read_file(tmp_path / "a.geojson")
    assert len(back) == len(everything)
    assert back.geometry.iloc[2].equals(CLOCKWISE)


def test_csv_opens_in_a_japanese_spreadsheet(tmp_path, everything):
    write_csv(everything, tmp_path / "a.csv")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid,municipality_code,name")
    assert raw.count(b"\r\n") == len(everything) + 1
    assert raw.endswith(b"\r\n")


def test_csv_keeps_codes_and_every_value(tmp_path, everything):
    write_csv(everything, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["id"] for r in rows] == [str(i) for i in everything["id"]]
    assert rows[0] == {
        "id": str(2**53 - 5),
        "municipality_code": "012025",
        "name": "①㈱髙﨑",
        "capacity": "1200",
        "area": "0.1",
        "flood": "1",
        "longitude": "130.1234568",
        "latitude": "33.9",
    }
    assert rows[1]["name"] == '"引用", と\n改行'
    assert (rows[1]["capacity"], rows[2]["flood"], rows[1]["flood"]) == ("", "", "0")
    assert rows[4]["longitude"] == ""


def test_csv_position_of_an_area_lies_on_the_area(tmp_path):
    ring = Point(130.5, 33.5).buffer(0.4) - Point(130.5, 33.5).buffer(0.3)
    write_csv(layer([ring]), tmp_path / "a.csv")
    row = pd.read_csv(tmp_path / "a.csv").iloc[0]
    assert ring.covers(Point(row["longitude"], row["latitude"]))


def test_csv_of_an_empty_shape_has_an_empty_position(tmp_path):
    write_csv(layer([Polygon(), Point(130, 33)]), tmp_path / "a.csv")
    assert pd.read_csv(tmp_path / "a.csv")["longitude"].isna().tolist() == [True, False]


def test_geoparquet_is_read_alike_without_geopandas(tmp_path, everything):
    write_geoparquet(everything, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table["id"].to_pylist() == everything["id"].tolist()
    assert table["capacity"].to_pylist() == [1200, None, 0, -5, 2**53 - 1]
    assert table["flood"].to_pylist() == [True, False, None, True, False]
    assert table["name"].to_pylist()[3] is None
    shapes = shapely.from_wkb(np.array(table["geometry"].to_pylist(), dtype=object))
    assert shapely.equals(shapes[:4], everything.geometry.to_numpy()[:4]).all()
    assert shapes[4] is None


def test_geoparquet_names_its_crs_and_bounding_boxes(tmp_path, everything):
    write_geoparquet(everything, tmp_path / "a.parquet")
    meta = json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"geo"])
    column = meta["columns"]["geometry"]
    assert meta["version"] == "1.1.0"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 6668}
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]


def test_a_layer_whose_features_all_lack_a_place_is_still_a_table(tmp_path):
    frame = layer([None, None], name=["a", "b"])
    write_geojson(frame, tmp_path / "a.geojson")
    write_csv(frame, tmp_path / "a.csv")
    write_geoparquet(frame, tmp_path / "a.parquet")
    assert [f["geometry"] for f in features(tmp_path / "a.geojson")] == [None, None]
    assert len(pd.read_csv(tmp_path / "a.csv")) == 2
    assert len(gpd.read_parquet(tmp_path / "a.parquet")) == 2


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6)
RECORD = st.tuples(TEXT, st.floats(130, 131), st.floats(33, 34))


@settings(max_examples=40)
@given(st.lists(RECORD, min_size=1, max_size=6))
def test_equal_layers_give_equal_bytes(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("twice")
    sums = []
    for _ in range(2):
        frame = layer([Point(x, y) for _, x, y in records], name=[n for n, _, _ in records])
        for write in (write_geojson, write_csv, write_geoparquet):
            write(frame, folder / "file")
            sums.append(hashlib.sha256((folder / "file").read_bytes()).hexdigest())
    assert sums[:3] == sums[3:]


@settings(max_examples=40)
@given(st.lists(RECORD, min_size=1, max_size=6))
def test_geojson_and_csv_say_the_same(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("same")
    frame = layer([Point(x, y) for _, x, y in records], name=[n for n, _, _ in records])
    write_geojson(frame, folder / "a.geojson")
    write_csv(frame, folder / "a.csv")
    with (folder / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for feature, row in zip(features(folder / "a.geojson"), rows, strict=True):
        assert str(feature["id"]) == row["id"]
        assert feature["properties"]["name"] == row["name"]
        position = [float(row["longitude"]), float(row["latitude"])]
        assert feature["geometry"]["coordinates"] == position


PROGRAM = """
import sys, pathlib, geopandas as gpd
from shapely.geometry import Point
from pipeline.write import *
frame = gpd.GeoDataFrame({"id": [1, 2], "name": ["一枝", None]},
                         geometry=[Point(130.1, 33.3).buffer(.1), None], crs="EPSG:6668")
folder = pathlib.Path(sys.argv[1])
write_geojson(frame, folder / "a.geojson")
write_csv(frame, folder / "a.csv")
write_geoparquet(frame, folder / "a.parquet")
"""


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(tmp_path, root):
    contents = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "PATH": ""}
        command = [sys.executable, "-c", PROGRAM, str(folder)]
        subprocess.run(command, check=True, env=environment)
        contents.append([p.read_bytes() for p in sorted(folder.iterdir())])
    assert len(contents[0]) == 3
    assert contents[0] == contents[1]
