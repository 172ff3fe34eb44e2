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
from gtfs.errors import FeedUnreadable
from gtfs.feed.tables import Feed

AUTUMN = [dt.date(2026, 10, 1) + dt.timedelta(days=i) for i in range(92)]
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


@given(st.sets(st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 20)), min_size=1))
def test_no_period_and_weekdays_need_fewer_exceptions(dates):
    ours = len(calendar_tables({"s": dates})[1])
    every = [min(dates) + dt.timedelta(days=i) for i in range((max(dates) - min(dates)).days + 1)]
    for i, first in enumerate(every):
        for last in every[i:]:
            inside = [d for d in every if first <= d <= last]
            cost = sum(d not in inside for d in dates)
            for weekday in range(7):
                same = [d for d in inside if d.weekday() == weekday]
                served = sum(d in dates for d in same)
                cost += min(served, len(same) - served)
            assert ours <= cost


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
