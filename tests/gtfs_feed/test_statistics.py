"""What a feed offers, counted by type of day."""

from __future__ import annotations

import datetime as dt
import json

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Geod

from gtfs.figures.layers import layer_geojson, routes_layer, stops_layer
from gtfs.figures.statistics import statistics, trip_kilometres

CROSSING_KM = Geod(ellps="GRS80").inv(130.818836, 33.901292, 130.81444, 33.902258)[2] / 1000


def test_trips_are_counted_by_type_of_day(ferry):
    totals = statistics(ferry).totals.set_index("day_type")
    assert totals.trips.to_dict() == {"weekday": 3, "saturday": 1, "holiday": 1}


def test_a_national_holiday_is_no_weekday(ferry):
    """3 November 2026 is a Tuesday; the feed takes the weekday trips out, and only there."""
    typical = statistics(ferry).typical
    assert typical["weekday"] == dt.date(2026, 10, 1)
    assert typical["holiday"].weekday() == 6


def test_first_and_last_pass_midnight(ferry):
    stops = statistics(ferry).stops.set_index(["stop_id", "day_type"])
    assert stops.loc[("tobata", "weekday"), ["departures", "first", "last"]].tolist() == [
        2,
        21600,
        87000,
    ]
    assert stops.loc[("tobata", "holiday"), "departures"] == 1


def test_an_arrival_at_the_last_stop_is_no_departure(ferry):
    stops = statistics(ferry).stops
    assert "wakamatsu" not in set(stops[stops.day_type == "saturday"].stop_id)


def test_kilometres_follow_the_shape_where_there_is_one(ferry):
    straight = trip_kilometres(ferry)
    assert straight["w1"] == pytest.approx(CROSSING_KM, rel=1e-6)
    ferry["shapes"] = pd.DataFrame(
        {
            "shape_id": "bend",
            "shape_pt_lat": [33.901292, 33.905, 33.902258],
            "shape_pt_lon": [130.818836, 130.8166, 130.81444],
            "shape_pt_sequence": [1, 2, 3],
        }
    )
    ferry["trips"] = ferry["trips"].assign(shape_id=["bend", "", ""])
    bent = trip_kilometres(ferry)
    assert bent["w1"] > 1.3 * straight["w1"]
    assert bent["w2"] == pytest.approx(straight["w2"])


def test_kilometres_of_the_period_count_every_day_of_every_trip(ferry):
    days = (dt.date(2027, 3, 31) - dt.date(2026, 10, 1)).days + 1
    every = [dt.date(2026, 10, 1) + dt.timedelta(days=i) for i in range(days)]
    weekdays = sum(day.weekday() < 5 for day in every) - 1
    expected = (days + 2 * weekdays) * CROSSING_KM
    assert statistics(ferry).period_km == pytest.approx(expected, rel=1e-6)


def test_a_trip_every_ten_minutes_counts_as_often_as_it_runs(ferry):
    ferry["frequencies"] = pd.DataFrame(
        {
            "trip_id": ["d1"],
            "start_time": ["08:00:00"],
            "end_time": ["09:00:00"],
            "headway_secs": [600],
        }
    )
    totals = statistics(ferry).totals.set_index("day_type")
    assert totals.trips["saturday"] == 6


def test_stops_become_points_with_their_departures(ferry):
    layer = stops_layer(ferry)
    tobata = layer.set_index("stop_id").loc["tobata"]
    assert (tobata["weekday_departures"], tobata["weekday_first"], tobata["weekday_last"]) == (
        2,
        "06:00",
        "24:10",
    )
    assert tobata["routes"] == "若戸航路"
    assert layer.crs == "EPSG:6668"


def test_routes_without_shapes_are_drawn_from_stop_to_stop(ferry):
    route = routes_layer(ferry).iloc[0]
    assert route["weekday_trips"] == 3
    assert route.geometry.geom_type == "MultiLineString"  # there and back are two sequences
    assert route["operator"] == "北九州市"


def test_geojson_is_read_by_others_and_the_same_every_time(ferry, tmp_path):
    data = layer_geojson(stops_layer(ferry))
    assert data == layer_geojson(stops_layer(ferry))
    (tmp_path / "stops.geojson").write_bytes(data)
    read = gpd.read_file(tmp_path / "stops.geojson")
    assert read.name.tolist() == ["戸畑渡場", "若松渡場"]
    features = json.loads(data)["features"]
    assert all(0 < feature["id"] < 2**53 for feature in features)


def test_figures_are_json(ferry):
    figures = json.loads(json.dumps(statistics(ferry).as_dict()))
    assert figures["routes"][0] | {"km": 0} == {
        "route_id": "wakato",
        "day_type": "weekday",
        "trips": 3,
        "first": "06:00:00",
        "last": "24:10:00",
        "km": 0,
    }


def test_a_feed_without_trips_has_empty_figures(ferry):
    ferry["trips"] = ferry["trips"].iloc[:0]
    ferry["stop_times"] = ferry["stop_times"].iloc[:0]
    figures = statistics(ferry)
    assert figures.totals.empty
    assert stops_layer(ferry, figures).weekday_departures.tolist() == [0, 0]
    assert routes_layer(ferry, figures).empty


@pytest.mark.real
def test_the_real_ferry_has_its_trips(transit):
    from gtfs.feed.read import read_feed

    feed = read_feed(transit / "kitakyushu-ferry" / "401005_shieitosengtfs.zip").feed
    figures = statistics(feed)
    wakato = figures.routes[figures.routes.day_type == "weekday"].set_index("route_id").trips
    names = feed["routes"].set_index("route_id").route_long_name
    tobata = names[names.str.contains("戸畑発")].index[0]
    assert wakato[tobata] == 71


@pytest.mark.real
def test_real_feeds_give_layers(transit):
    from gtfs.feed.read import read_feed

    for path in sorted(transit.glob("gtfs-jp-2019/*.zip"))[8:14]:
        feed = read_feed(path).feed
        figures = statistics(feed)
        assert figures.totals.trips.sum() > 0, path.name
        assert (figures.totals.km > 0).all(), path.name
        assert len(routes_layer(feed, figures)) >= 1, path.name
        assert len(stops_layer(feed, figures)) == len(feed["stops"]), path.name
