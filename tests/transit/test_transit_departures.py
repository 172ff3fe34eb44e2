"""Departures over HTTP: pages for passengers, JSON for their apps."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Template
from markupsafe import escape
from transit_release import (
    FIRST,
    alert,
    round_the_clock,
    switch,
    today,
    tonari_serve,
    write_release,
)

from tiles_server.wrapping import one_language

TOMORROW = today() + dt.timedelta(days=1)
STOP = "/gtfs/wakato_ferry/stops/TO"


def at(day, clock):
    return f"{day.isoformat()}T{clock}"


def test_the_next_departures_are_told_to_programs(client):
    answer = client.get(f"{STOP}/departures.json", params={"at": at(TOMORROW, "08:10"), "limit": 2})
    document = answer.json()
    assert [d["time"] for d in document["departures"]] == [
        at(TOMORROW, "08:30:00+09:00"),
        at(TOMORROW, "09:00:00+09:00"),
    ]
    assert document["departures"][0]["headsign"] == {"ja": "若松渡場", "en": ""}
    assert document["stop"]["name"] == {"ja": "戸畑渡場", "en": "Tobata Pier"}
    assert document["feed_version"] == "1"
    assert document["state"] == "ok"
    assert answer.headers["access-control-allow-origin"] == "*"
    good = {"If-None-Match": answer.headers["etag"]}
    assert client.get(answer.url, headers=good).status_code == 304


def test_a_service_day_reaches_past_midnight(client):
    asked = {"at": at(TOMORROW, "00:00"), "limit": 2}
    first = client.get(f"{STOP}/departures.json", params=asked).json()["departures"]
    days = {(d["time"], d["service_date"]) for d in first}
    assert days == {
        (at(TOMORROW, "00:00:00+09:00"), today().isoformat()),
        (at(TOMORROW, "00:00:00+09:00"), TOMORROW.isoformat()),
    }


def test_without_a_moment_it_is_now(client):
    before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1, seconds=1)
    document = client.get(f"{STOP}/departures.json").json()
    assert len(document["departures"]) == 10
    assert before <= dt.datetime.fromisoformat(document["departures"][0]["time"])


def test_a_zone_may_be_named_in_any_usual_way(client):
    moments = [
        at(TOMORROW, "08:10:00%2B09:00"),
        at(TOMORROW, "08:10:00+09:00"),  # a plus sign that should have been escaped
        at(today() + dt.timedelta(days=0), "23:10:00Z"),
        at(TOMORROW, "08:10"),
    ]
    answers = [client.get(f"{STOP}/departures.json?at={moment}").json() for moment in moments]
    assert len({answer["at"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "query",
    ["at=tomorrow", "at=0001-01-01", "at=9999-12-31T23:59", "limit=0", "limit=x"],
)
def test_what_cannot_be_understood_is_refused(client, query):
    answer = client.get(f"{STOP}/departures.json?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/departures.json"])
def test_unknown_stops_and_feeds_are_not_found(client, path):
    assert client.get(f"/gtfs/wakato_ferry/stops/%00{path}").status_code == 400
    for stop in ("XX", "..%2F..%2Fmanifest.json", quote("戸畑")):
        assert client.get(f"/gtfs/wakato_ferry/stops/{stop}{path}").status_code == 404
    assert client.get(f"/gtfs/kokura/stops/TO{path}").status_code == 404


def test_the_end_of_the_timetable_is_said_instead_of_nothing(client):
    late = at(today() + dt.timedelta(days=63), "08:00")
    assert client.get(f"{STOP}/departures.json", params={"at": late}).json()["state"] == "ended"
    page = client.get(STOP, params={"at": late, "lang": "ja"}).text
    assert "この時刻表は" in page
    assert "終わりました" in page


def test_cancelled_sailings_are_struck_out_and_said_in_words(client, data):
    made = alert(data, "cancel", "wakato_ferry", "--date", TOMORROW.isoformat(), "--after", "9:00",
                 "--before", "10:00", "--stop", "TO", "--by", "港湾 太郎")  # fmt: skip
    try:
        page = client.get(STOP, params={"at": at(TOMORROW, "08:50"), "lang": "ja"}).text
        struck = re.findall(r"<s><time[^>]*><b>([\d:]+)</b></time></s> <strong[^>]*>(.*?)<", page)
        assert struck == [("9:00", "欠航・運休"), ("9:30", "欠航・運休")]
        asked = {"at": at(TOMORROW, "08:50"), "limit": 1}
        told = client.get(f"{STOP}/departures.json", params=asked).json()["departures"]
        assert [(d["time"][11:16], d["cancelled"]) for d in told] == [
            ("09:00", True),
            ("09:30", True),
            ("10:00", False),
        ]
    finally:
        alert(data, "withdraw", str(made["id"]), "--by", "港湾 太郎")


def test_stops_are_found_by_name_reading_and_english(client):
    for words in ("戸畑", "とばた", "トバタ", "tobata pier", "ＴＯＢＡＴＡ"):
        page = client.get("/gtfs/wakato_ferry/stops", params={"q": words, "lang": "ja"}).text
        assert "戸畑渡場" in page
        assert ">若松渡場" not in page


def test_feed_and_timetables_lead_to_the_stops(client):
    assert "/gtfs/wakato_ferry/stops" in client.get("/gtfs/wakato_ferry/").text
    assert 'href="stops?lang=ja"' in client.get("/gtfs/wakato_ferry/timetable.html").text
    assert 'href="stops/TO?lang=ja"' in client.get("/gtfs/wakato_ferry/timetable-wakato.html").text
    assert client.get("/gtfs/wakato_ferry").status_code == 308


def test_a_rider_on_a_timetable_finds_the_site_in_one_language(client, data):
    page = "/gtfs/wakato_ferry/timetable-wakato.html"
    japanese, english = (client.get(f"{page}?lang={tongue}").text for tongue in ("ja", "en"))
    for text, tongue in ((japanese, "ja"), (english, "en")):
        assert f'<html lang="{tongue}">' in text
        assert f'href="/?lang={tongue}#feeds"' in text
        assert f'href="/gtfs/wakato_ferry/?lang={tongue}"' in text
        assert "<!--" not in text
        assert "<style" not in text
    assert "時刻表</span>" in japanese
    assert "timetable</span>" in english
    assert "All routes" not in japanese
    assert "路線一覧" not in english
    kept = (data / "releases" / FIRST / "feeds/wakato_ferry/timetable-wakato.html").read_text()
    assert "All routes" in kept
    assert "路線一覧" in kept  # the file is whole by itself


@given(st.text("<>\"'&-/!ja en渡", max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_value_can_write_a_mark(value):
    """What a name holds comes out as it went in, in either language, and takes nothing with it."""
    words = Template(
        "<title>t</title><main><!--ja-->{{ v }}・<!--en-->{{ v }}.<!--/-->"
        '<i data-ja="{{ v }}" data-en="{{ v }}" aria-label="{{ v }} / {{ v }}">k</i></main>',
        autoescape=True,
    ).render(v=value)
    for tongue, end in (("ja", "・"), ("en", ".")):
        told = one_language(words, tongue)
        assert told is not None
        assert str(told.body) == f'{escape(value)}{end}<i aria-label="{escape(value)}">k</i>'


def test_odd_ids_of_stops_have_pages_too(tmp_path):
    feed = round_the_clock()
    odd = {"TO": "港/1 番?#%", "WA": "WA"}
    feed["stops"] = feed["stops"].assign(stop_id=feed["stops"].stop_id.map(odd))
    feed["stop_times"] = feed["stop_times"].assign(stop_id=feed["stop_times"].stop_id.map(odd))
    write_release(tmp_path, FIRST, {"wakato_ferry": feed})
    switch(tmp_path / "releases", FIRST)
    with tonari_serve(tmp_path, "--workers", "1") as server:
        listed = httpx.get(f"{server.address}/gtfs/wakato_ferry/stops").text
        links = re.findall(r'href="(/gtfs/wakato_ferry/stops/[^"]+)"', listed)
        assert len(links) == 2
        for link in links:
            page = httpx.get(server.address + link)
            assert page.status_code == 200
            (api,) = re.findall(r'href="(/gtfs/[^"]+departures\.json)"', page.text)
            assert httpx.get(server.address + api).json()["departures"]
