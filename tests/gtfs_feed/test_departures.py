"""Next departures, beside a calculation that shares no code with them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import zipfile
from collections import defaultdict
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.departures import Timetables, build_index, upcoming
from gtfs.feed.tables import Feed
from gtfs.feed.write import write_zip

TOKYO = ZoneInfo("Asia/Tokyo")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def told(index, stop, when, **how):
    """Departures as "day clock trip", the day only where it is not the day asked about."""
    how = how or {"limit": 3}
    found = upcoming(index, stop, at(when), **how).departures
    return [
        f"{d.time:%H:%M} {d.trip_id}" if f"{d.time:%Y-%m-%d}" == when[:10]
        else f"{d.time:%m-%d %H:%M} {d.trip_id}"
        for d in found
    ]  # fmt: skip


@pytest.fixture
def index(ferry):
    return build_index(ferry)


def test_departures_come_in_order_of_time(index):
    assert told(index, "tobata", "2026-11-24T05:00", limit=2) == ["06:00 w1", "11-25 00:10 d1"]


def test_a_boat_at_2410_leaves_ten_past_midnight_of_the_next_day(index):
    (late,) = upcoming(index, "tobata", at("2026-11-25T00:05"), limit=1).departures
    assert (late.time, late.date) == (at("2026-11-25T00:10"), dt.date(2026, 11, 24))
    assert told(index, "tobata", "2026-11-25T00:11", limit=1) == ["06:00 w1"]


def test_a_boat_that_leaves_this_second_is_still_shown(index):
    assert told(index, "tobata", "2026-11-24T06:00", limit=1) == ["06:00 w1"]


def test_a_holiday_taken_out_of_the_calendar_has_no_weekday_sailing(index):
    """3 November 2026, 文化の日, is a Tuesday and removed by calendar_dates."""
    assert told(index, "wakamatsu", "2026-11-03T00:00", limit=1) == ["11-04 06:10 w2"]


def test_where_a_trip_ends_nothing_departs(index):
    assert told(index, "wakamatsu", "2026-11-24T00:00", limit=1) == ["06:10 w2"]


def test_where_boarding_is_not_allowed_nothing_departs(ferry):
    ferry["stop_times"] = ferry["stop_times"].assign(pickup_type=1)
    found = upcoming(build_index(ferry), "tobata", at("2026-11-24T05:00"), limit=5)
    assert found.departures == ()
    assert not found.boarding


def test_the_end_of_the_timetable_is_said(index):
    found = upcoming(index, "tobata", at("2027-04-02T08:00"), limit=5)
    assert found.departures == ()
    assert (found.first, found.last) == (dt.date(2026, 10, 1), dt.date(2027, 3, 31))
    assert told(index, "tobata", "2027-03-31T23:00") == ["04-01 00:10 d1"]  # of the last day


def test_nothing_is_told_beyond_what_the_feed_answers_for(ferry):
    ferry["feed_info"] = ferry["agency"][[]].assign(
        feed_publisher_name="x", feed_start_date="20261110", feed_end_date="20261124"
    )
    index = build_index(ferry)
    assert told(index, "wakamatsu", "2026-11-24T05:00") == ["06:10 w2"]
    assert told(index, "wakamatsu", "2026-11-01T05:00", limit=1) == ["11-10 06:10 w2"]


def test_cancelled_departures_are_listed_beside_those_that_run(index):
    storm = {(dt.date(2026, 11, 24), "w1", -1)}
    found = upcoming(index, "tobata", at("2026-11-24T05:00"), limit=1, cancelled=storm)
    assert [(d.trip_id, d.cancelled) for d in found.departures] == [("w1", True), ("d1", False)]


def test_a_stop_shows_the_departures_of_all_its_poles(ferry):
    stops = ferry["stops"].assign(parent_station="port", platform_code=["1", "2"])
    port = pd.DataFrame({"stop_id": ["port"], "stop_name": ["港"], "location_type": [1]})
    ferry["stops"] = pd.concat([stops, port], ignore_index=True)
    index = build_index(ferry)
    found = upcoming(index, "port", at("2026-11-24T05:00"), limit=3).departures
    assert [(d.trip_id, d.platform) for d in found] == [("w1", "1"), ("w2", "2"), ("d1", "1")]
    assert index.stops["tobata"].parent == "port"


def test_trips_by_frequency_are_written_out(ferry):
    ferry["frequencies"] = pd.DataFrame(
        {
            "trip_id": ["w2"],
            "start_time": ["10:00:00"],
            "end_time": ["10:50:00"],
            "headway_secs": [1500],
        }
    )
    index = build_index(ferry)
    assert told(index, "wakamatsu", "2026-11-24T05:00") == [
        "10:00 w2", "10:25 w2", "11-25 10:00 w2"
    ]  # fmt: skip
    assert upcoming(index, "wakamatsu", at("2026-11-24T05:00"), limit=1).departures[0].approximate


def test_a_stop_without_time_lies_between_its_neighbours(ferry):
    times = ferry["stop_times"]
    between = pd.DataFrame({"trip_id": ["w1"], "stop_id": ["wakamatsu"], "stop_sequence": [2]})
    times.loc[(times.trip_id == "w1") & (times.stop_sequence == 2), "stop_sequence"] = 3
    ferry["stop_times"] = pd.concat([times, between], ignore_index=True)
    first = upcoming(build_index(ferry), "wakamatsu", at("2026-11-24T05:00"), limit=1)
    assert first.departures[0].time == at("2026-11-24T06:01:30")
    assert first.departures[0].approximate


def test_where_clocks_change_service_time_counts_from_noon(ferry):
    ferry["agency"] = ferry["agency"].assign(agency_timezone="Europe/Berlin")
    ferry["calendar"] = ferry["calendar"].assign(end_date="20270630")
    found = upcoming(
        build_index(ferry), "tobata",
        dt.datetime(2027, 3, 28, 1, tzinfo=ZoneInfo("Europe/Berlin")), limit=1,
    )  # fmt: skip
    # 24:10 of Sunday, when clocks were put forward, is ten past midnight on Monday.
    assert f"{found.departures[0].time:%Y-%m-%d %H:%M}" == "2027-03-29 00:10"


def test_a_new_feed_is_read_when_it_is_published_and_only_then(ferry, tmp_path):
    archive = tmp_path / "f.zip"
    write_zip(ferry, archive)
    tables = Timetables({"f": archive}.__getitem__, lambda feed: ())
    before = tables.stops("f")
    assert tables.stops("f") is before
    write_zip(ferry, archive)
    assert tables.stops("f") is not before
    with pytest.raises(KeyError):
        tables.stops("g")


# An independent calculation: text, dictionaries and loops, no pandas, no index. ------------------


def rows_of(archive, table):
    with zipfile.ZipFile(archive) as packed:
        if f"{table}.txt" not in packed.namelist():
            return []
        text = packed.read(f"{table}.txt").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def plain_clock(text):
    hours, minutes, seconds = text.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


class Plain:
    """Departures by brute force from the text of a feed."""

    def __init__(self, archive):
        self.removed, self.added = defaultdict(set), defaultdict(set)
        for row in rows_of(archive, "calendar_dates"):
            kind = self.added if row["exception_type"] == "1" else self.removed
            kind[row["service_id"]].add(row["date"])
        self.weekly = {row["service_id"]: row for row in rows_of(archive, "calendar")}
        self.service = {row["trip_id"]: row["service_id"] for row in rows_of(archive, "trips")}
        calls = defaultdict(list)
        for row in rows_of(archive, "stop_times"):
            calls[row["trip_id"]].append(row)
        self.leaving = defaultdict(list)
        for trip, stops in calls.items():
            stops.sort(key=lambda row: int(row["stop_sequence"]))
            for row in stops[:-1]:
                if row.get("pickup_type") != "1":
                    self.leaving[row["stop_id"]].append((plain_clock(row["departure_time"]), trip))
        info = rows_of(archive, "feed_info") or [{}]
        self.start = info[0].get("feed_start_date") or "00000000"
        self.end = info[0].get("feed_end_date") or "99999999"

    def runs(self, service, day):
        text = f"{day:%Y%m%d}"
        if text in self.removed[service] or not self.start <= text <= self.end:
            return False
        if text in self.added[service]:
            return True
        row = self.weekly.get(service)
        return (
            row is not None
            and row["start_date"] <= text <= row["end_date"]
            and row[day.strftime("%A").lower()] == "1"
        )

    def next(self, stop, when, days=12):
        found = []
        for ahead in range(-2, days):
            day = when.date() + dt.timedelta(days=ahead)
            midnight = dt.datetime.combine(day, dt.time(), tzinfo=TOKYO)  # no summer time here
            for seconds, trip in self.leaving[stop]:
                moment = midnight + dt.timedelta(seconds=seconds)
                if moment >= when and self.runs(self.service[trip], day):
                    found.append((moment, trip))
        return sorted(found)


def compare(archive, questions, seed):
    plain, tables = Plain(archive), Timetables(lambda name: archive, lambda name: ())
    index = tables._index("feed")
    chance, answered = random.Random(seed), 0
    stops = sorted(plain.leaving)
    span = (index.last - index.first).days
    for _ in range(questions):
        stop = chance.choice(stops)
        day = index.first + dt.timedelta(days=chance.randint(-1, span + 1))
        when = dt.datetime.combine(day, dt.time(), tzinfo=TOKYO) + dt.timedelta(
            minutes=chance.choice([0, 5, 10, 59, *range(240, 1440, 7)])
        )
        reach = when + dt.timedelta(days=11)
        wanted = [w for w in plain.next(stop, when) if w[0] < reach]
        found = tables.upcoming("feed", stop, when, limit=8).departures
        got = sorted((d.time, d.trip_id) for d in found)
        # Which of several at one moment comes eighth is open: compare up to the ninth moment.
        horizon = wanted[8][0] if len(wanted) > 8 else reach
        assert [g for g in got if g[0] < horizon] == [w for w in wanted if w[0] < horizon]
        answered += len(got)
    assert answered > questions
    return answered


@pytest.mark.real
def test_the_citys_ferry_departs_when_its_feed_says(transit):
    compare(transit / "kitakyushu-ferry/401005_shieitosengtfs.zip", 300, seed=1)


@pytest.mark.real
@pytest.mark.parametrize(
    "name",
    ["402303tosengtfs.zip", "077434.zip", "GFTS_hekinan.zip", "gtfs.1024.tatebayashishi_com.zip"],
)
def test_other_cities_depart_when_their_feeds_say(transit, name):
    compare(transit / "gtfs-jp-2019" / name, 60, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wakato_ferry", "wakamatsu_bus"])
def test_the_sample_departs_when_its_feeds_say(sample_data, name):
    compare(sample_data / f"releases/current/feeds/{name}/{name}.zip", 200, seed=3)


def test_rides_that_are_booked_depart_from_no_stop(transit):
    from gtfs.feed.read import read_feed

    index = build_index(read_feed(transit / "vbb-flex").feed)
    assert index.stops
    assert len(index.seconds) == 0


def many_trips(minutes):
    trips = pd.DataFrame(
        {"route_id": "r", "service_id": "s", "trip_id": [f"t{i}" for i in range(len(minutes))]}
    )
    times = pd.concat(
        [
            pd.DataFrame(
                {
                    "trip_id": trips.trip_id,
                    "stop_id": stop,
                    "stop_sequence": number,
                    "departure_time": [m * 60 + number * 60 for m in minutes],
                }
            )
            for number, stop in enumerate("ab")
        ]
    )
    flags = {
        d: [1]
        for d in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    }
    return Feed(
        {
            "agency": pd.DataFrame({"agency_timezone": ["Asia/Tokyo"]}),
            "stops": pd.DataFrame({"stop_id": ["a", "b"], "stop_name": ["A", "B"]}),
            "routes": pd.DataFrame({"route_id": ["r"], "route_long_name": ["R"]}),
            "trips": trips,
            "stop_times": times,
            "calendar": pd.DataFrame(
                {"service_id": ["s"], **flags, "start_date": "20261101", "end_date": "20261130"}
            ),
        }
    )


@given(
    minutes=st.lists(st.integers(0, 50 * 60), min_size=1, max_size=12),
    asked=st.integers(0, 29 * 24 * 60),
    limit=st.integers(1, 20),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_times_the_next_ones_are_found_in_order(minutes, asked, limit):
    """Trips of up to fifty hours after midnight: two service days reach into one."""
    index = build_index(many_trips(minutes))
    when = dt.datetime(2026, 11, 1, tzinfo=TOKYO) + dt.timedelta(minutes=asked)
    everything = sorted(
        dt.datetime(2026, 11, day, tzinfo=TOKYO) + dt.timedelta(minutes=minute)
        for day in range(1, 31)
        for minute in minutes
    )
    wanted = [moment for moment in everything if moment >= when][:limit]
    found = upcoming(index, "a", when, limit=limit).departures
    assert [departure.time for departure in found] == wanted
