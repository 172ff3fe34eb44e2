"""The feature index answers what looking at every feature would: by place, value and id."""

from __future__ import annotations

import datetime as dt
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from pipeline.features.layout import IndexFileError, OtherFormatError, write_sections
from pipeline.features.reading import FeatureIndex
from pipeline.features.values import Kind, ValueTypeError, query_key
from pipeline.features.writing import BLOCK_BYTES, write_feature_index
from pipeline.write import write_geojson

# Few values and coarse places, so that edges meet and values are shared.
PLACES = st.sampled_from([130.0, 130.1, 130.1000001, 130.5, 130.9999999, 131.0])
SHAPES = st.one_of(
    st.none(),
    st.builds(Point, PLACES, PLACES.map(lambda x: x - 97)),
    st.builds(lambda x, y, d: LineString([(x, y - 97), (x + d, y - 97 + d)]), PLACES, PLACES,
              st.sampled_from([0.1, 0.3])),
    st.builds(lambda x, y, d: box(x, y - 97, x + d, y - 97 + d), PLACES, PLACES,
              st.sampled_from([0.00001, 0.25])),
    st.just(Polygon()),
)  # fmt: skip
ROWS = st.tuples(
    SHAPES,
    st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, 2.0, 21650.0, 1e300, 0.1, 100000.0])),
    st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([2**53 - 1, -(2**53)])),
    st.one_of(st.none(), st.booleans()),
    st.one_of(st.none(), st.sampled_from(["", "a", "ab", "駅", "駅前", "𠮷野", " a", "1", "１"])),
    st.one_of(st.none(), st.sampled_from(["2026-11-23", "2026-11", "2026", "1999-01-01"])),
)
TYPES = {"area": "number", "count": "integer", "open": "boolean", "name": "string", "day": "date"}


def frame_of(rows: list[tuple]) -> gpd.GeoDataFrame:
    shapes, *columns = zip(*rows, strict=True) if rows else [()] * 6
    dtypes = ("Float64", "Int64", "boolean", "object", "object")
    data = {"id": np.arange(len(rows))[::-1] * 7 + 3}
    for name, values, dtype in zip(TYPES, columns, dtypes, strict=True):
        data[name] = pd.array(list(values), dtype=dtype)
    return gpd.GeoDataFrame(pd.DataFrame(data), geometry=list(shapes), crs=6668)


def index_of(frame: gpd.GeoDataFrame, folder, types=TYPES) -> FeatureIndex:
    write_feature_index(frame, folder / "layer.features", types)
    return FeatureIndex(folder / "layer.features")


def scan(frame: gpd.GeoDataFrame, west, south, east, north) -> list[int]:
    """Look at every feature as it is published."""
    found = []
    for row, shape in enumerate(shapely.set_precision(frame.geometry.to_numpy(), 1e-7)):
        if shape is None or shape.is_empty:
            continue
        xmin, ymin, xmax, ymax = shape.bounds
        beside = xmin <= east and xmax >= west
        if west > east:
            beside = xmin <= east or xmax >= west
        if beside and ymin <= north and ymax >= south:
            found.append(row)
    return found


@given(rows=st.lists(ROWS, max_size=60), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_box_finds_what_looking_at_every_feature_finds(rows, data, tmp_path_factory):
    frame = frame_of(rows)
    index = index_of(frame, tmp_path_factory.mktemp("index"))
    for _ in range(5):
        sides = [data.draw(PLACES) for _ in range(4)]
        south, north = sorted([sides[1] - 97, sides[3] - 97])
        asked = (sides[0], south, sides[2], north)  # west may lie beyond east
        assert index.within(asked).tolist() == scan(frame, *asked)


@given(rows=st.lists(ROWS, max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_value_finds_the_rows_that_have_it(rows, tmp_path_factory):
    frame = frame_of(rows)
    index = index_of(frame, tmp_path_factory.mktemp("index"))
    for name, kind in TYPES.items():
        assert index.kinds[name] == kind
        values = [None if pd.isna(value) else value for value in frame[name]]
        for value in {value for value in values if value is not None}:
            asked = query_key(Kind(kind), str(value))
            assert index.equal(name, asked).tolist() == [
                row for row, other in enumerate(values) if other is not None and other == value
            ]
    assert index.equal("name", "no such name").size == 0
    assert index.equal("area", 3.25).size == index.equal("count", None).size == 0


@given(rows=st.lists(ROWS, min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_the_text_of_a_feature_is_its_line_of_the_geojson(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    frame = frame_of(rows)
    index = index_of(frame, folder)
    write_geojson(frame, folder / "layer.geojson")
    lines = [line.rstrip(b",") for line in (folder / "layer.geojson").read_bytes().split(b"\n")]
    assert index.texts(range(index.rows)) == lines[1:-2]
    for row, identity in enumerate(frame["id"]):
        assert index.row_of(int(identity)) == row
        assert json.loads(index.texts([row])[0])["id"] == identity
    assert index.row_of(4) is index.row_of(-1) is index.row_of(10**15) is None


def city(count: int) -> gpd.GeoDataFrame:
    chance = np.random.default_rng(401005)
    xy = np.round(chance.uniform((130.6, 33.7), (131.0, 34.0), (count, 2)), 7)
    sizes = chance.uniform(0, 0.002, count)
    names = [f"{number % 97} 番" * (1 + number % 30) for number in range(count)]
    shapes = shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + sizes, xy[:, 1] + sizes)
    return gpd.GeoDataFrame({"id": np.arange(count), "name": names}, geometry=shapes, crs=6668)


def test_a_tree_of_several_levels_finds_what_a_scan_finds(tmp_path):
    frame = city(5_000)
    index = index_of(frame, tmp_path)
    boxes = frame.bounds.round(7).to_numpy()
    chance = np.random.default_rng(1)
    for width in (0, 0.001, 0.01, 0.1, 1):
        for west, south in chance.uniform((130.55, 33.65), (131.05, 34.05), (20, 2)):
            east, north = west + width, south + width
            met = (boxes[:, 2] >= west) & (boxes[:, 0] <= east)
            met &= (boxes[:, 3] >= south) & (boxes[:, 1] <= north)
            assert index.within((west, south, east, north)).tolist() == np.flatnonzero(met).tolist()
    for west, south, east, north in boxes[:50]:  # corners of boxes lie on the edges of others
        assert len(index.within((east, north, east, north))) >= 1
        assert len(index.within((west, south, west, south))) >= 1


def test_texts_longer_than_a_block_and_rows_in_any_place_are_whole(tmp_path):
    frame = city(2_000)
    frame.loc[7, "name"] = "長" * BLOCK_BYTES
    index = index_of(frame, tmp_path)
    rows = np.random.default_rng(2).permutation(2_000)
    for row, text in zip(rows, index.texts(rows), strict=True):
        assert json.loads(text)["properties"]["name"] == frame["name"][row]


def test_equal_layers_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        index_of(city(3_000), tmp_path / name)
    first, second = (tmp_path / name / "layer.features" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_the_index_knows_no_more_than_the_layer(tmp_path):
    published = city(500)
    index = index_of(published, tmp_path)
    assert list(index.kinds) == ["name"]
    for text in index.texts(range(500)):
        feature = json.loads(text)
        assert set(feature) == {"type", "id", "properties", "geometry"}
        assert set(feature["properties"]) == {"name"}


@pytest.mark.parametrize("length", [0, 5, 16, 200, -70])
def test_a_file_cut_short_is_refused(tmp_path, length):
    index_of(city(200), tmp_path)
    path = tmp_path / "layer.features"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(IndexFileError):
        FeatureIndex(path)


def test_another_file_and_another_format_are_refused_by_name(tmp_path):
    (tmp_path / "x").write_bytes(b"PMTiles" * 30)
    with pytest.raises(IndexFileError, match="no feature index"):
        FeatureIndex(tmp_path / "x")
    write_sections(tmp_path / "y", {"format": 99}, {})
    with pytest.raises(OtherFormatError, match="99"):
        FeatureIndex(tmp_path / "y")


@pytest.mark.parametrize(
    ("kind", "texts", "key"),
    [
        ("number", ["21650", "21650.0", "2.165e4", " 21650.", "+21650"], 21650.0),
        ("number", [".5", "0.5", "5e-1"], 0.5),
        ("integer", ["100", "100.0", "1e2", "0100"], 100),
        ("integer", ["9007199254740993", "9007199254740993.0"], 2**53 + 1),
        ("integer", ["1e999999", "99999999999999999999", "9223372036854775808"], None),
        ("number", ["1e999", "-1e999"], None),
        ("boolean", ["true", "True", "1", " TRUE"], 1),
        ("boolean", ["false", "0"], 0),
        ("date", ["2026-11-23"], "2026-11-23"),
        ("string", [" 21650.0 "], " 21650.0 "),
        ("datetime", ["2026-11-23T00:00:00Z", "2026-11-23T09:00:00+09:00",
                      "2026-11-23T09:00:00 09:00", "2026-11-23T09:00:00"],
         1795392000000000),
    ],
)  # fmt: skip
def test_one_value_in_many_notations_is_one_key(kind, texts, key):
    assert {query_key(Kind(kind), text) for text in texts} == {key}


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("number", ["", "x", "1,000", "0x10", "nan", "inf", "1_000", "２", "1" * 100]),
        ("integer", ["", "1.5", "true", "1e-1", "--1"]),
        ("boolean", ["", "yes", "2", "○"]),
        ("date", ["", "2026-13-01", "2026-02-30", "23.11.2026", "20261123", "2026-1-1"]),
        ("datetime", ["", "now", "2026-11-23T25:00:00Z", "9999-12-31T23:59:59-23:59x"]),
    ],
)
def test_a_value_that_is_no_such_type_is_refused(kind, texts):
    for text in texts:
        with pytest.raises(ValueTypeError):
            query_key(Kind(kind), text)


def test_moments_are_compared_as_moments(tmp_path):
    texts = ["2026-11-23T09:00:00+09:00", "2026-11-23T00:00:00Z", "2026-11-23T00:00:01Z", None]
    frame = gpd.GeoDataFrame({"id": range(4), "at": texts}, geometry=[None] * 4, crs=6668)
    index = index_of(frame, tmp_path, {"at": "datetime"})
    moment = dt.datetime(2026, 11, 23, tzinfo=dt.UTC).isoformat()
    assert index.equal("at", query_key(Kind.DATETIME, moment)).tolist() == [0, 1]


def test_a_field_of_dates_with_other_text_in_it_is_compared_as_text(tmp_path):
    frame = gpd.GeoDataFrame(
        {"id": [1, 2], "day": ["2026-11-23", "不明"]}, geometry=[None] * 2, crs=6668
    )
    index = index_of(frame, tmp_path, {"day": "date"})
    assert index.kinds["day"] is Kind.STRING
    assert index.equal("day", "不明").tolist() == [1]
