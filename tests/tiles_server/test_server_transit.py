"""Feeds on the map: stops and routes as GeoJSON, in the map's style, legend and credits."""

from __future__ import annotations

import pytest


@pytest.fixture
def features(client):
    return client.get("/gtfs/wakato_ferry.geojson?lang=ja").json()["features"]


def test_a_route_and_its_way_back_are_one_line_in_its_own_colour(features):
    lines = [f for f in features if f["geometry"]["type"] == "LineString"]
    assert [f["properties"] for f in lines] == [
        {"name": "若戸航路", "kind": "路線", "operator": "北九州市", "color": "#D55E00"}
    ]
    assert lines[0]["geometry"]["coordinates"] == [[130.818836, 33.901292], [130.81444, 33.902258]]


def test_stops_are_points_and_entrances_are_left_out(features):
    names = [f["properties"]["name"] for f in features if f["geometry"]["type"] == "Point"]
    assert names == ["戸畑渡場", "若松渡場"]


def test_names_are_translated_where_the_feed_does_and_never_into_readings(client):
    english = client.get("/gtfs/wakato_ferry.geojson?lang=en").json()["features"]
    assert [f["properties"]["name"] for f in english] == ["若戸航路", "Tobata pier", "若松渡場"]


def test_the_style_draws_the_feed_above_areas_and_describes_it(client):
    style = client.get("/maps/kanmon_safety/style.json?lang=ja").json()
    ids = [layer["id"] for layer in style["layers"]]
    assert ids.index("gtfs:wakato_ferry/line") > ids.index("flood/flood/fill")
    described = style["metadata"]["tonari:layers"]["gtfs:wakato_ferry"]
    assert described["title"] == "若戸渡船"
    assert [field["title"] for field in described["fields"]] == ["名称", "種類", "備考", "事業者"]
    assert client.get(style["sources"]["gtfs:wakato_ferry"]["data"]).status_code == 200


def test_the_map_page_offers_and_credits_the_feed(client):
    page = client.get("/maps/kanmon_safety?lang=ja").text
    assert 'data-layer="gtfs:wakato_ferry"' in page
    assert "若戸渡船：北九州市（CC-BY-4.0、2026年11月20日 更新）" in page


def test_every_map_style_follows_the_specification(client):
    """Every layer has a source, every id is there once, every paint property is known."""
    style = client.get("/maps/kanmon_safety/style.json").json()
    ids = [layer["id"] for layer in style["layers"]]
    assert len(ids) == len(set(ids))
    for layer in style["layers"][1:]:
        assert layer["source"] in style["sources"]
        for name in layer["paint"]:
            assert name.split("-")[0] in (layer["type"], "text")
