"""Cancelled sailings, as a consumer of GTFS-Realtime reads them."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import sqlite3
from zoneinfo import ZoneInfo

import pytest
from google.transit import gtfs_realtime_pb2

from gtfs.errors import AlertError
from gtfs.feed.write import write_zip
from gtfs.realtime import AlertStore
from gtfs.realtime.desk import Desk
from gtfs.realtime.trips import moment
from pipeline.config.base import Text

TOKYO = ZoneInfo("Asia/Tokyo")
TUESDAY = "2026-11-24"


class Clock:
    """A watch the test sets."""

    def __init__(self, text):
        self.set(text)

    def set(self, text):
        self.at = dt.datetime.fromisoformat(text).replace(tzinfo=TOKYO)

    def __call__(self):
        return self.at


@pytest.fixture
def watch():
    return Clock("2026-11-24T05:00")


@pytest.fixture
def desk(ferry, tmp_path, watch):
    write_zip(ferry, tmp_path / "wakato_ferry.zip")
    feeds = {"wakato_ferry": tmp_path / "wakato_ferry.zip"}
    return Desk(AlertStore(tmp_path / "data" / "alerts.sqlite"), feeds.__getitem__, watch)


def received(desk):
    """Parse the served bytes as a consumer does."""
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString(desk.protobuf("wakato_ferry"))
    assert message.IsInitialized()
    return message


def cancelled_trips(desk):
    """Return trips a journey planner takes out of the timetable."""
    return {
        (e.trip_update.trip.trip_id, e.trip_update.trip.start_date)
        for e in received(desk).entity
        if e.trip_update.trip.schedule_relationship == gtfs_realtime_pb2.TripDescriptor.CANCELED
        and e.HasField("trip_update")
    }


def alerts(desk):
    return [e.alert for e in received(desk).entity if e.HasField("alert")]


def test_without_announcements_the_message_is_empty_but_complete(desk):
    header = received(desk).header
    assert header.gtfs_realtime_version == "2.0"
    assert header.timestamp == int(dt.datetime(2026, 11, 24, 5, tzinfo=TOKYO).timestamp())
    assert not received(desk).entity
    assert not desk.store.path.exists()


def test_a_cancelled_day_takes_every_trip_out_and_tells_why(desk):
    desk.cancel("wakato_ferry", TUESDAY, by="港湾係 田中")
    assert cancelled_trips(desk) == {(t, "20261124") for t in ("w1", "w2", "d1")}
    (alert,) = alerts(desk)
    assert alert.cause == gtfs_realtime_pb2.Alert.WEATHER
    assert alert.effect == gtfs_realtime_pb2.Alert.NO_SERVICE
    said = {t.language: t.text for t in alert.header_text.translation}
    assert said == {
        "ja": "若戸航路 11月24日 全便欠航",
        "en": "若戸航路: all sailings on 2026-11-24 cancelled",
    }
    assert {i.trip.trip_id for i in alert.informed_entity} == {"w1", "w2", "d1"}


def test_only_trips_of_that_service_day_are_cancelled(desk):
    desk.cancel("wakato_ferry", "2026-11-29", by="田中")  # a Sunday: the weekday trips do not run
    assert cancelled_trips(desk) == {("d1", "20261129")}


def test_from_a_time_on(desk):
    made = desk.cancel("wakato_ferry", TUESDAY, after="6:05", before="24:00", by="田中")
    assert cancelled_trips(desk) == {("w2", "20261124")}
    assert made["header"]["ja"] == "若戸航路 11月24日 1 便欠航"
    assert made["description"]["ja"] == "悪天候のため、次の便を取りやめます: 若松渡場発 06:10"


def test_departures_are_told_apart_by_where_they_start(desk):
    made = desk.cancel("wakato_ferry", TUESDAY, trips=["w1", "w2"], by="田中")
    assert made["description"]["ja"].endswith(": 戸畑渡場発 06:00／若松渡場発 06:10")
    assert made["description"]["en"].endswith(": from 戸畑渡場 06:00; from 若松渡場 06:10")


def test_one_direction_only(desk):
    desk.cancel("wakato_ferry", TUESDAY, stop="wakamatsu", by="田中")
    assert cancelled_trips(desk) == {("w2", "20261124")}


def test_what_would_be_cancelled_can_be_looked_at_first(desk):
    rows = desk.departures("wakato_ferry", TUESDAY, after="6:05")
    assert [(r["trip_id"], r["departure"]) for r in rows] == [("w2", "06:10"), ("d1", "24:10")]
    assert cancelled_trips(desk) == set()


def test_trips_that_have_arrived_are_left_alone(desk, watch):
    watch.set("2026-11-24T06:05")
    desk.cancel("wakato_ferry", TUESDAY, by="田中")
    assert cancelled_trips(desk) == {("w2", "20261124"), ("d1", "20261124")}


def test_an_announcement_expires_after_the_last_arrival_past_midnight(desk, watch):
    desk.cancel("wakato_ferry", TUESDAY, by="田中")
    watch.set("2026-11-25T00:12")
    assert len(alerts(desk)) == 1
    watch.set("2026-11-25T00:13")
    assert alerts(desk) == []
    assert cancelled_trips(desk) == set()


def test_withdrawn_announcements_vanish_but_stay_in_the_history(desk, watch):
    made = desk.cancel("wakato_ferry", TUESDAY, by="田中")
    watch.set("2026-11-24T05:30")
    desk.withdraw(made["id"], by="佐藤")
    assert cancelled_trips(desk) == set()
    assert desk.active("wakato_ferry") == []
    history = [(h["act"], h["who"], h["at"]) for h in desk.history("wakato_ferry")]
    assert history == [
        ("withdrawn", "佐藤", "2026-11-23T20:30:00+00:00"),
        ("created", "田中", "2026-11-23T20:00:00+00:00"),
    ]


def test_an_announcement_without_cancellation(desk, watch):
    desk.announce(
        "wakato_ferry",
        by="田中",
        header=Text(ja="若松渡場は仮桟橋です", en="Wakamatsu uses a temporary pier"),
        effect="STOP_MOVED",
        stops=["wakamatsu"],
        starts=dt.datetime(2026, 11, 25, tzinfo=TOKYO),
        ends=dt.datetime(2026, 12, 1, tzinfo=TOKYO),
        url="https://www.city.kitakyushu.lg.jp/",
    )
    assert alerts(desk) == []
    watch.set("2026-11-25T08:00")
    (alert,) = alerts(desk)
    assert [i.stop_id for i in alert.informed_entity] == ["wakamatsu"]
    assert alert.effect == gtfs_realtime_pb2.Alert.STOP_MOVED
    assert cancelled_trips(desk) == set()


def test_an_announcement_about_nothing_in_particular_is_about_the_operator(desk):
    end = dt.datetime(2026, 12, 1, tzinfo=TOKYO)
    desk.announce("wakato_ferry", by="田中", header=Text(ja="運賃が変わります"), ends=end)
    assert [i.agency_id for i in alerts(desk)[0].informed_entity] == ["8000020401005"]


def test_json_says_the_same(desk):
    desk.cancel("wakato_ferry", TUESDAY, by="田中", trips=["w1"])
    document = json.loads(desk.json("wakato_ferry"))
    updates = [e["trip_update"]["trip"] for e in document["entity"] if "trip_update" in e]
    assert updates == [
        {
            "trip_id": "w1",
            "route_id": "wakato",
            "start_date": "20261124",
            "schedule_relationship": "CANCELED",
        }
    ]


def test_the_same_trip_in_two_announcements_is_cancelled_once(desk):
    desk.cancel("wakato_ferry", TUESDAY, by="田中", trips=["w1"])
    desk.cancel("wakato_ferry", TUESDAY, by="田中")
    ids = [e.id for e in received(desk).entity]
    assert len(ids) == len(set(ids)) == 5


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"date": "11月24日", "by": "田中"}, "cannot be understood"),
        ({"date": TUESDAY, "by": "田中", "after": "6時"}, "cannot be understood"),
        ({"date": TUESDAY, "by": " "}, "a name is needed"),
        ({"date": TUESDAY, "by": "田中", "routes": ["kokura"]}, "no trip .* is meant"),
        ({"date": "2030-01-01", "by": "田中"}, "no trip .* is meant"),
        ({"date": "2026-11-22", "by": "田中"}, "already arrived"),
        ({"date": TUESDAY, "by": "田中", "cause": "FISH"}, "none of WEATHER"),
        ({"date": TUESDAY, "by": "田中", "header": Text(ja=" ")}, "headline"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk, arguments, why):
    date = arguments.pop("date")
    with pytest.raises(AlertError, match=why):
        desk.cancel("wakato_ferry", date, **arguments)
    assert desk.history("wakato_ferry") == []


def test_unknown_feeds_stops_and_numbers_are_refused(desk):
    end = dt.datetime(2026, 12, 1, tzinfo=TOKYO)
    with pytest.raises(AlertError, match="no published feed 'kokura'"):
        desk.cancel("kokura", TUESDAY, by="田中")
    with pytest.raises(AlertError, match="no stop 'moji'"):
        desk.announce("wakato_ferry", by="田中", header=Text(ja="x"), ends=end, stops=["moji"])
    with pytest.raises(AlertError, match="no announcement 7"):
        desk.withdraw(7, by="田中")


def test_a_new_feed_is_read_when_it_is_published(desk, ferry, tmp_path):
    desk.cancel("wakato_ferry", TUESDAY, by="田中", trips=["w1"])
    ferry["trips"] = ferry["trips"].assign(direction_id=1)
    ferry["feed_info"] = ferry["agency"][[]].assign(feed_version="2")
    write_zip(ferry, tmp_path / "wakato_ferry.zip")
    assert received(desk).header.feed_version == "2"


def _announce_many(path, who):
    from gtfs.realtime import Alert, Cause, Effect

    now = dt.datetime(2026, 11, 24, 5, tzinfo=TOKYO)
    for i in range(20):
        alert = Alert(
            "f",
            Cause.WEATHER,
            Effect.OTHER_EFFECT,
            Text(ja=f"{who} {i}"),
            now,
            now + dt.timedelta(1),
        )
        AlertStore(path).add(alert, by=who, now=now)


def test_several_processes_can_write_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    path = tmp_path / "alerts.sqlite"
    workers = [context.Process(target=_announce_many, args=(path, w)) for w in ("a", "b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(AlertStore(path).all("f")) == 40


def test_a_store_of_a_newer_program_is_not_touched(tmp_path):
    path = tmp_path / "alerts.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(AlertError, match="newer version"):
        AlertStore(path).all("f")


def test_service_days_begin_twelve_hours_before_noon():
    """Where clocks change at night, midnight of the service day is not midnight of the clock."""
    berlin = ZoneInfo("Europe/Berlin")
    assert moment(dt.date(2026, 3, 29), 10 * 3600, berlin).hour == 10
    assert moment(dt.date(2026, 11, 24), 87000, TOKYO) == dt.datetime(
        2026, 11, 25, 0, 10, tzinfo=TOKYO
    )


def test_what_changes_twice_within_a_second_has_two_moments(desk, watch):
    first = desk.cancel("wakato_ferry", TUESDAY, by="港湾 太郎", after="6:00", before="7:00")
    gone = desk.withdraw(first["id"], by="港湾 太郎")
    again = desk.cancel("wakato_ferry", TUESDAY, by="港湾 花子", after="6:00", before="7:00")
    moments = [first["created_at"], gone["withdrawn_at"], again["created_at"]]
    assert moments == sorted(set(moments))
