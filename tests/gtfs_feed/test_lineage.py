"""Routes that were split, joined or renumbered are recognised by their trips and said in words."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.days.calendar import calendar_tables
from gtfs.diff import difference
from gtfs.feed.tables import Feed

DAYS = [dt.date(2026, 10, 1) + dt.timedelta(days=i) for i in range(60)]
STOPS = "abcdefgh"
EAST, WEST = "東線", "西線"


def feed(routes, *, shift=0):
    """Make a feed of routes: id → (name, [(stops, first hour)…]); ten minutes from stop to stop."""
    trips, times = [], []
    for route, (_, runs) in routes.items():
        for n, (stops, hour) in enumerate(runs):
            trip = f"{route}_{n}"
            trips.append((trip, route, "s", 0))
            for i, stop in enumerate(stops):
                at = int(hour * 3600) + i * 600 + shift
                times.append((trip, at, at, stop, i + 1))
    calendar, calendar_dates = calendar_tables({"s": DAYS})
    names = [(i, name, 3) for i, (name, _) in routes.items()]
    return Feed(
        {
            "stops": pd.DataFrame(
                [(s, f"停留所{s}", 33.9 + n / 100, 130.8) for n, s in enumerate(STOPS)],
                columns=["stop_id", "stop_name", "stop_lat", "stop_lon"],
            ),
            "routes": pd.DataFrame(names, columns=["route_id", "route_long_name", "route_type"]),
            "trips": pd.DataFrame(
                trips, columns=["trip_id", "route_id", "service_id", "direction_id"]
            ),
            "stop_times": pd.DataFrame(
                times,
                columns=["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"],
            ),
            "calendar": calendar,
            "calendar_dates": calendar_dates,
        }
    )


def runs(stops, *hours):
    return [(stops, hour) for hour in hours]


ONE = {"r": ("若松線", runs("abc", 6, 7, 8) + runs("efg", 6, 7))}
TWO = {"east": (EAST, runs("abc", 6, 7, 8)), "west": (WEST, runs("efg", 6, 7))}


def test_a_route_split_in_two_is_one_sentence():
    found = difference(feed(ONE), feed(TWO))
    assert found.lines("ja") == [
        "路線の分割: 若松線（5 便） → 東線（3 便）・西線（2 便）。"
        "前の 5 便のうち 5 便は停留所と時刻が同じです"
    ]
    assert found.lines("en") == [
        "route split: 若松線 (5 trips) → 東線 (3 trips) + 西線 (2 trips); "
        "of the 5 trips before, 5 have the same stops and times"
    ]


def test_two_routes_joined_into_one_is_one_sentence():
    found = difference(feed(TWO), feed(ONE))
    assert found.lines("ja") == [
        "路線の統合: 東線（3 便）・西線（2 便） → 若松線（5 便）。"
        "前の 5 便のうち 5 便は停留所と時刻が同じです"
    ]


def test_a_trip_that_both_routes_had_counts_once():
    both = {"x": (EAST, runs("abc", 6, 7)), "y": (WEST, runs("abc", 7, 8))}
    (line, *_) = difference(feed(both), feed({"r": ("若松線", runs("abc", 6, 7, 8))})).lines("ja")
    assert line.endswith("前の 3 便のうち 3 便は停留所と時刻が同じです")


def test_part_of_a_route_that_lives_on_becomes_a_route_of_its_own():
    new = {"r": ("若松線", runs("abc", 6, 7, 8)), "west": (WEST, runs("efg", 6, 7))}
    (line,) = difference(feed(ONE), feed(new)).lines("ja")
    assert line.startswith("路線の分割: 若松線（5 便） → 若松線（3 便）・西線（2 便）")


def test_a_route_taken_over_by_another_that_lives_on():
    old = {"r": ("若松線", runs("abc", 6, 7, 8)), "west": (WEST, runs("efg", 6, 7))}
    (line,) = difference(feed(old), feed(ONE)).lines("ja")
    assert line.startswith("路線の統合: 若松線（3 便）・西線（2 便） → 若松線（5 便）")


def test_a_long_line_cut_in_the_middle():
    old = {"r": ("縦貫線", runs("abcdefg", 6, 7))}
    north = [("abcd", 6), ("abcd", 7)]
    south = [("defg", 6.5), ("defg", 7.5)]
    new = {"n": ("北線", north), "s": ("南線", south)}
    lines = difference(feed(old), feed(new)).lines("ja")
    assert lines[0] == (
        "路線の分割: 縦貫線（2 便） → 北線（2 便）・南線（2 便）。"
        "前の 2 便のうち 0 便は停留所と時刻が同じです"
    )
    assert not any("新設" in line and "路線" in line for line in lines)


def test_after_a_split_only_what_passengers_notice_is_left():
    new = TWO | {"west": (WEST, runs("efg", 6, 7, 9))}
    lines = difference(feed(ONE), feed(new)).lines("ja")
    assert len(lines) == 2
    assert lines[1].endswith("毎日: 1 便増（5 → 6 便）、最終便 8:00 → 9:00、新設 1 便（9:00）")


def test_another_id_and_name_is_a_renamed_route():
    old = {"r1": ("若松線", runs("abc", 6, 7, 8))}
    new = {"x9": ("若松本線", runs("abc", 6, 7, 8))}
    assert difference(feed(old), feed(new)).lines("ja") == ["路線 1 名称変更: 若松線 → 若松本線"]


def test_a_route_renumbered_and_retimed_at_once_is_still_the_same():
    old = {"r1": ("若松線", runs("abc", 6, 7, 8))}
    new = {"x9": ("若松本線", runs("abc", 6, 7, 8))}
    lines = difference(feed(old), feed(new, shift=300)).lines("ja")
    assert lines[0] == "路線 1 名称変更: 若松線 → 若松本線"
    assert "時刻変更 3 便" in lines[1]


def test_a_new_route_along_an_old_one_is_new():
    old = {"r": ("若松線", runs("abcd", 6, 7, 8))}
    new = old | {"x": ("急行", runs("abcd", 12, 13))}
    assert difference(feed(old), feed(new)).lines("ja")[0] == "路線 1 新設: 急行"


def numbered(feed, *, swapped=False):
    """Return the feed without numbers of directions, or with the other ones."""
    other = feed.copy()
    trips = other["trips"]
    other["trips"] = trips.assign(direction_id=1) if swapped else trips.drop(columns="direction_id")
    return other


@pytest.mark.parametrize("swapped", [False, True])
def test_numbering_directions_otherwise_is_no_change(swapped):
    old = feed(TWO)
    assert difference(old, numbered(old, swapped=swapped)).changes == []
    assert difference(numbered(old, swapped=swapped), old).changes == []


def test_several_routes_of_one_name_under_other_ids_are_the_same():
    idle = {f"r{n}": ("同じ名", []) for n in range(3)}
    moved = {f"x{n}": ("同じ名", []) for n in range(3)}
    assert difference(feed(ONE | idle), feed(ONE | moved)).changes == []


def test_routes_that_share_nothing_are_one_gone_and_one_new():
    old = {"r": ("若松線", runs("abc", 6, 7))}
    new = {"x": ("戸畑線", runs("efg", 6, 7))}
    lines = difference(feed(old), feed(new)).lines("ja")
    assert lines[:2] == ["路線 1 新設: 戸畑線", "路線 1 廃止: 若松線"]


@pytest.mark.parametrize("language", ["ja", "en"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_however_trips_are_handed_out_to_new_routes_nothing_else_is_reported(language, data):
    count = data.draw(st.integers(2, 8))
    homes = [data.draw(st.integers(0, 2)) for _ in range(count)]
    trips = [("abcd"[i % 2 :], 5 + i) for i in range(count)]
    handed = {
        f"n{home}": (f"新{home}", [t for t, h in zip(trips, homes, strict=True) if h == home])
        for home in sorted(set(homes))
    }
    lines = difference(feed({"r": ("旧", trips)}), feed(handed)).lines(language)
    assert len(lines) == 1
