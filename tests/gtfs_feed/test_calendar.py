"""Dates of services to calendar files and back."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.days.calendar import (
    calendar_tables,
    effective_dates,
    national_holidays,
    read_holiday_table,
    shortest_form,
)
from gtfs.days.types import each_day
from gtfs.errors import FeedUnreadable
from gtfs.feed.tables import Feed

AUTUMN = [dt.date(2026, 10, 1) + dt.timedelta(days=i) for i in range(92)]
NEW_YEAR = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
HOLIDAYS = national_holidays(AUTUMN[0], AUTUMN[-1])


def feed_of(services):
    calendar, calendar_dates = calendar_tables(services)
    return Feed({"calendar": calendar, "calendar_dates": calendar_dates})


def test_weekdays_without_holidays_need_one_exception_per_holiday():
    weekdays = [d for d in AUTUMN if d.weekday() < 5 and d not in HOLIDAYS]
    calendar, exceptions = calendar_tables({"w": weekdays})
    assert calendar.iloc[0, 1:8].tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert exceptions.date.tolist() == ["20261012", "20261103", "20261123"]
    assert set(exceptions.exception_type) == {2}


def test_sundays_and_holidays_name_the_holidays():
    days = [d for d in AUTUMN if d.weekday() == 6 or d in HOLIDAYS]
    calendar, exceptions = calendar_tables({"h": days})
    assert calendar.iloc[0, 1:8].tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert exceptions.exception_type.tolist() == [1, 1, 1]


def test_one_far_day_does_not_stretch_the_period():
    summer = [dt.date(2026, 7, 1) + dt.timedelta(days=i) for i in range(31)]
    first, last, flags = shortest_form([*summer, dt.date(2026, 12, 31)])
    assert (first, last) == (summer[0], summer[-1])
    assert all(flags)


def test_event_days_have_a_calendar_row_without_weekdays():
    calendar, exceptions = calendar_tables({"fireworks": [dt.date(2026, 8, 13)]})
    assert len(calendar) == 1
    assert len(exceptions) <= 1
    assert effective_dates(feed_of({"fireworks": [dt.date(2026, 8, 13)]})) == {
        "fireworks": frozenset({dt.date(2026, 8, 13)})
    }


def test_a_service_without_dates_is_refused():
    with pytest.raises(ValueError, match="'never' runs on no date"):
        calendar_tables({"never": []})


def test_effective_dates_follow_the_exceptions(ferry):
    dates = effective_dates(ferry)
    assert dt.date(2026, 11, 3) not in dates["weekday"]
    assert dt.date(2026, 11, 3) in dates["daily"]
    assert dt.date(2026, 11, 4) in dates["weekday"]
    assert max(dates["daily"]) == dt.date(2027, 3, 31)


def test_a_bad_date_is_named_by_file_and_row():
    frame = pd.DataFrame({"service_id": ["a"], "date": ["2026/11/3"], "exception_type": [1]})
    with pytest.raises(FeedUnreadable, match=r"calendar_dates.txt row 2: '2026/11/3'"):
        effective_dates(Feed({"calendar_dates": frame}))


days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 6, 30))


@given(st.dictionaries(st.sampled_from("abc"), st.sets(days, min_size=1), min_size=1))
def test_any_dates_come_back_the_same(services):
    assert effective_dates(feed_of(services)) == {s: frozenset(d) for s, d in services.items()}


@given(st.sets(days, min_size=1))
def test_a_weekday_is_flagged_only_where_it_runs_on_most_of_its_days(dates):
    first, last, flags = shortest_form(dates)
    for weekday in range(7):
        same = [d for d in each_day(first, last) if d.weekday() == weekday]
        runs = 2 * sum(d in dates for d in same) > len(same)
        assert not flags[weekday] or runs
    assert 2 * sum(first <= d <= last for d in dates) >= len(dates)


@given(st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 1)), st.integers(29, 200))
def test_a_service_of_sundays_and_holidays_says_sunday_whenever_it_begins(first, length):
    last = first + dt.timedelta(days=length)
    closed = {d for d in each_day(first, last) if (d.month, d.day) in NEW_YEAR}
    holidays = set(national_holidays(first, last)) | closed
    dates = {d for d in each_day(first, last) if d.weekday() == 6 or d in holidays}
    calendar, _ = calendar_tables({"s": dates}, {"s": [6]})
    assert set(calendar.iloc[0, 1:7]) == {0}
    assert calendar.sunday.iloc[0] == 1
    assert effective_dates(feed_of({"s": dates})) == {"s": frozenset(dates)}


def test_the_days_around_new_year_do_not_stand_for_a_service_of_sundays():
    span = list(each_day(dt.date(2026, 12, 1), dt.date(2027, 1, 15)))
    closed = {d for d in span if (d.month, d.day) in NEW_YEAR}
    dates = {d for d in span if d.weekday() == 6 or d in closed or d in HOLIDAYS}
    first, last, flags = shortest_form(dates)  # what a feed made elsewhere gives: dates alone
    assert flags == (False,) * 6 + (True,)
    assert (first, last) == (min(dates), max(dates))


def test_single_days_all_over_a_century_are_written_at_once():
    dates = {dt.date(1950, 1, 1) + dt.timedelta(days=40 * i) for i in range(1000)}
    assert effective_dates(feed_of({"s": dates})) == {"s": frozenset(dates)}


@pytest.mark.real
def test_holidays_agree_with_the_cabinet_office(transit):
    table = read_holiday_table(transit / "workbooks" / "syukujitsu.csv")
    recent = {d: name for d, name in table.items() if d >= dt.date(2016, 1, 1)}
    assert max(recent) >= dt.date(2027, 1, 1)
    ours = national_holidays(dt.date(2016, 1, 1), dt.date(max(recent).year, 12, 31))
    assert set(ours) == set(recent)


@pytest.mark.real
def test_rewritten_calendars_of_real_feeds_keep_every_date(transit):
    from gtfs.feed.read import read_feed

    for path in sorted(transit.glob("gtfs-jp-2019/*.zip")):
        feed = read_feed(path).feed
        dates = {s: d for s, d in effective_dates(feed).items() if d}
        assert effective_dates(feed_of(dates)) == dates, path.name
        _, exceptions = calendar_tables(dates)
        before = len(feed.table("calendar_dates"))
        assert len(exceptions) <= before, path.name
