"""The difference of two feeds says what passengers will notice, and nothing else."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest

from gtfs.days.calendar import calendar_tables, effective_dates, national_holidays
from gtfs.diff import difference
from gtfs.feed.tables import Feed

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2027, 3, 31)
DAYS = [FIRST + dt.timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
HOLIDAYS = set(national_holidays(FIRST, LAST))
WEEKDAYS = [d for d in DAYS if d.weekday() < 5 and d not in HOLIDAYS]
SATURDAYS = [d for d in DAYS if d.weekday() == 5 and d not in HOLIDAYS]
RED = [d for d in DAYS if d.weekday() == 6 or d in HOLIDAYS]

STOPS = {
    "tobata": ("戸畑渡場", 33.901292, 130.818836),
    "wakamatsu": ("若松渡場", 33.902258, 130.81444),
}


def clock(text):
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def feed(timetables, *, stops=STOPS, prefix="", fare=100, crossing=180):
    """Make a feed of one route outbound from (dates, departures) pairs."""
    services, trips, times = {}, [], []
    for n, (dates, departures) in enumerate(timetables):
        services[f"{prefix}s{n}"] = dates
        for text in departures:
            trip = f"{prefix}t{len(trips)}"
            trips.append((trip, f"{prefix}s{n}"))
            for i, stop in enumerate(stops):
                at = clock(text) + i * crossing
                times.append((trip, at, at, stop, i + 1))
    calendar, calendar_dates = calendar_tables(services)
    frame = pd.DataFrame(trips, columns=["trip_id", "service_id"])
    columns = ["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]
    return Feed(
        {
            "stops": pd.DataFrame(
                [(s, *facts) for s, facts in stops.items()],
                columns=["stop_id", "stop_name", "stop_lat", "stop_lon"],
            ),
            "routes": pd.DataFrame(
                {"route_id": ["r"], "route_long_name": ["若戸航路"], "route_type": [4]}
            ),
            "trips": frame.assign(route_id="r", direction_id=0),
            "stop_times": pd.DataFrame(times, columns=columns),
            "calendar": calendar,
            "calendar_dates": calendar_dates,
            "fare_attributes": pd.DataFrame({"fare_id": ["f"], "price": [fare]}),
        }
    )


USUAL = ["6:00", "7:00", "21:40"]


@pytest.fixture
def old():
    return feed([(WEEKDAYS, USUAL), (SATURDAYS, USUAL), (RED, USUAL)])


def test_the_same_service_under_other_ids_and_days_coded_otherwise_is_no_change(old):
    merged = feed([(DAYS, USUAL)], prefix="x")
    assert difference(old, merged).lines("ja") == ["変わったところはありません"]
    assert difference(old, merged).lines("en") == ["nothing has changed"]


def test_more_trips_on_saturdays_and_a_later_last_trip(old):
    new = feed(
        [(WEEKDAYS + RED, USUAL), (SATURDAYS, ["6:00", "7:00", "8:00", "9:00", "10:00", "22:05"])]
    )
    assert difference(old, new).lines("ja") == [
        "若戸航路（戸畑渡場 → 若松渡場） 土曜: 3 便増（3 → 6 便）、最終便 21:40 → 22:05、"
        "時刻変更 1 便（21:40 → 22:05）、新設 3 便（8:00、9:00、10:00）"
    ]
    assert difference(old, new).lines("en") == [
        "若戸航路 (戸畑渡場 → 若松渡場), Saturdays: trips 3 → 6 (+3), last trip 21:40 → 22:05, "
        "retimed (1): 21:40 → 22:05, new (3): 8:00, 9:00, 10:00"
    ]


def test_days_with_the_same_change_are_named_together(old):
    new = feed([(WEEKDAYS, USUAL), (SATURDAYS + RED, USUAL[:2])])
    (line,) = difference(old, new).lines("ja")
    assert line.startswith("若戸航路（戸畑渡場 → 若松渡場） 土曜・日曜・祝日: 1 便減（3 → 2 便）")


def test_a_change_from_a_date_on_names_the_date(old):
    later = [d for d in WEEKDAYS if d >= dt.date(2027, 2, 1)]
    sooner = [d for d in WEEKDAYS if d < dt.date(2027, 2, 1)]
    new = feed([(sooner + SATURDAYS + RED, USUAL), (later, [*USUAL, "23:00"])])
    (line,) = difference(old, new).lines("ja")
    assert "平日（2027-02-01 から）: 1 便増" in line


def test_a_single_day_is_named_by_its_date(old):
    eve = dt.date(2026, 12, 31)
    new = feed([([d for d in DAYS if d != eve], USUAL)])
    (line,) = difference(old, new).lines("ja")
    assert line == "若戸航路（戸畑渡場 → 若松渡場） 2026-12-31（木）: 運行なしに（3 便減）"


def test_days_with_exceptions_are_named_as_a_rule(old):
    """New Year's Eve, a Thursday, runs like a Saturday from now on, and Saturdays run less."""
    eve = dt.date(2026, 12, 31)
    new = feed([([d for d in WEEKDAYS if d != eve] + RED, USUAL), ([*SATURDAYS, eve], USUAL[:2])])
    (line,) = difference(old, new).lines("ja")
    assert "土曜と 2026-12-31（木）: 1 便減" in line
    busy = feed(
        [([d for d in WEEKDAYS if d != eve], [*USUAL, "9:00"]), ([*SATURDAYS, *RED, eve], USUAL)]
    )
    (line,) = difference(old, busy).lines("ja")
    assert "平日（2026-12-31（木）を除く）: 1 便増" in line


def test_a_feed_that_follows_is_compared_with_what_was_usual(old):
    days = [dt.date(2027, 4, 1) + dt.timedelta(days=i) for i in range(28)]
    lines = difference(old, feed([(days, ["6:00", "7:10", "21:40"])])).lines("ja")
    assert lines[0] == "運行日の範囲: 2026-10-01～2027-03-31 → 2027-04-01～2027-04-28"
    assert "重ならない" in lines[1]
    assert lines[2].endswith("毎日: 時刻変更 1 便（7:00 → 7:10）")


def test_times_under_way_count(old):
    new = feed([(DAYS, USUAL)], crossing=240)
    (line,) = difference(old, new).lines("ja")
    assert "6:00 発の途中時刻" in line


def test_a_stop_that_moves_is_named_with_its_distance(old):
    moved = STOPS | {"wakamatsu": ("若松渡場", 33.902258 + 40 / 111195, 130.81444)}
    assert difference(old, feed([(DAYS, USUAL)], stops=moved)).lines("ja") == [
        "停留所 1 移設: 若松渡場（40 m）"
    ]


def test_a_renamed_stop_is_the_same_stop(old):
    renamed = STOPS | {"wakamatsu": ("若松港", 33.902258, 130.81444)}
    assert difference(old, feed([(DAYS, USUAL)], stops=renamed)).lines("en") == [
        "stops renamed (1): 若松渡場 → 若松港"
    ]


def test_a_stop_under_another_id_is_reported_but_its_trips_are_the_same(old):
    other = {"tobata": STOPS["tobata"], "W2": STOPS["wakamatsu"]}
    changes = difference(old, feed([(DAYS, USUAL)], stops=other)).changes
    assert [c.code for c in changes] == ["stop-id-changed"]


def test_new_and_withdrawn_stops_are_listed(old):
    other = STOPS | {"umashima": ("馬島", 33.97, 130.85)}
    codes = [c.code for c in difference(old, feed([(DAYS, USUAL)], stops=other)).changes]
    assert codes == ["stop-added", "timetable"]
    codes = [c.code for c in difference(feed([(DAYS, USUAL)], stops=other), old).changes]
    assert codes == ["stop-removed", "timetable"]


def test_fares_are_compared_by_price(old):
    assert difference(old, feed([(DAYS, USUAL)], fare=120)).lines("ja") == [
        "運賃改定 1 区間: 全線 100 → 120 円"
    ]


def test_fares_between_zones_are_named_by_stops(old):
    def zoned(price, zone):
        new = feed([(DAYS, USUAL)], fare=price)
        new["stops"] = new["stops"].assign(zone_id=[f"{zone}1", f"{zone}2"])
        rule = {"fare_id": ["f"], "origin_id": [f"{zone}1"], "destination_id": [f"{zone}2"]}
        new["fare_rules"] = pd.DataFrame(rule)
        return new

    assert difference(zoned(100, "a"), zoned(100, "b")).changes == []
    assert difference(zoned(100, "a"), zoned(150, "b")).lines("en") == [
        "fares changed (1): 戸畑渡場 – 若松渡場 100 → 150 yen"
    ]


def test_english_names_are_used_where_the_feed_has_them(old):
    new = feed([(DAYS, USUAL)], stops=STOPS | {"wakamatsu": ("若松港", 33.902258, 130.81444)})
    words = {"table_name": "stops", "field_name": "stop_name", "language": "en"}
    for version, name in ((old, "Wakamatsu Pier"), (new, "Wakamatsu Port")):
        rows = [words | {"record_id": "wakamatsu", "translation": name}]
        version["translations"] = pd.DataFrame(rows)
    assert difference(old, new).lines("en") == [
        "stops renamed (1): Wakamatsu Pier → Wakamatsu Port"
    ]


def test_json_holds_every_trip_where_the_sentence_names_some(old):
    many = [f"{hour}:30" for hour in range(7, 19)]
    document = json.loads(difference(old, feed([(DAYS, USUAL + many)])).as_json())
    (change,) = document["changes"]
    assert change["added"] == many
    assert change["trips"] == {"old": 3, "new": 15}
    assert "ほか 7 件" in change["ja"]


@pytest.mark.real
def test_a_real_feed_with_everything_recoded_has_no_difference(transit):
    from gtfs.feed.read import read_feed

    path = transit / "gtfs-jp-2019" / "satukibus_kbus.zip"
    old, new = read_feed(path).feed, read_feed(path).feed
    dates = {f"n{s}": d for s, d in effective_dates(old).items() if d}
    new["calendar"], new["calendar_dates"] = calendar_tables(dates)
    new["trips"] = new["trips"].assign(
        service_id="n" + new["trips"].service_id, trip_id="n" + new["trips"].trip_id
    )
    new["stop_times"] = new["stop_times"].assign(trip_id="n" + new["stop_times"].trip_id)
    assert difference(old, new).changes == []


@pytest.mark.real
def test_a_withdrawn_trip_of_the_real_ferry_is_found(transit):
    from gtfs.feed.read import read_feed

    path = transit / "kitakyushu-ferry" / "401005_shieitosengtfs.zip"
    old, new = read_feed(path).feed, read_feed(path).feed
    trips = new["trips"]
    gone = trips.trip_id.iloc[10]
    new["trips"] = trips[trips.trip_id != gone]
    new["stop_times"] = new["stop_times"][new["stop_times"].trip_id != gone]
    changes = difference(old, new).changes
    assert {c.area for c in changes} == {"timetable"}
    assert all(len(c.data["removed"]) == 1 and not c.data["added"] for c in changes)
