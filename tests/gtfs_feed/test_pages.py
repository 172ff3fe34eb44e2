"""Timetable pages: what passengers read, print and hear."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser

import pandas as pd
import pytest

from gtfs.days.calendar import calendar_tables, effective_dates
from gtfs.feed.columns import seconds
from gtfs.pages import route_sheets, timetable_pages


class Page(HTMLParser):
    """The tables of a page as rows of text, and what is wrong with its structure."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.captions, self.unscoped, self.cell, self.tags = [], [], 0, None, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th", "caption"):
            self.cell = ""
            self.unscoped += tag == "th" and "scope" not in dict(attrs)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join(self.cell.split()))
            self.cell = None
        elif tag == "caption":
            self.captions.append(" ".join(self.cell.split()))
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


@pytest.fixture
def ferry_page(ferry):
    return timetable_pages(ferry)["timetable-wakato.html"]


def test_there_is_an_index_and_a_page_for_each_route(ferry):
    pages = timetable_pages(ferry)
    assert list(pages) == ["timetable.html", "timetable-wakato.html"]
    assert 'href="timetable-wakato.html"' in pages["timetable.html"]


def test_departures_stand_by_hour_and_type_of_day(ferry_page):
    outbound, inbound = Page(ferry_page).tables
    assert outbound[0] == [
        "時 hour",
        "平日 weekdays",
        "土曜・日曜・祝日 Saturdays, Sundays and holidays",
    ]
    assert outbound[1] == ["6", "00", ""]
    assert outbound[-1] == ["24", "10", "10"]
    assert inbound[1:] == [["6", "10"]]


def test_every_table_can_be_heard(ferry_page):
    page = Page(ferry_page)
    assert len(page.captions) == len(page.tables)
    assert page.unscoped == 0
    assert "script" not in page.tags
    assert '<html lang="ja">' in ferry_page


def test_a_holiday_on_a_weekday_is_no_exception(ferry):
    """3 November is a holiday: it runs as holidays do, which needs no word."""
    direction = route_sheets(ferry)[0].directions[0]
    assert dt.date(2026, 11, 3) not in {first for first, _, _ in direction.special}


def test_days_that_differ_are_listed_with_how_they_run(ferry):
    dates = effective_dates(ferry)
    eve = {dt.date(2026, 12, 30), dt.date(2026, 12, 31)}
    new_year = dt.date(2027, 1, 2)
    services = {"weekday": dates["weekday"] - eve, "daily": dates["daily"] - {new_year}}
    ferry["calendar"], ferry["calendar_dates"] = calendar_tables(services)
    special = route_sheets(ferry)[0].directions[0].special
    said = [(str(first), str(last), getattr(how, "ja", how)) for first, last, how in special]
    assert ("2026-12-30", "2026-12-31", "土曜・日曜・祝日") in said
    assert ("2027-01-02", "2027-01-02", ()) in said
    page = timetable_pages(ferry)["timetable-wakato.html"]
    assert "「土曜・日曜・祝日」の時刻" in page
    assert "運休" in page


@pytest.fixture
def bus(ferry):
    """Return a line of five stops; the second trip skips one, the third begins at the second."""
    stops = [f"s{i}" for i in range(5)]
    ferry["stops"] = pd.DataFrame(
        {
            "stop_id": stops,
            "stop_name": [f"停留所{i}" for i in range(5)],
            "stop_lat": 33.9,
            "stop_lon": 130.8,
        }
    )
    calls = {"w1": stops, "w2": [s for s in stops if s != "s2"], "d1": stops[1:]}
    ferry["stop_times"] = pd.DataFrame(
        [
            (trip, f"{6 + n}:{10 * stops.index(s):02d}:00", s, i)
            for n, (trip, own) in enumerate(calls.items())
            for i, s in enumerate(own)
        ],
        columns=["trip_id", "departure_time", "stop_id", "stop_sequence"],
    ).assign(arrival_time=lambda rows: rows.departure_time)
    ferry["trips"] = ferry["trips"].assign(direction_id=0, service_id="daily")
    return ferry


def test_trips_across_stops_down_with_a_mark_where_it_does_not_stop(bus):
    matrix = Page(timetable_pages(bus)["timetable-wakato.html"]).tables[0]
    assert [row[0] for row in matrix[1:]] == [f"停留所{i}" for i in range(5)]
    assert matrix[1][1:] == ["6:00", "7:00", "｜"]
    assert matrix[3][1:] == ["6:20", "｜", "8:20"]


def test_a_long_day_is_broken_into_sheets_that_fit_on_paper(bus):
    trips = bus["trips"].iloc[[0]]
    times = bus["stop_times"][bus["stop_times"].trip_id == "w1"]
    many = [f"m{i}" for i in range(30)]
    bus["trips"] = pd.concat([trips.assign(trip_id=name) for name in many])
    bus["stop_times"] = pd.concat(
        [
            times.assign(
                trip_id=name,
                departure_time=times.departure_time + 600 * i,
                arrival_time=times.arrival_time + 600 * i,
            )
            for i, name in enumerate(many)
        ]
    )
    page = Page(timetable_pages(bus)["timetable-wakato.html"])
    widths = [len(table[0]) - 1 for table in page.tables if table[0][0].startswith("停留所")]
    assert widths == [12, 12, 6]


def test_a_loop_shows_its_first_stop_twice(bus):
    loop = bus["stop_times"][bus["stop_times"].trip_id == "w1"].copy()
    loop.loc[loop.index[-1], "stop_id"] = "s0"
    bus["stop_times"] = loop
    bus["trips"] = bus["trips"].iloc[[0]]
    direction = route_sheets(bus)[0].directions[0]
    assert [stop.id for stop in direction.stops] == ["s0", "s1", "s2", "s3", "s0"]
    assert direction.days[0].trips[0][4] == seconds("6:40:00")


def test_names_cannot_break_the_page(bus):
    bus["stops"] = bus["stops"].assign(stop_name="<script>alert(1)</script>")
    assert "script" not in Page(timetable_pages(bus)["timetable-wakato.html"]).tags


def test_a_sample_says_so_on_every_page(bus):
    assert all("見本のデータ" in page for page in timetable_pages(bus, sample=True).values())
    assert not any("見本のデータ" in page for page in timetable_pages(bus).values())


@pytest.mark.real
def test_every_departure_of_a_real_feed_is_on_paper(transit):
    from gtfs.feed.read import read_feed

    feed = read_feed(transit / "gtfs-jp-2019" / "town_tateyama_gtfs.zip").feed
    for sheet in route_sheets(feed):
        own = feed["trips"][feed["trips"].route_id == sheet.route.id].trip_id
        times = feed["stop_times"][feed["stop_times"].trip_id.isin(own)].dropna(
            subset="departure_time"
        )
        printed = {
            t
            for d in sheet.directions
            for day in d.days
            for trip in day.trips
            for t in trip.values()
        }
        alone = any(
            isinstance(how, tuple) and how for d in sheet.directions for *_, how in d.special
        )
        assert printed <= set(times.departure_time)
        assert alone or printed == set(times.departure_time), sheet.route.id


def test_rides_to_be_booked_say_when_where_and_how(ferry):
    ferry["location_groups"] = pd.DataFrame(
        {"location_group_id": ["west"], "location_group_name": ["西地区の乗り場"]}
    )
    ferry["booking_rules"] = pd.DataFrame(
        {
            "booking_rule_id": ["phone"],
            "booking_type": [1],
            "message": ["30分前までに電話で"],
            "phone_number": ["093-000-0000"],
        }
    )
    ferry.locations = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "id": "zone", "properties": {"stop_name": "山手"}}],
    }
    ferry["stop_times"] = pd.DataFrame(
        {
            "trip_id": ["w1", "w1"],
            "stop_sequence": [1, 2],
            "location_group_id": ["west", ""],
            "location_id": ["", "zone"],
            "start_pickup_drop_off_window": ["9:00:00", "9:00:00"],
            "end_pickup_drop_off_window": ["16:00:00", "16:00:00"],
            "pickup_booking_rule_id": ["phone", ""],
        }
    )
    ferry["trips"] = ferry["trips"].iloc[[0]]
    table = Page(timetable_pages(ferry)["timetable-wakato.html"]).tables[0]
    days, hours, area, booking = table[1]
    assert days.startswith("平日")
    assert (hours, area) == ("9:00～16:00", "西地区の乗り場、山手")
    assert booking == "30分前までに電話で 093-000-0000"
