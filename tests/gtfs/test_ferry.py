"""The sample ferry: a workbook as a city employee keeps it becomes a feed every validator takes."""

import collections
import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import gtfs_guru
import pytest

from gtfs.feed.columns import clock
from gtfs.feed.write import write_zip

EXPLAINED = {
    # Japanese has no upper and lower case: the rule takes "小児 50円" for shouting.
    "mixed_case_recommended_field",
}


@pytest.fixture(scope="module")
def archive(ferry, tmp_path_factory):
    path = tmp_path_factory.mktemp("ferry") / "wakato_ferry.zip"
    write_zip(ferry.tables, path)
    return path


def test_all_there_is_to_say_is_that_fares_v1_knows_adults_alone(ferry):
    assert [(f.code, f.severity, f.value) for f in ferry.findings] == [
        ("fare-riders-in-v2", "info", "小児、自転車")
    ]


def test_every_cell_is_one_stop_time_and_nothing_else_is(ferry):
    counts = ferry.reconciliation.as_dict()
    assert counts["time_cells"] == counts["time_cells_matched"] == 2 * (71 + 71 + 64 + 64)
    assert counts["stop_times"] == counts["stop_times_matched"] == counts["time_cells"]


def test_fares_and_days_agree_with_the_sources(ferry):
    counts = ferry.reconciliation.as_dict()
    assert counts["fare_cells"] == counts["fare_cells_matched"] == 3  # adult, child, bicycle
    assert counts["service_days"] == counts["service_days_matched"] == 2 * 365


def test_every_file_gtfs_jp_asks_for_is_written(archive):
    names = set(zipfile.ZipFile(archive).namelist())
    assert names == {
        f"{name}.txt"
        for name in (
            "agency",
            "stops",
            "routes",
            "trips",
            "stop_times",
            "calendar",
            "calendar_dates",
            "fare_attributes",
            "fare_rules",
            "feed_info",
            "translations",
            "shapes",
            "attributions",
            # Fares v2, which the sample asks for
            "rider_categories",
            "fare_products",
            "fare_leg_rules",
            "networks",
            "route_networks",
        )
    }


def test_the_operator_is_named_by_its_corporate_number(ferry):
    assert list(ferry.tables["agency"]["agency_id"]) == ["8000020401005"]


def test_the_ferry_is_a_ferry(ferry):
    assert list(ferry.tables["routes"]["route_type"]) == [4]


def test_child_and_bicycle_fares_are_told_to_passengers(ferry):
    assert list(ferry.tables["routes"]["route_desc"]) == ["小児 50円、自転車 50円"]
    words = ferry.tables["translations"]
    english = words[(words["field_name"] == "route_desc") & (words["language"] == "en")]
    assert list(english["translation"]) == ["Child 50 yen, Bicycle 50 yen"]


def test_new_years_eve_runs_as_a_holiday(ferry):
    days = ferry.tables["calendar_dates"]
    assert set(days[days["date"] == "20261231"].itertuples(index=False, name=None)) == {
        ("holiday", "20261231", 1),
        ("weekday", "20261231", 2),
    }


def test_piers_carry_readings_and_english(ferry):
    words = ferry.tables["translations"]
    stops = words[words["table_name"] == "stops"]
    told = {(r.record_id, r.language): r.translation for r in stops.itertuples()}
    assert told == {
        ("TO", "ja-Hrkt"): "とばたとじょう",
        ("TO", "en"): "Tobata Pier",
        ("WA", "ja-Hrkt"): "わかまつとじょう",
        ("WA", "en"): "Wakamatsu Pier",
    }


def test_two_builds_are_the_same_bytes(ferry, archive, tmp_path):
    write_zip(ferry.tables, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_gtfs_guru_accepts_the_feed(archive):
    result = gtfs_guru.validate(str(archive))
    assert result.error_count == 0
    assert {n.code for n in result.notices if n.severity == "WARNING"} <= EXPLAINED


def test_gtfs_validator_accepts_the_feed(archive):
    program = Path(sys.executable).with_name("gtfs-validator")
    command = [program, "-i", archive, "-c", "JP", "-d", "2026-11-23", "--stdout"]
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    found = {(n["severity"], n["code"]) for n in report["notices"]}
    assert {code for severity, code in found if severity == "ERROR"} == set()
    assert {code for severity, code in found if severity == "WARNING"} <= EXPLAINED


@pytest.mark.real
def test_the_departures_are_those_the_operator_published(ferry, real):
    path = real / "transit/kitakyushu-ferry/401005_shieitosengtfs.zip"
    published = _published_departures(zipfile.ZipFile(path))
    trips = ferry.tables["trips"].set_index("trip_id")
    ours = collections.defaultdict(set)
    for trip_id, calls in ferry.tables["stop_times"].groupby("trip_id"):
        trip = trips.loc[trip_id]
        times = tuple((c.stop_id, clock(c.departure_time)) for c in calls.itertuples())
        ours[trip["service_id"]].add(times)
    assert ours["weekday"] == published["平日（月～金）（若戸）"]
    assert ours["holiday"] == published["土曜・日曜・祝日（若戸）"]


def _published_departures(archive):
    def rows(name):
        return csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))

    services = {row["trip_id"]: row["service_id"] for row in rows("trips.txt")}
    calls = collections.defaultdict(list)
    for row in rows("stop_times.txt"):
        clock_ = row["departure_time"].rjust(8, "0")
        calls[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"], clock_))
    found = collections.defaultdict(set)
    for trip_id, stops in calls.items():
        found[services[trip_id]].add(tuple((s, t) for _, s, t in sorted(stops)))
    return found
