"""Feeds on the map: their tiles in the map's style, legend, panel and credits."""

from __future__ import annotations


def test_a_feeds_stops_and_routes_are_a_tileset_of_its_name(client):
    document = client.get("/tiles/wakato_ferry.json?lang=ja").json()
    assert document["name"] == "若戸渡船"
    assert [layer["id"] for layer in document["vector_layers"]] == ["stops", "routes"]
    assert document["vector_layers"][0]["fields"]["weekday_departures"] == "平日の発車"
    assert client.head("/pmtiles/wakato_ferry.pmtiles").status_code == 200


def test_the_style_draws_routes_above_areas_and_stops_above_routes(client):
    style = client.get("/maps/kanmon_safety/style.json").json()
    ids = [layer["id"] for layer in style["layers"]]
    wanted = ["flood/flood/fill", "wakato_ferry/routes", "wakato_ferry/stops"]
    assert sorted(wanted, key=ids.index) == wanted


def test_what_is_told_of_a_stop_is_titled_in_the_readers_language(client):
    for language, name, title in (
        ("ja", "name", "平日の始発"),
        ("en", "name_en", "First, weekdays"),
    ):
        style = client.get(f"/maps/kanmon_safety/style.json?lang={language}").json()
        described = style["metadata"]["tonari:layers"]["wakato_ferry"]
        titles = {field["name"]: field["title"] for field in described["fields"]}
        assert described["label"] == name
        assert titles["weekday_first"] == title


def test_the_map_page_offers_and_credits_the_feed(client):
    page = client.get("/maps/kanmon_safety?lang=ja").text
    assert 'data-layer="wakato_ferry"' in page
    assert "若戸渡船：北九州市（CC-BY-4.0、2026年11月20日 更新）" in page


def test_the_portal_says_what_has_changed_in_a_feed(client):
    assert "平日の便が 2 本増えました" in client.get("/?lang=ja&f=html").text
    assert "two more trips on weekdays" in client.get("/?lang=en&f=html").text


def test_every_layer_of_a_style_has_a_source_and_an_id_of_its_own(client):
    style = client.get("/maps/kanmon_safety/style.json").json()
    ids = [layer["id"] for layer in style["layers"]]
    assert len(ids) == len(set(ids))
    for layer in style["layers"][1:]:
        assert layer["source"] in style["sources"]
        for name in layer["paint"]:
            assert name.split("-")[0] in (layer["type"], "text")


def test_the_timetable_is_the_readable_alternative_of_a_feed_on_the_map(client):
    page = client.get("/maps/kanmon_safety?lang=ja").text
    assert "若戸渡船の時刻表</a>" in page
    assert client.get("/gtfs/wakato_ferry/timetable.html").text.startswith("<!doctype html>")
