"""One key for a run of a trip, and what a new version of the feed does to cancellations."""

from __future__ import annotations

import datetime as dt
import sqlite3
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from google.transit import gtfs_realtime_pb2 as rt

from gtfs.departures.index import build_index
from gtfs.departures.search import upcoming
from gtfs.errors import AlertError
from gtfs.feed.ids import rename
from gtfs.feed.write import write_zip
from gtfs.realtime import AlertStore, Board
from gtfs.realtime.desk import Desk
from pipeline.config.base import Text

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = "2026-11-24"
NOON = dt.datetime(2026, 11, 24, 5, tzinfo=TOKYO)
OLD_STORE = """
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, cause TEXT NOT NULL,
    effect TEXT NOT NULL, header_ja TEXT NOT NULL CHECK (header_ja <> ''), header_en TEXT NOT NULL,
    description_ja TEXT NOT NULL, description_en TEXT NOT NULL, url TEXT NOT NULL,
    routes TEXT NOT NULL, stops TEXT NOT NULL, starts INTEGER NOT NULL,
    ends INTEGER NOT NULL CHECK (ends > starts), created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL CHECK (created_by <> ''), withdrawn_at INTEGER,
    withdrawn_by TEXT NOT NULL DEFAULT '');
CREATE INDEX alert_by_feed ON alert (feed, ends);
CREATE TABLE cancelled_trip (
    alert INTEGER NOT NULL REFERENCES alert (id), date TEXT NOT NULL, departure INTEGER NOT NULL,
    arrival INTEGER NOT NULL, trip_id TEXT NOT NULL, route_id TEXT NOT NULL,
    PRIMARY KEY (alert, date, trip_id)) WITHOUT ROWID;
CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, alert INTEGER NOT NULL REFERENCES alert (id),
    at INTEGER NOT NULL, who TEXT NOT NULL, act TEXT NOT NULL);
PRAGMA user_version = 1;
"""


class Harbour:
    """A desk and what is published, which a test may exchange."""

    def __init__(self, folder, feed):
        self.folder, self.number = folder, 0
        self.store = AlertStore(folder / "alerts.sqlite")
        self.desk = Desk(self.store, self.zip_of, lambda: NOON)
        self.board = Board(self.store, self.zip_of, now=NOON.timestamp)
        self.publish(feed)

    def zip_of(self, _name):
        return self.folder / f"{self.number}.zip"

    def publish(self, feed):
        self.number += 1
        self.feed = feed.copy()
        write_zip(feed, self.zip_of("x"))

    def cancelled(self):
        message = rt.FeedMessage()
        message.ParseFromString(self.board.message("x").protobuf)
        found = [e.trip_update.trip for e in message.entity if e.HasField("trip_update")]
        return {(t.trip_id, t.start_date, t.start_time) for t in found}


@pytest.fixture
def harbour(ferry, tmp_path):
    return Harbour(tmp_path, ferry)


@pytest.fixture
def shuttle(ferry):
    """Return the ferry with one trip that runs every 20 minutes from 7 to 9."""

    def make(exact=1):
        ferry["frequencies"] = pd.DataFrame(
            {"trip_id": ["w1"], "start_time": ["07:00:00"], "end_time": ["09:00:00"],
             "headway_secs": [1200], "exact_times": [exact]}
        )  # fmt: skip
        return ferry

    return make


def later(feed, trip, seconds):
    times = feed["stop_times"]
    moved = times.trip_id == trip
    shift = moved.astype("int64") * seconds
    feed["stop_times"] = times.assign(
        arrival_time=times.arrival_time + shift, departure_time=times.departure_time + shift
    )
    return feed


# ---- ids that are used again


def test_a_cancellation_does_not_move_to_the_trip_that_got_its_id(harbour):
    harbour.desk.cancel("x", DAY, trips=["w1"], by="田中")
    harbour.publish(later(harbour.feed, "w1", 11 * 3600))
    assert harbour.cancelled() == set()
    assert harbour.board.cancelled("x") == frozenset()
    assert harbour.board.orphans("x") == {1: 1}
    (finding,) = harbour.desk.orphans("x")
    assert (finding.code, finding.severity, finding.feature) == ("alert-orphan", "warning", "1")
    assert finding.value == "2026-11-24 06:00 戸畑渡場"
    assert harbour.desk.active("x")[0]["orphans"] == 1


def test_exchanged_ids_are_followed(harbour):
    harbour.desk.cancel("x", DAY, trips=["w1"], by="田中")
    feed = harbour.feed
    rename(feed, "trip", {"w1": "w2", "w2": "w1"})
    harbour.publish(feed)
    assert harbour.cancelled() == {("w2", "20261124", "")}
    assert harbour.board.orphans("x") == {}


def test_the_same_trip_under_a_new_id_stays_cancelled_everywhere(harbour):
    harbour.desk.cancel("x", DAY, trips=["w1"], by="田中")
    feed = harbour.feed
    rename(feed, "trip", {"w1": "new"})
    rename(feed, "route", {"wakato": "r9"})
    rename(feed, "stop", {"tobata": "s1", "wakamatsu": "s2"})
    harbour.publish(feed)
    assert harbour.cancelled() == {("new", "20261124", "")}
    rows = harbour.desk.departures("x", DAY)
    assert {r["trip_id"] for r in rows if r["cancelled"]} == {"new"}


def test_two_trips_that_could_be_meant_are_none(harbour):
    harbour.desk.cancel("x", DAY, trips=["w1"], by="田中")
    feed = harbour.feed
    rename(feed, "trip", {"w1": "a"})
    feed["trips"] = pd.concat([feed["trips"], feed["trips"].iloc[[0]].assign(trip_id="b")])
    times = feed["stop_times"]
    feed["stop_times"] = pd.concat([times, times[times.trip_id == "a"].assign(trip_id="b")])
    harbour.publish(feed)
    assert harbour.cancelled() == set()
    assert harbour.board.orphans("x") == {1: 1}


def test_a_trip_that_does_not_run_on_the_day_any_more_is_an_orphan(harbour):
    harbour.desk.cancel("x", DAY, trips=["w1"], by="田中")
    feed = harbour.feed
    feed["calendar"] = feed["calendar"].assign(tuesday=[0, 1])
    harbour.publish(feed)
    assert harbour.cancelled() == set()


@pytest.mark.parametrize(("kind", "old", "other"), [("route", "wakato", "小倉航路"),
                                                   ("stop", "tobata", "馬島")])  # fmt: skip
def test_routes_and_stops_are_known_by_their_names(harbour, kind, old, other):
    ends = NOON + dt.timedelta(days=1)
    words = {"header": Text(ja="桟橋工事"), "ends": ends, "by": "田中"}
    harbour.desk.announce("x", **{f"{kind}s": [old]}, **words)
    feed = harbour.feed
    rename(feed, kind, {old: "moved"})
    harbour.publish(feed)
    message = rt.FeedMessage.FromString(harbour.board.message("x").protobuf)
    (entity,) = message.entity[0].alert.informed_entity
    assert getattr(entity, f"{kind}_id") == "moved"
    column = "route_long_name" if kind == "route" else "stop_name"
    table = feed[f"{kind}s"]
    feed[f"{kind}s"] = table.assign(**{column: [other, *table[column][1:]]})
    rename(feed, kind, {"moved": old})
    harbour.publish(feed)
    assert len(rt.FeedMessage.FromString(harbour.board.message("x").protobuf).entity) == 0
    assert harbour.board.orphans("x") == {1: 1}


# ---- trips that run every so many minutes


@pytest.mark.parametrize("exact", [0, 1])
def test_one_departure_of_many_is_cancelled_alone(harbour, shuttle, exact):
    harbour.publish(shuttle(exact))
    harbour.desk.cancel("x", DAY, trips=["w1"], starts=["7:20"], by="田中")
    assert harbour.cancelled() == {("w1", "20261124", "07:20:00")}
    index = build_index(harbour.feed)
    board = upcoming(
        index, "tobata", NOON, limit=6, cancelled=harbour.board.cancelled("x")
    ).departures
    struck = [f"{d.time:%H:%M}" for d in board if d.cancelled]
    assert struck == ["07:20"]
    assert [f"{d.time:%H:%M}" for d in board][:4] == ["07:00", "07:20", "07:40", "08:00"]


def test_a_whole_day_is_every_departure_until_the_last_arrival(harbour, shuttle):
    harbour.publish(shuttle())
    made = harbour.desk.cancel("x", DAY, trips=["w1"], by="田中")
    runs = {f"{h:02d}:{m:02d}:00" for h in (7, 8) for m in (0, 20, 40)}
    assert {start for _, _, start in harbour.cancelled()} == runs
    ends = dt.datetime.fromisoformat(made["ends"]).astimezone(TOKYO)
    assert f"{ends:%H:%M}" == "08:43"
    assert made["description"]["ja"].endswith("07:00、07:20、07:40、08:00、08:20、08:40")


def test_a_departure_can_be_named_by_trip_and_start(harbour, shuttle):
    harbour.publish(shuttle())
    names = [row["name"] for row in harbour.desk.departures("x", DAY, trips=["w1"])]
    harbour.desk.cancel("x", DAY, trips=[names[-1]], by="田中")
    assert harbour.cancelled() == {("w1", "20261124", "08:40:00")}
    with pytest.raises(AlertError, match="08:41"):
        harbour.desk.cancel("x", DAY, trips=["w1@08:41:00", "w2"], by="田中")


def test_a_second_departure_of_the_same_trip_is_no_second_cancellation(harbour, shuttle):
    harbour.publish(shuttle())
    for start in ("7:00", "7:20"):
        harbour.desk.cancel("x", DAY, trips=["w1"], starts=[start], by="田中", once=True)
    with pytest.raises(AlertError, match="cancelled before"):
        harbour.desk.cancel("x", DAY, trips=["w1"], starts=["7:20"], by="佐藤", once=True)


def test_a_headway_that_no_longer_departs_then_is_an_orphan(harbour, shuttle):
    harbour.publish(shuttle())
    harbour.desk.cancel("x", DAY, trips=["w1"], starts=["7:20"], by="田中")
    feed = harbour.feed
    feed["frequencies"] = feed["frequencies"].assign(headway_secs=1800)
    harbour.publish(feed)
    assert harbour.cancelled() == set()
    assert harbour.board.orphans("x") == {1: 1}


# ---- stores of before


@pytest.fixture
def old(harbour):
    with sqlite3.connect(harbour.store.path) as database:
        database.executescript(OLD_STORE)
        begin, end = int(NOON.timestamp()) - 60, int(NOON.timestamp()) + 86_400
        database.execute(
            "INSERT INTO alert VALUES (1, 'x', 'WEATHER', 'NO_SERVICE', '欠航', '', '', '', '',"
            " '[]', '[]', ?, ?, ?, '田中', NULL, '')",
            (begin, end, begin),
        )
        database.execute(
            "INSERT INTO cancelled_trip VALUES (1, '2026-11-24', 21600, 21780, 'w1', 'wakato')"
        )
        database.execute("INSERT INTO history VALUES (1, 1, ?, '田中', 'created')", (begin,))
    database.close()
    return harbour


def test_an_old_store_is_read_and_brought_up_to_date(old):
    assert old.cancelled() == {("w1", "20261124", "")}
    assert [act.who for act in old.store.history("x")] == ["田中"]
    old.desk.cancel("x", DAY, trips=["w2"], by="佐藤")
    assert {trip for trip, _, _ in old.cancelled()} == {"w1", "w2"}
    with sqlite3.connect(old.store.path) as database:
        tables = {r[0] for r in database.execute("SELECT name FROM sqlite_master")}
        assert "cancelled_trip" not in tables
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_cancellation_of_an_old_store_is_held_against_its_times(old):
    old.publish(later(old.feed, "w1", 3600))
    assert old.cancelled() == set()
    assert old.board.orphans("x") == {1: 1}
