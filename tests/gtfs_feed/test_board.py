"""The reading side of announcements: right at once, the same everywhere, and cheap."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from contextlib import closing

import pytest
from google.transit import gtfs_realtime_pb2

from gtfs.errors import AlertError
from gtfs.feed.write import write_zip
from gtfs.realtime import AlertStore, Board
from gtfs.realtime.desk import Desk
from gtfs.realtime.watch import ABSENT, Watch
from pipeline.config.base import Text

FIVE = dt.datetime.fromisoformat("2026-11-24T05:00:00+09:00")
TUESDAY = "2026-11-24"


class Clock:
    def __init__(self):
        self.at = FIVE

    def forward(self, **how):
        self.at += dt.timedelta(**how)

    def __call__(self):
        return self.at

    def seconds(self):
        return self.at.timestamp()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def zips(ferry, tmp_path):
    write_zip(ferry, tmp_path / "ferry.zip")
    return {"ferry": tmp_path / "ferry.zip"}


@pytest.fixture
def store(tmp_path):
    return AlertStore(tmp_path / "alerts/alerts.sqlite")


@pytest.fixture
def desk(store, zips, clock):
    return Desk(store, zips.__getitem__, clock)


@pytest.fixture
def board(store, zips, clock):
    return Board(store, zips.__getitem__, now=clock.seconds)


def parsed(message):
    read = gtfs_realtime_pb2.FeedMessage()
    read.ParseFromString(message.protobuf)
    return read


def cancelled(message):
    return {e.trip_update.trip.trip_id for e in parsed(message).entity if e.HasField("trip_update")}


def test_what_is_written_is_shown_by_a_board_that_has_looked_before(board, desk):
    assert cancelled(board.message("ferry")) == set()
    made = desk.cancel("ferry", TUESDAY, by="田中")
    assert cancelled(board.message("ferry")) == {"w1", "w2", "d1"}
    desk.withdraw(made["id"], by="田中")
    assert cancelled(board.message("ferry")) == set()


def test_two_processes_say_the_same_to_the_byte(board, desk, store, zips, clock):
    desk.cancel("ferry", TUESDAY, by="田中", trips=["w1"])
    board.message("ferry")
    clock.forward(seconds=17)
    other = Board(store, zips.__getitem__, now=clock.seconds)
    clock.forward(seconds=0.4)
    assert other.message("ferry") == board.message("ferry")


def test_the_message_says_every_half_minute_that_it_is_still_true(board, clock):
    stamps = []
    for _ in range(9):
        stamps.append(board.message("ferry").timestamp - int(FIVE.timestamp()))
        clock.forward(seconds=10)
    assert stamps == [0, 0, 0, 30, 30, 30, 60, 60, 60]


def test_an_announcement_that_begins_or_ends_changes_the_timestamp(board, desk, clock):
    desk.announce(
        "ferry",
        by="田中",
        header=Text(ja="工事"),
        starts=FIVE + dt.timedelta(seconds=100),
        ends=FIVE + dt.timedelta(seconds=200),
    )
    seen = {}
    for _ in range(300):
        message = board.message("ferry")
        shown = len(parsed(message).entity)
        assert seen.setdefault(message.timestamp, shown) == shown
        clock.forward(seconds=1)
    assert list(seen) == sorted(seen)
    assert set(seen.values()) == {0, 1}


def test_a_release_that_is_switched_changes_the_timestamp(store, zips, clock):
    switched = 0.0
    board = Board(store, zips.__getitem__, since=lambda: switched, now=clock.seconds)
    clock.forward(seconds=12)
    before = board.message("ferry").timestamp
    switched = clock.seconds()
    assert board.message("ferry").timestamp > before


def test_nothing_is_read_again_while_nothing_changes(board, desk, zips, monkeypatch, store):
    desk.cancel("ferry", TUESDAY, by="田中")
    first = board.message("ferry")
    for name in ("live", "changed"):
        monkeypatch.setattr(store, name, lambda *_, **__: pytest.fail("the store was read"))
    monkeypatch.setattr("zipfile.ZipFile", lambda *_: pytest.fail("the zip was read"))
    assert board.message("ferry") is first


def test_trips_the_feed_has_no_more_are_left_out_and_counted(board, desk, ferry, zips):
    made = desk.cancel("ferry", TUESDAY, by="田中")
    assert board.orphans("ferry") == {}
    for table in ("trips", "stop_times"):
        ferry[table] = ferry[table][ferry[table].trip_id != "w1"]
    write_zip(ferry, zips["ferry"])
    assert cancelled(board.message("ferry")) == {"w2", "d1"}
    assert board.orphans("ferry") == {made["id"]: 1}


def test_an_alert_whose_trips_and_routes_are_gone_is_not_about_everything(board, desk, ferry, zips):
    desk.cancel("ferry", TUESDAY, by="田中")
    ferry["routes"] = ferry["routes"].assign(route_id="other", route_long_name="別の航路")
    ferry["trips"] = ferry["trips"].assign(route_id="other", trip_id=["a", "b", "c"])
    write_zip(ferry, zips["ferry"])
    assert not parsed(board.message("ferry")).entity
    assert len(board.alerts("ferry")) == 1  # people still read it


def test_cancelled_trips_that_are_gone_are_read_by_people_and_not_told_to_planners(
    board, desk, ferry, zips
):
    made = desk.cancel("ferry", TUESDAY, by="田中")
    (before,) = [e.alert for e in parsed(board.message("ferry")).entity if e.HasField("alert")]
    assert before.effect == gtfs_realtime_pb2.Alert.NO_SERVICE
    times, number = ferry["stop_times"], len(ferry["trips"])
    later = {c: times[c] + 3600 for c in ("arrival_time", "departure_time")}
    ferry["stop_times"] = times.assign(**later)
    write_zip(ferry, zips["ferry"])
    assert not parsed(board.message("ferry")).entity  # not even as a word about the route
    (read,) = board.alerts("ferry")
    assert read.header.ja == before.header_text.translation[0].text
    (warning,) = desk.orphans("ferry")
    assert "経路検索サービスには伝えていません" in warning.message_ja
    assert board.orphans("ferry") == {made["id"]: number}


def test_a_backup_that_is_put_back_is_noticed(board, desk, store, tmp_path):
    desk.cancel("ferry", TUESDAY, by="田中", trips=["w1"])
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(store.path, tmp_path / "backup")
    desk.cancel("ferry", TUESDAY, by="田中", trips=["w2"])
    assert cancelled(board.message("ferry")) == {"w1", "w2"}
    for suffix in ("-wal", "-shm"):
        store.path.with_name(store.path.name + suffix).unlink(missing_ok=True)
    (tmp_path / "backup").replace(store.path)
    assert cancelled(board.message("ferry")) == {"w1"}


def test_an_unknown_feed_is_a_key_error(board):
    with pytest.raises(KeyError):
        board.message("kokura")
    assert board.alerts("kokura") == ()


def test_a_watch_sees_every_write_and_no_read(store, desk):
    watch = Watch(store.path)
    assert watch.version() is ABSENT
    desk.cancel("ferry", TUESDAY, by="田中")
    first = watch.version()
    store.all("ferry")
    assert watch.version() == first
    desk.withdraw(1, by="田中")
    assert watch.version() != first


def test_the_same_is_not_announced_twice_when_asked_so(desk):
    ends = FIVE + dt.timedelta(days=1)
    desk.cancel("ferry", TUESDAY, by="田中", trips=["w1"], once=True)
    with pytest.raises(AlertError, match="before by 田中") as refused:
        desk.cancel("ferry", TUESDAY, by="佐藤", trips=["w1", "w2"], once=True)
    assert refused.value.code == "before"
    desk.announce("ferry", by="田中", header=Text(ja="工事"), ends=ends, once=True)
    with pytest.raises(AlertError, match="田中 has announced"):
        desk.announce("ferry", by="佐藤", header=Text(ja="工事"), ends=ends, once=True)
    desk.withdraw(1, by="田中")
    desk.cancel("ferry", TUESDAY, by="佐藤", trips=["w1"], once=True)


def test_a_trip_that_does_not_run_is_refused_by_name(desk):
    with pytest.raises(AlertError, match="'w9' of ferry does not run") as refused:
        desk.cancel("ferry", TUESDAY, by="田中", trips=["w1", "w9"])
    assert refused.value.code == "unknown"


def test_an_address_that_is_no_web_page_is_refused(desk):
    ends = FIVE + dt.timedelta(days=1)
    with pytest.raises(AlertError, match="https://"):
        desk.announce("ferry", by="x", header=Text(ja="x"), ends=ends, url="javascript:x")


def test_what_a_form_shows_of_trips(desk, clock):
    desk.cancel("ferry", TUESDAY, by="田中", trips=["w2"])
    clock.forward(hours=1, minutes=5)
    rows = desk.departures("ferry", TUESDAY)
    assert [(r["trip_id"], r["arrived"], r["cancelled"]) for r in rows] == [
        ("w1", True, False),
        ("w2", False, True),
        ("d1", False, False),
    ]
    assert rows[0]["origin"]["ja"] == "戸畑渡場"
    assert rows[0]["destination"]["ja"] == "若松渡場"
    assert desk.choices("ferry")["last"] == "2027-03-31"
    assert list(desk.choices("ferry")["origins"]) == ["tobata", "wakamatsu"]
