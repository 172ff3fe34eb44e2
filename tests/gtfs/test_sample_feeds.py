"""Every feed of the sample: no errors, everything reconciled, every validator content."""

import datetime as dt

import pytest

from gtfs.build.feed import build_feed
from gtfs.days.calendar import effective_dates
from gtfs.feed.columns import clock
from gtfs.feed.write import members, write_zip
from gtfs.validate import validate
from pipeline.config.feeds import Feed
from pipeline.findings import Severity

NAMES = ["wakato_ferry", "wakamatsu_bus", "takatoyama_odekake"]


@pytest.fixture(scope="module")
def built(sample_declaration, publisher, root):
    return {
        name: build_feed(
            name, Feed.model_validate(sample_declaration[name]), root=root, publisher=publisher
        )
        for name in NAMES
    }


def test_the_sample_declares_these_feeds(sample_declaration):
    assert list(sample_declaration) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_everything_in_the_sources_is_in_the_feed(built, name):
    counts = built[name].reconciliation
    assert [f.line("en") for f in built[name].findings if f.severity is Severity.ERROR] == []
    assert counts.time_cells == counts.time_cells_matched > 0
    assert counts.stop_times == counts.stop_times_matched
    assert counts.fare_cells == counts.fare_cells_matched > 0
    assert counts.service_days == counts.service_days_matched > 0


@pytest.mark.parametrize("name", NAMES)
def test_no_validator_finds_an_error(built, name, tmp_path):
    write_zip(built[name].tables, tmp_path / f"{name}.zip")
    found = validate(tmp_path / f"{name}.zip", on=dt.date(2026, 11, 23)).findings()
    assert [f.line("en") for f in found if f.severity is Severity.ERROR] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_second_build_gives_the_same_bytes(
    built, name, sample_declaration, publisher, root, tmp_path
):
    feed = Feed.model_validate(sample_declaration[name])
    again = build_feed(name, feed, root=root, publisher=publisher)
    assert members(again.tables) == members(built[name].tables)


@pytest.mark.parametrize("name", NAMES)
def test_every_id_is_ascii(built, name):
    for table, frame in built[name].tables.items():
        for column in (c for c in frame.columns if c.endswith("_id")):
            assert all(str(v).isascii() for v in frame[column]), f"{table}.{column}"


def test_a_name_nobody_confirmed_is_told_once_for_all_its_poles(built):
    found = [f for f in built["wakamatsu_bus"].findings if f.code == "reading-unconfirmed"]
    assert [(f.value, f.count) for f in found] == [("すたらしみんせんたー", 3)]


def test_the_last_bus_arrives_after_midnight_on_its_own_day(built):
    times = built["wakamatsu_bus"].tables["stop_times"]
    last = times[times["trip_id"] == "machimeguri_1_weekday_not_obon_2340"]
    assert clock(last["arrival_time"].max()) == "24:10:00"


def test_the_bus_waits_at_fukamachi(built):
    times = built["wakamatsu_bus"].tables["stop_times"]
    [call] = times[
        (times["trip_id"] == "machimeguri_0_weekday_0910") & (times["stop_id"] == "W05-1")
    ].itertuples()
    assert (clock(call.arrival_time), clock(call.departure_time)) == ("09:25:00", "09:28:00")


def test_the_school_bus_passes_takatoyama(built):
    times = built["wakamatsu_bus"].tables["stop_times"]
    trip = times[times["trip_id"] == "machimeguri_0_weekday_only_school_0720"]
    assert "W06-1" not in set(trip["stop_id"])


def test_no_school_trip_runs_in_the_summer_holidays(built):
    dates = effective_dates(built["wakamatsu_bus"].tables)["weekday_only_school"]
    assert dt.date(2027, 7, 20) in dates
    assert not any(d.month == 8 and d.day < 30 for d in dates)


def test_on_demand_service_is_a_feed_of_its_own(built):
    for name in ("wakato_ferry", "wakamatsu_bus"):
        assert not {"booking_rules", "location_groups"} & set(built[name].tables)
    assert {"booking_rules", "location_groups"} <= set(built["takatoyama_odekake"].tables)


def test_booking_is_until_five_the_day_before_or_half_an_hour_before(built):
    rules = built["takatoyama_odekake"].tables["booking_rules"].set_index("booking_rule_id")
    evening, half_hour = rules.loc["evening_before"], rules.loc["half_hour"]
    assert (evening["booking_type"], evening["prior_notice_last_day"]) == (2, 1)
    assert clock(evening["prior_notice_last_time"]) == "17:00:00"
    assert (half_hour["booking_type"], half_hour["prior_notice_duration_min"]) == (1, 30)


def test_the_zone_is_a_polygon_of_its_own_id(built):
    [zone] = built["takatoyama_odekake"].tables.locations["features"]
    assert (zone["id"], zone["geometry"]["type"]) == ("takatoyama", "Polygon")
