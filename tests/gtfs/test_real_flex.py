"""焼津市's demand taxi as the city publishes it: stops with windows, zones as areas."""

import collections
import json
import shutil
import subprocess
import sys
from pathlib import Path

import gtfs_guru
import pytest

from gtfs.build.feed import build_feed
from gtfs.feed.columns import clock
from gtfs.feed.write import write_zip
from pipeline.config.feeds import Feed

pytestmark = pytest.mark.real
STOPS = "大井川地区_タクシー乗降位置/大井川地区_タクシー乗車位置.shp"
AREAS = "大井川地区_タクシー乗降区域/大井川地区_タクシー乗降区域.shp"
WEEK = ["mon", "tue", "wed", "thu", "fri"]


def columns(*positions):
    """Return the letters of attribute columns by their position in the file."""
    return [f"A{chr(64 + p - 26)}" if p > 26 else chr(64 + p) for p in positions]


def table(first, direction, **more):
    """Return the two tables of one direction: trips that run on Saturdays, and the others.

    A trip is a column of windows; the column after it says whether it runs on Saturdays.
    """
    trips = [first + 2 * i for i in range(9)]
    on_saturday = trips[0::2] if direction == 0 else trips[1::2]
    shared = {
        "file": STOPS,
        "times": "J2",
        "direction": direction,
        "route": "oigawa",
        "booking": "phone",
    }
    return [
        shared | {"only": columns(*on_saturday), "day_type": "with_saturday"} | more,
        shared
        | {"only": columns(*sorted(set(trips) - set(on_saturday))), "day_type": "weekday"}
        | more,
    ]


@pytest.fixture(scope="module")
def oigawa(real, tmp_path_factory, publisher):
    root = tmp_path_factory.mktemp("yaizu")
    for name in (STOPS, AREAS):
        shutil.copytree(real / "yaizu" / Path(name).parent, root / Path(name).parent)
    return build_feed("oigawa", Feed.model_validate(declaration()), root=root, publisher=publisher)


def test_a_number_the_city_gave_twice_is_found(real, tmp_path, publisher):
    shutil.copytree(real / "yaizu" / Path(STOPS).parent, tmp_path / Path(STOPS).parent)
    feed = Feed.model_validate(declaration(number="SAFIELD001", column="G"))
    built = build_feed("oigawa", feed, root=tmp_path, publisher=publisher)
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.row, finding.value) == ("stop-duplicate", 32, "14")


def declaration(number="SAUID", column="A"):
    return {
        "title": {"ja": "大井川地区デマンドタクシー"},
        "operator": {
            "id": "1000020222127",
            "name": {"ja": "焼津市"},
            "url": "https://www.city.yaizu.lg.jp/",
        },
        "period": {"start": "2026-10-01", "end": "2027-03-31"},
        "day_types": {
            "weekday": {"title": {"ja": "平日"}, "runs": WEEK, "but_not": ["holiday"]},
            "with_saturday": {
                "title": {"ja": "平日・土曜"},
                "runs": [*WEEK, "sat"],
                "but_not": ["holiday"],
            },
        },
        "stops": {
            "file": STOPS,
            "fields": {"id": number, "name": "SAFIELD002", "lat": "緯度", "lon": "経度"},
        },
        "routes": {"oigawa": {"title": {"ja": "大井川地区デマンドタクシー"}}},
        "fares": [{"kind": "flat", "price": 500}],
        "demand": {
            "booking": {
                "phone": {
                    "title": {"ja": "電話予約"},
                    "notice": "minutes",
                    "minutes": 60,
                    "opens_days": 7,
                    "phone": "054-622-0259",
                    "message": {
                        "ja": "７日先まで予約できます。初回利用の際は、電話口にて登録を行います。"
                    },
                }
            },
            "tables": [*table(10, 0, stops=column), *table(29, 1, stops=column)],
        },
    }


def rows_of(built, trip_id):
    times = built.tables["stop_times"]
    groups = built.tables["location_group_stops"].groupby("location_group_id")["stop_id"].count()
    found = []
    for row in times[times["trip_id"] == trip_id].sort_values("stop_sequence").itertuples():
        if row.stop_id:
            found.append((clock(row.arrival_time)[:5], clock(row.departure_time)[:5], 1))
        else:
            span = (row.start_pickup_drop_off_window, row.end_pickup_drop_off_window)
            found.append((*(clock(t)[:5] for t in span), groups[row.location_group_id]))
    return found


def test_every_window_of_every_stop_is_offered_on_its_trip(oigawa):
    assert not oigawa.blocked, [f.line("ja") for f in oigawa.findings if f.severity == "error"][:5]
    counts = oigawa.reconciliation
    assert counts.time_cells == counts.time_cells_matched == 97 * 18
    assert counts.stop_times == counts.stop_times_matched == 97 * 18


def test_the_first_trip_follows_the_zones_from_a_to_f(oigawa):
    assert rows_of(oigawa, "oigawa_0_with_saturday_0730") == [
        ("07:30", "07:40", 18),
        ("07:40", "07:50", 11),
        ("07:50", "07:55", 18),
        ("07:55", "07:55", 1),
        ("08:00", "08:10", 20),
        ("08:10", "08:20", 22),
        ("08:20", "08:30", 7),
    ]


def test_every_second_trip_runs_on_saturdays(oigawa):
    trips = oigawa.tables["trips"]
    assert collections.Counter(trips["service_id"]) == {"with_saturday": 9, "weekday": 9}


def test_booking_is_by_phone_an_hour_before_and_a_week_ahead(oigawa):
    [rule] = oigawa.tables["booking_rules"].to_dict("records")
    assert (rule["booking_type"], rule["prior_notice_duration_min"]) == (1, 60)
    assert (rule["prior_notice_start_day"], rule["phone_number"]) == (7, "054-622-0259")


def test_validators_find_no_error(oigawa, tmp_path):
    path = tmp_path / "oigawa.zip"
    write_zip(oigawa.tables, path)
    assert gtfs_guru.validate(str(path)).error_count == 0
    assert errors_of_the_validator(path) == []


def errors_of_the_validator(path):
    program = Path(sys.executable).with_name("gtfs-validator")
    command = [program, "-i", path, "-c", "JP", "-d", "2026-11-23", "--stdout"]
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [n["code"] for n in report["notices"] if n["severity"] == "ERROR"]


def test_the_same_area_as_zones_becomes_polygons(real, tmp_path, publisher):
    shutil.copytree(real / "yaizu" / Path(AREAS).parent, tmp_path / Path(AREAS).parent)
    zones = {
        f"zone_{z.lower()}": {
            "title": {"ja": f"{z}区域"},
            "file": AREAS,
            "field": "item3",
            "value": z,
        }
        for z in "ABCDEF"
    }
    service = {
        "route": "oigawa",
        "day_type": "weekday",
        "zones": list(zones),
        "booking": "phone",
        "windows": [{"start": "8:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}],
    }
    declared = declaration()
    demand = declared["demand"] | {"zones": zones, "tables": [], "services": [service]}
    feed = Feed.model_validate(
        {k: v for k, v in declared.items() if k != "stops"} | {"demand": demand}
    )
    built = build_feed("zones", feed, root=tmp_path, publisher=publisher)
    assert not built.blocked, [f.line("ja") for f in built.findings]
    [area] = built.tables.locations["features"]
    assert area["properties"]["stop_name"] == "A区域・B区域・C区域・D区域・E区域・F区域"
    assert len(built.tables["stop_times"]) == 2 * 2
    path = tmp_path / "zones.zip"
    write_zip(built.tables, path)
    assert errors_of_the_validator(path) == []
    # gtfs-guru does not know that a feed with zones needs no stops.txt.
    found = {n.code for n in gtfs_guru.validate(str(path)).notices if n.severity == "ERROR"}
    assert found <= {"missing_required_file"}
