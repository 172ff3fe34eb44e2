"""The search index of a layer: what can be found, in the fewest bytes."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
from shapely import Point, Polygon

from pipeline.write.search import search_columns, write_search


@pytest.fixture
def frame():
    rows = [
        (1, "髙﨑 会館", "タカサキ", "霧ヶ丘二丁目"),
        (2, "公園", None, ""),
        (3, None, "ナナシ", "どこか"),
        (4, "場所なし", None, None),
    ]
    bent = Polygon([(0, 0), (3, 0), (3, 3), (2.9, 0.1), (0, 0.1)])  # its centroid lies outside
    places = [Point(130.123456, 33.9), bent, Point(1, 1), None]
    columns = ["id", "name", "name_kana", "address"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry=places, crs=6668)


FIELDS = ("name", "name_kana", "address")


def test_names_are_kept_as_published_beside_their_keys(frame):
    found = search_columns(frame, FIELDS)
    assert found["names"].split("\n") == ["髙﨑 会館", "公園"]
    assert found["keys"].split("\n") == ["高崎会館", ""]  # equal to its name
    assert found["also"].split("\n") == ["たかさき 霧か丘2丁目", ""]


def test_what_has_no_name_or_no_place_cannot_be_gone_to(frame):
    assert search_columns(frame, FIELDS)["ids"] == [1, 2]


def test_an_area_is_shown_at_a_point_inside_it(frame):
    found = search_columns(frame, FIELDS)
    assert frame.geometry.iloc[1].contains(Point(found["x"][1], found["y"][1]))
    assert found["x"][0] == 130.12346


def test_a_name_on_two_lines_stays_one_entry(frame):
    frame.loc[1, "name"] = "中央\n公園"
    assert search_columns(frame, FIELDS)["names"].split("\n")[1] == "中央 公園"


def test_nothing_to_find_is_no_file(frame, tmp_path):
    write_search(frame.iloc[2:], tmp_path / "a.search", FIELDS)
    write_search(frame, tmp_path / "b.search", FIELDS)
    assert [path.name for path in tmp_path.iterdir()] == ["b.search"]
    assert json.loads((tmp_path / "b.search").read_bytes())["ids"] == [1, 2]
