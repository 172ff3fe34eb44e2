"""Shapes: the line of a route cut for each pattern, distances, stops that are off the line."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.build.shapes import WGS84, cut

# A street of 0.01° steps eastward, about 925 m each at this latitude.
STREET = np.column_stack([130.80 + 0.01 * np.arange(6), np.full(6, 33.9)])


def metres(points):
    return WGS84.line_length(points[:, 0], points[:, 1])


def test_a_pattern_gets_the_part_between_its_first_and_last_stop():
    stops = np.array([[130.815, 33.9001], [130.835, 33.8999]])
    shape = cut("s", stops, STREET)
    assert shape.points[0] == pytest.approx([130.815, 33.9], abs=1e-6)
    assert shape.points[-1] == pytest.approx([130.835, 33.9], abs=1e-6)
    assert len(shape.points) == 4
    assert shape.stop_distances[-1] == pytest.approx(shape.distances[-1])


def test_the_way_back_follows_the_line_backwards():
    stops = np.array([[130.835, 33.9], [130.815, 33.9]])
    shape = cut("s", stops, STREET)
    assert shape.points[0][0] > shape.points[-1][0]
    assert shape.stop_distances[0] == 0


def test_a_loop_passes_the_same_stop_at_two_distances():
    square = np.array(
        [[130.80, 33.90], [130.81, 33.90], [130.81, 33.91], [130.80, 33.91], [130.80, 33.90]]
    )
    stops = np.array([[130.80, 33.90], [130.81, 33.905], [130.805, 33.91], [130.80, 33.90]])
    shape = cut("s", stops, square)
    assert list(np.diff(shape.stop_distances) > 0) == [True] * 3
    assert shape.stop_distances[-1] == pytest.approx(metres(square), rel=1e-3)


def test_a_line_that_comes_back_on_itself_is_followed_the_way_the_trip_goes():
    out_and_back = np.vstack([STREET, np.add(STREET[::-1], (0, 0.0001))])
    stops = np.array([[130.80, 33.9], [130.85, 33.9], [130.82, 33.9001]])
    shape = cut("s", stops, out_and_back)
    assert shape.stop_distances[2] > shape.stop_distances[1] > shape.stop_distances[0]


def test_without_a_line_stops_are_joined_straight():
    stops = np.array([[130.80, 33.9], [130.81, 33.9], [130.82, 33.91]])
    shape = cut("s", stops, None)
    assert shape.points == pytest.approx(stops)
    assert shape.stop_distances[-1] == pytest.approx(metres(stops), abs=0.1)


@given(st.lists(st.floats(0, 5), min_size=2, max_size=12))
def test_distances_never_go_back_and_stay_on_the_line(places):
    stops = np.column_stack([130.80 + 0.01 * np.array(places), np.full(len(places), 33.9003)])
    shape = cut("s", stops, STREET)
    assert (np.diff(shape.stop_distances) >= 0).all()
    assert shape.stop_distances[0] == 0
    assert shape.stop_distances[-1] <= shape.distances[-1] + 0.1
    assert (np.diff(shape.distances) >= 0).all()


LINE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"路線": "試験線"},
            "geometry": {
                "type": "LineString",
                "coordinates": [[130.869, 33.879], [130.872, 33.882], [130.876, 33.886]],
            },
        }
    ],
}
TABLE = {"sheet": "表", "times": "B2", "stops": "A", "trip_names": "1", "day_type": "daily"}
TIMES = [["", "1便"], ["市役所前", "9:00"], ["中央公民館", "9:05"], ["駅前", "9:20"]]


@pytest.fixture
def with_line(write_book, bus, build, tmp_path):
    def run(line=LINE, stops=None, **source):
        (tmp_path / "line.geojson").write_text(json.dumps(line), encoding="utf-8")
        routes = {"line": {"title": {"ja": "試験線"}, "line": {"file": "line.geojson"} | source}}
        more = {} if stops is None else {"stops": stops}
        return build(bus(write_book({"表": TIMES}), [TABLE], routes=routes, **more))

    return run


def test_stop_times_carry_the_distance_along_the_shape(with_line):
    built = with_line()
    distances = list(built.tables["stop_times"]["shape_dist_traveled"])
    assert distances == sorted(distances)
    assert distances[-1] == built.tables["shapes"]["shape_dist_traveled"].max()


STOPS = """名称,よみ,緯度,経度,乗り場,親,番号
市役所前,しやくしょまえ,33.88,130.87,,,A
中央公民館,ちゅうおうこうみんかん,{lat},130.872,,,B
駅前,えきまえ,33.886,130.876,,,D
"""


def test_a_stop_three_kilometres_off_its_line_blocks_the_feed(with_line):
    built = with_line(stops=STOPS.format(lat=33.909))
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.feature) == ("stop-far-off-route", "中央公民館")
    assert built.blocked


def test_a_stop_200_metres_off_its_line_is_a_warning(with_line):
    built = with_line(stops=STOPS.format(lat=33.8845))
    assert [f.feature for f in built.findings if f.code == "stop-off-route"] == ["中央公民館"]
    assert not built.blocked


def test_a_feature_that_is_not_there_is_found(with_line):
    built = with_line(field="路線", value="別の線")
    assert "line-unreadable" in {f.code for f in built.findings}


def test_a_ferry_without_a_sea_lane_is_told_that_the_line_may_cross_land(write_book, bus, build):
    built = build(bus(write_book({"表": TIMES}), [TABLE], mode="ferry"))
    assert "sea-lane-missing" in {f.code for f in built.findings}


def test_hailing_anywhere_needs_a_line(write_book, bus, build):
    routes = {"line": {"title": {"ja": "試験線"}, "hail": True}}
    built = build(bus(write_book({"表": TIMES}), [TABLE], routes=routes))
    assert "hail-without-line" in {f.code for f in built.findings}
    assert built.blocked


def test_hailing_is_written_for_its_route_only(write_book, bus, build, tmp_path):
    (tmp_path / "line.geojson").write_text(json.dumps(LINE), encoding="utf-8")
    line = {"title": {"ja": "試験線"}, "line": {"file": "line.geojson"}}
    routes = {"line": line | {"hail": True}, "other": line}
    built = build(bus(write_book({"表": TIMES}), [TABLE], routes=routes))
    allowed = built.tables["routes"].set_index("route_id")["continuous_pickup"]
    assert dict(allowed) == {"line": 0, "other": 1}
