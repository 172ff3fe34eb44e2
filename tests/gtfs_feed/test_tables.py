"""What the tables of a feed promise."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.feed.columns import clock, parse, render, seconds
from gtfs.feed.schema import Kind, tables
from gtfs.feed.tables import Feed


def test_times_pass_midnight(ferry):
    assert ferry["stop_times"].arrival_time.tolist()[-2:] == [87000, 87180]


def test_columns_stand_in_the_order_of_the_specification():
    feed = Feed({"stops": pd.DataFrame({"note": ["x"], "stop_lat": ["33.9"], "stop_id": ["a"]})})
    assert list(feed["stops"].columns) == ["stop_id", "stop_lat", "note"]
    assert feed["stops"].stop_lat.tolist() == [33.9]


def test_absent_text_is_empty_and_absent_numbers_are_na():
    feed = Feed({"stops": pd.DataFrame({"stop_name": [None, "若松"], "location_type": [None, 1]})})
    assert feed["stops"].stop_name.tolist() == ["", "若松"]
    assert feed["stops"].location_type.isna().tolist() == [True, False]


def test_a_value_that_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"stop_times\.arrival_time cannot hold '6時'"):
        Feed({"stop_times": pd.DataFrame({"arrival_time": ["06:00:00", "6時"]})})


def test_a_table_the_feed_lacks_is_empty_with_typed_columns(ferry):
    shapes = ferry.table("shapes", "shape_id", "shape_pt_lat")
    assert shapes.empty
    assert str(shapes.shape_pt_lat.dtype) == "float64"


def test_japanese_flex_and_fares_v2_files_are_known():
    assert {"agency_jp", "pattern_jp", "booking_rules", "fare_products"} <= set(tables())
    assert "jp_parent_route_id" in tables()["routes"].fields


@given(st.integers(min_value=0, max_value=200 * 3600))
def test_clock_and_seconds_are_inverse(value):
    assert seconds(clock(value)) == value


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64)))
def test_numbers_read_back_exactly(values):
    words = render(pd.Series(values, dtype="float64"), Kind.FLOAT).to_pylist()
    assert not any("e" in word or "E" in word for word in words)
    assert [float(word) for word in words] == values


@given(st.lists(st.one_of(st.none(), st.integers(-(10**12), 10**12))))
def test_integers_read_back_exactly(values):
    column = pd.Series(pd.array(values, dtype="Int64"))
    words = pd.Series(render(column, Kind.INTEGER).to_pylist(), dtype="str")
    typed, unreadable = parse(words, Kind.INTEGER)
    assert not unreadable.any()
    assert typed.tolist() == column.tolist()
