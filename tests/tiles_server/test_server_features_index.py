"""A release with a feature index and one without answer alike; a damaged index is refused."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from release_maker import make_release
from shapely.geometry import Point, box

from pipeline.features.layout import write_sections
from pipeline.features.reading import FeatureIndex
from pipeline.features.values import query_key
from pipeline.features.writing import write_feature_index
from pipeline.write import write_geoparquet
from tiles_server.errors import BrokenReleaseError
from tiles_server.features import Query, features_of, find
from tiles_server.parquet import ParquetScan
from tiles_server.releases import Release
from tiles_server.textsearch import folded, pattern_of

RELEASE = "20261123T160000Z-00000001"
TYPES = {"area": "number", "count": "integer", "open": "boolean", "name": "string", "day": "date"}
ASKED = {
    "area": ["21650.0", "2.165e4", "0", "-0", "0.1", "7"],
    "count": ["1", "1.0", "2e0", "1e999999"],
    "open": ["true", "0"],
    "name": ["", "駅", "駅前", "1", "1.0"],
    "day": ["2026-11-23", "2026-11"],
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Give the same layer twice: by its index and by its file."""
    folder = tmp_path_factory.mktemp("sources")
    chance = np.random.default_rng(352012)
    count = 400
    shapes = [
        None if n % 17 == 0 else Point(x, y) if n % 2 else box(x, y, x + 0.01, y + 0.004)
        for n, (x, y) in enumerate(chance.uniform((130.5, 33.5), (131, 34), (count, 2)))
    ]
    shapes[20:24] = [Point(x, 33.9) for x in (179.9999, -179.9999, 180.0, -180.0)]

    def some(values, dtype):
        return pd.array(chance.choice(np.array([*values, None], dtype=object), count), dtype=dtype)

    columns = {
        "id": np.arange(count) * 3 + 1,
        "area": some([21650.0, 0.0, -0.0, 0.1], "Float64"),
        "count": some([1, 2, 2**53 - 1], "Int64"),
        "open": some([True, False], "boolean"),
        "name": some(["", "駅", "駅前", "1"], "object"),
        "day": some(["2026-11-23", "2026-11"], "object"),
    }
    frame = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=6668)
    write_geoparquet(frame, folder / "layer.parquet")
    write_feature_index(frame, folder / "layer.features", TYPES)
    return FeatureIndex(folder / "layer.features"), ParquetScan(folder / "layer.parquet", TYPES)


SIDE = st.sampled_from([-180.0, 130.4, 130.6, 130.75, 131.1, 179.9999, 180.0])
BOX = st.tuples(SIDE, st.sampled_from([33.4, 33.7]), SIDE, st.sampled_from([33.7, 33.9, 34.1]))


@given(
    bbox=st.none() | BOX,
    values=st.dictionaries(st.sampled_from(list(ASKED)), st.integers(0, 5), max_size=3),
    limit=st.sampled_from([1, 7, 1000]),
    offset=st.sampled_from([0, 3, 399, 5000]),
    words=st.sampled_from([(), ("駅",), ("駅前", "11-23"), ("1",), ("x",)]),
    order=st.lists(st.tuples(st.sampled_from(list(ASKED)), st.booleans()), max_size=3),
)
@settings(max_examples=120, deadline=None)
def test_index_and_file_give_the_same_answer(sources, bbox, values, limit, offset, words, order):
    index, file = sources
    assert index.kinds == file.kinds
    equal = {
        name: query_key(index.kinds[name], ASKED[name][which % len(ASKED[name])])
        for name, which in values.items()
    }
    query = Query(bbox, equal, limit, offset, words, ("name", "day", "area"), tuple(order))
    ours, scanned = find(index, query), find(file, query)
    assert ours.matched == scanned.matched
    assert [json.loads(text) for text in ours.features] == [
        json.loads(text) for text in scanned.features
    ]


@pytest.mark.parametrize("downwards", [False, True])
@pytest.mark.parametrize("name", list(ASKED))
def test_sorted_features_rise_or_fall_and_those_without_a_value_come_last(sources, name, downwards):
    for source in sources:
        found = find(source, Query(limit=1000, order=((name, downwards),)))
        values = [json.loads(text)["properties"][name] for text in found.features]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=downwards)
        assert values[len(known) :] == [None] * (len(values) - len(known))
        ids = [json.loads(text)["id"] for text in found.features]
        ties = zip(ids, ids[1:], values, values[1:], strict=False)
        assert all(one < next_ for one, next_, a, b in ties if a == b)


@given(st.lists(st.text("ガｶﾞが駅驛えＡa あ亜・", max_size=5), min_size=1, max_size=9), st.data())
@settings(max_examples=60, deadline=None)
def test_a_word_is_found_in_whatever_way_it_is_written(values, data):
    """The pattern finds in the stored text what folding both would find, value by value."""
    word = folded(data.draw(st.text("がガｶ駅えａ亜", min_size=1, max_size=3)))
    pattern = pattern_of(word, frozenset("".join(values)))
    told = [bool(pattern.search(value.encode())) for value in values]
    assert told == [word in folded(value) for value in values]


def test_a_release_is_answered_from_its_index_and_an_older_one_from_its_file(tmp_path):
    release = Release.open(make_release(tmp_path, RELEASE))
    assert isinstance(features_of(release, "evacuation_sites"), FeatureIndex)
    assert isinstance(features_of(release, "ferry_line"), ParquetScan)


def replace_index(release, content=None):
    """Put another file in place of an index, of the size the manifest knows."""
    path = release / "layers/flood/flood.features"
    size = path.stat().st_size
    if content is None:
        write_sections(path, {"format": 99}, {})
        content = path.read_bytes()
    path.write_bytes(content.ljust(size, b"\0")[:size])


def test_a_damaged_index_makes_its_release_unusable(tmp_path):
    folder = make_release(tmp_path, RELEASE)
    replace_index(folder, b"nothing of the kind")
    with pytest.raises(BrokenReleaseError, match=r"flood\.features: this is no feature index"):
        Release.open(folder)


def test_an_index_of_a_newer_pipeline_leaves_the_file_to_answer(tmp_path, caplog):
    folder = make_release(tmp_path, RELEASE)
    replace_index(folder)
    release = Release.open(folder)
    source = features_of(release, "flood")
    assert isinstance(source, ParquetScan)
    assert find(source, Query()).matched == 3
    assert "format 99" in caplog.text
