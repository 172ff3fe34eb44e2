"""GTFS-Realtime over HTTP, as a journey planner polls it, while others write and publish."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from contextlib import closing

import httpx
import pytest
from google.transit import gtfs_realtime_pb2
from transit_release import (
    FIRST,
    SECOND,
    alert,
    round_the_clock,
    switch,
    today,
    tonari_serve,
    write_release,
)

PB, JSON = "/gtfs/wakato_ferry/alerts.pb", "/gtfs/wakato_ferry/alerts.json"
HTML = {"Accept": "text/html"}
TOMORROW = (today() + dt.timedelta(days=1)).isoformat()


def received(answer):
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString(answer.content)
    assert message.IsInitialized()
    return message


def cancelled(message):
    return {e.trip_update.trip.trip_id for e in message.entity if e.HasField("trip_update")}


def polled(address, times=12):
    """Ask on connections of their own, so that every worker answers."""
    return [httpx.get(address + PB) for _ in range(times)]


@pytest.fixture
def storm(data):
    """The evening's sailings of tomorrow are cancelled by a command; taken back afterwards."""
    made = alert(data, "cancel", "wakato_ferry", "--date", TOMORROW, "--after", "20:00",
                 "--by", "港湾 太郎")  # fmt: skip
    yield made
    alert(data, "withdraw", str(made["id"]), "--by", "港湾 太郎")


def test_without_announcements_a_complete_empty_message_is_served(client):
    answer = client.get(PB)
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert client.get(JSON).headers["content-type"] == "application/json"
    message = received(answer)
    assert message.header.gtfs_realtime_version == "2.0"
    assert message.header.feed_version == "1"
    assert abs(message.header.timestamp - time.time()) < 65  # as the consumers' validator wants
    assert not message.entity


def test_every_worker_knows_a_cancellation_the_moment_the_command_has_ended(server, storm):
    told = {trip["trip_id"] for trip in storm["trips"]}
    answers = polled(server.address)
    assert [cancelled(received(answer)) for answer in answers] == [told] * 12
    ends = int(dt.datetime.fromisoformat(storm["ends"]).timestamp())
    (said,) = [e.alert for e in received(answers[0]).entity if e.HasField("alert")]
    assert said.active_period[0].end == ends


def test_every_worker_forgets_it_the_moment_it_is_withdrawn(server, data):
    made = alert(data, "cancel", "wakato_ferry", "--date", TOMORROW, "--by", "港湾 太郎")
    alert(data, "withdraw", str(made["id"]), "--by", "港湾 花子")
    assert [cancelled(received(answer)) for answer in polled(server.address)] == [set()] * 12


def test_what_changes_changes_the_timestamp_and_never_back(server, data):
    seen = []
    for _ in range(3):
        seen += polled(server.address, 4)
        made = alert(data, "cancel", "wakato_ferry", "--date", TOMORROW, "--by", "港湾 太郎")
        seen += polled(server.address, 4)
        alert(data, "withdraw", str(made["id"]), "--by", "港湾 太郎")
    stamps = [received(answer).header.timestamp for answer in seen]
    assert stamps == sorted(stamps)
    contents = {}
    for answer, stamp in zip(seen, stamps, strict=True):
        contents.setdefault(stamp, set()).add(answer.content)
    assert all(len(different) == 1 for different in contents.values())


def test_a_good_copy_is_not_sent_again(client, storm):
    first = client.get(PB)
    again = client.get(PB, headers={"If-None-Match": first.headers["etag"]})
    if again.status_code == 200:  # half a minute has just begun
        first, again = again, client.get(PB, headers={"If-None-Match": again.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    since = client.get(PB, headers={"If-Modified-Since": first.headers["last-modified"]})
    assert since.status_code in (200, 304)
    assert not first.headers["etag"].startswith("W/")


def test_head_says_what_get_would(client):
    got, head = client.get(PB), client.head(PB)
    assert head.content == b""
    for name in ("content-type", "content-length", "cache-control"):
        assert head.headers[name] == got.headers[name]


def test_scripts_of_any_site_may_read_it(client):
    assert client.get(JSON).headers["access-control-allow-origin"] == "*"
    assert client.options(PB).headers["access-control-allow-origin"] == "*"
    assert "max-age=10" in client.get(PB).headers["cache-control"]


def test_an_unknown_feed_has_no_announcements(client):
    for ending in ("pb", "json"):
        answer = client.get(f"/gtfs/kokura/alerts.{ending}")
        assert answer.status_code == 404
        assert "kokura" in answer.json()["detail"]


def test_json_says_the_same(client, storm):
    entities = client.get(JSON).json()["entity"]
    told = {e["trip_update"]["trip"]["trip_id"] for e in entities if "trip_update" in e}
    assert told == {trip["trip_id"] for trip in storm["trips"]}


def test_people_are_told_wherever_the_timetable_is(client, storm):
    header = storm["header"]
    for page in ("/", "/gtfs/wakato_ferry/", "/gtfs/wakato_ferry/stops"):
        assert header["ja"] in client.get(page + "?lang=ja", headers=HTML).text
        assert header["en"] in client.get(page + "?lang=en", headers=HTML).text
    for page in ("timetable.html", "timetable-wakato.html"):
        for tongue in ("ja", "en"):
            text = client.get(f"/gtfs/wakato_ferry/{page}?lang={tongue}").text
            assert header[tongue] in text


def test_a_timetable_in_a_browser_is_asked_for_again_when_sailings_are_cancelled(client, data):
    page = "/gtfs/wakato_ferry/timetable.html"
    before = client.get(page)
    assert "no-cache" in before.headers["cache-control"]
    good = {"If-None-Match": before.headers["etag"]}
    assert client.get(page, headers=good).status_code == 304
    made = alert(data, "cancel", "wakato_ferry", "--date", TOMORROW, "--by", "港湾 太郎")
    assert client.get(page, headers=good).status_code == 200
    alert(data, "withdraw", str(made["id"]), "--by", "港湾 太郎")
    assert client.get(page, headers=good).status_code == 304


def test_a_writer_who_keeps_the_store_locked_stops_no_reader(client, data, storm):
    with closing(sqlite3.connect(data / "alerts/alerts.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE alert SET url = 'https://example.invalid/'")
        assert cancelled(received(client.get(PB)))
        writer.execute("ROLLBACK")


@pytest.mark.slow
def test_a_release_is_switched_and_a_feed_withdrawn_while_it_is_polled(tmp_path):
    write_release(tmp_path, FIRST, {"wakato_ferry": round_the_clock()})
    switch(tmp_path / "releases", FIRST)
    with tonari_serve(tmp_path) as server:
        made = alert(tmp_path, "cancel", "wakato_ferry", "--date", TOMORROW, "--by", "港湾 太郎")
        assert len(cancelled(received(httpx.get(server.address + PB)))) == len(made["trips"])

        write_release(
            tmp_path, SECOND, {"wakato_ferry": round_the_clock(prefix="new", version="2")}
        )
        switch(tmp_path / "releases", SECOND)
        time.sleep(0.5)
        for answer in polled(server.address, 6):
            message = received(answer)
            assert message.header.feed_version == "2"
            # The same sailings under new ids are the same to passengers.
            assert {trip.removeprefix("new") for trip in cancelled(message)} == {
                trip["trip_id"].removeprefix("t") for trip in made["trips"]
            }

        third = "20261123T180000Z-00000003"
        write_release(tmp_path, third, {"other_ferry": round_the_clock()})
        switch(tmp_path / "releases", third)
        time.sleep(0.5)
        assert {answer.status_code for answer in polled(server.address, 6)} == {404}
        assert httpx.get(server.address + "/gtfs/other_ferry/alerts.pb").status_code == 200
        assert httpx.get(server.address + "/").status_code == 200
        assert "Traceback" not in server.errors()


def test_a_store_that_cannot_be_read_is_said_and_stops_no_page(tmp_path):
    write_release(tmp_path, FIRST, {"wakato_ferry": round_the_clock()})
    switch(tmp_path / "releases", FIRST)
    (tmp_path / "alerts").mkdir()
    (tmp_path / "alerts/alerts.sqlite").write_bytes(b"this is no database" * 100)
    with tonari_serve(tmp_path, "--workers", "1") as server:
        assert httpx.get(server.address + PB).status_code == 503
        page = httpx.get(server.address + "/gtfs/wakato_ferry/?lang=ja")
        assert page.status_code == 200
        assert "いま表示できません" in page.text
