"""Demand-responsive service: windows, groups, zones, booking; and what can be wrong with them."""

import copy
import json

import pytest
from pydantic import ValidationError

from gtfs.feed.columns import clock
from pipeline.config.feeds import Feed
from pipeline.findings import Severity

SQUARE = [[130.86, 33.87], [130.88, 33.87], [130.88, 33.89], [130.86, 33.89], [130.86, 33.87]]
TABLE = {
    "file": "book.xlsx",
    "sheet": "表",
    "times": "B2",
    "stops": "A",
    "trip_names": "1",
    "day_type": "daily",
    "route": "line",
    "booking": "phone",
}
WINDOWS = [
    ["", "1便"],
    ["市役所前", "8:10～8:20"],
    ["中央公民館", "8:10～8:20"],
    ["駅前", "8:30～8:40"],
]


@pytest.fixture
def on_demand(bus, write_book, tmp_path):
    """Return a declaration on demand whose windows and zones a test may change."""

    def declare(rows=WINDOWS, table=(), **demand):
        write_book({"表": rows})
        areas = {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"名": name},
                    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
                }
                for name in ("北", "南")
            ],
        }
        (tmp_path / "zones.geojson").write_text(json.dumps(areas), encoding="utf-8")
        declaration = bus("book.xlsx", [])
        del declaration["timetables"]
        booking = {"phone": {"title": {"ja": "電話"}, "notice": "minutes", "minutes": 30}}
        tables = [TABLE | dict(table)] if rows else []
        return declaration | {"demand": {"booking": booking, "tables": tables} | demand}

    return declare


def zone(value="北"):
    return {"title": {"ja": "区域"}, "file": "zones.geojson", "field": "名", "value": value}


def service(*zones, start="9:00", end="12:00"):
    return {
        "route": "line",
        "day_type": "daily",
        "zones": list(zones),
        "booking": "phone",
        "windows": [{"start": start, "end": end}],
    }


def errors(built):
    return [f for f in built.findings if f.severity is Severity.ERROR]


def rows_of(built):
    return built.tables["stop_times"].sort_values(["trip_id", "stop_sequence"])


def test_stops_with_one_window_are_one_group(on_demand, build):
    built = build(on_demand())
    assert errors(built) == []
    groups = built.tables["location_group_stops"].groupby("location_group_id")["stop_id"]
    assert sorted(sorted(stops) for _, stops in groups) == [["A", "B"], ["D"]]
    assert built.reconciliation.time_cells_matched == built.reconciliation.time_cells == 3


def test_windows_follow_each_other_and_carry_no_times(on_demand, build):
    rows = rows_of(build(on_demand()))
    assert [clock(t)[:5] for t in rows["start_pickup_drop_off_window"]] == ["08:10", "08:30"]
    assert list(rows["pickup_type"]) == [2, 1]
    assert list(rows["drop_off_type"]) == [1, 2]
    assert "arrival_time" not in rows or rows["arrival_time"].isna().all()


def test_one_group_alone_is_visited_twice(on_demand, build):
    rows = rows_of(build(on_demand([["", "1便"], *[[s, "9:00～12:00"] for s in ("病院", "駅前")]])))
    assert rows["location_group_id"].nunique() == 1
    assert list(zip(rows["pickup_type"], rows["drop_off_type"], strict=True)) == [(2, 1), (1, 2)]


def test_a_single_time_is_a_stop_always_served_then(on_demand, build):
    built = build(on_demand([*WINDOWS[:3], ["駅前", "8:35"]]))
    last = rows_of(built).iloc[-1]
    assert (last["stop_id"], clock(last["arrival_time"])) == ("D", "08:35:00")
    assert built.reconciliation.time_cells_matched == 3


@pytest.mark.parametrize(
    "written",
    [
        "8:10～8:20",
        "8:10〜8:20",
        "８：１０～８：２０",
        "8:10-8:20",
        "8:10 ー 8:20",
        "8時10分から8時20分",
        "8:10→8:20",
    ],
)
def test_a_window_is_read_however_it_is_written(on_demand, build, written):
    rows = rows_of(build(on_demand([WINDOWS[0], ["市役所前", written], WINDOWS[3]])))
    span = rows.iloc[0][["start_pickup_drop_off_window", "end_pickup_drop_off_window"]]
    assert [clock(t) for t in span] == ["08:10:00", "08:20:00"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("午前中", "window-unreadable"),
        ("8:20～8:10", "window-backwards"),
    ],
)
def test_a_window_that_is_none_names_its_cell(on_demand, build, written, code):
    built = build(on_demand([*WINDOWS[:2], ["中央公民館", written], WINDOWS[3]]))
    [finding] = errors(built)
    assert (finding.code, finding.sheet, finding.cell, finding.value) == (
        code,
        "表",
        "B3",
        written,
    )
    assert built.blocked


def test_a_zone_is_visited_twice_under_its_own_id(on_demand, build):
    built = build(on_demand([], zones={"north": zone()}, services=[service("north")]))
    assert errors(built) == []
    assert list(rows_of(built)["location_id"]) == ["north", "north"]
    assert [f["id"] for f in built.tables.locations["features"]] == ["north"]


def test_zones_served_together_are_one_area(on_demand, build):
    zones = {"north": zone("北"), "south": zone("南")}
    built = build(on_demand([], zones=zones, services=[service("north", "south")]))
    [area] = built.tables.locations["features"]
    assert area["id"].startswith("area_line_")
    assert set(rows_of(built)["location_id"]) == {area["id"]}


def test_a_zone_that_is_not_in_the_file_is_found(on_demand, build):
    built = build(on_demand([], zones={"east": zone("東")}, services=[service("east")]))
    [finding] = errors(built)
    assert (finding.code, finding.file, finding.value) == (
        "zone-unreadable",
        "zones.geojson",
        "東",
    )


def test_a_zone_may_not_have_the_id_of_a_stop(on_demand, build, tmp_path):
    declaration = on_demand(zones={"d1": zone()}, services=[service("d1")])
    stops = (tmp_path / "stops.csv").read_text(encoding="utf-8").replace(",D\n", ",d1\n")
    (tmp_path / "stops.csv").write_text(stops, encoding="utf-8")
    assert [f.code for f in errors(build(declaration))] == ["flex-id-clash"]


def test_a_service_whose_window_ends_before_it_starts_is_found(on_demand, build):
    services = [service("north", start="12:00", end="9:00")]
    built = build(on_demand([], zones={"north": zone()}, services=services))
    assert [f.code for f in errors(built)] == ["window-backwards"]


WRONG = [
    ({"notice": "minutes"}, "booking-notice"),
    ({"notice": "days", "days": 1}, "booking-notice"),
    ({"notice": "none", "minutes": 30}, "booking-notice"),
]


@pytest.mark.parametrize(("rule", "code"), WRONG)
def test_a_booking_rule_says_exactly_what_its_notice_needs(on_demand, rule, code):
    declaration = on_demand()
    declaration["demand"]["booking"] = {"phone": {"title": {"ja": "電話"}} | rule}
    with pytest.raises(ValidationError) as error:
        Feed.model_validate(declaration)
    assert code in {e["type"] for e in error.value.errors()}


def test_timetables_and_demand_are_feeds_apart(on_demand):
    declaration = on_demand()
    table = {k: v for k, v in TABLE.items() if k not in ("file", "booking", "route")}
    declaration["timetables"] = [{"file": "book.xlsx", "route": "line", "tables": [table]}]
    with pytest.raises(ValidationError) as error:
        Feed.model_validate(declaration)
    assert {e["type"] for e in error.value.errors()} == {"feed-one-kind"}


def test_a_zone_nobody_declared_is_named(on_demand):
    declaration = on_demand([], services=[service("west")])
    with pytest.raises(ValidationError) as error:
        Feed.model_validate(declaration)
    [problem] = error.value.errors()
    assert (problem["type"], problem["ctx"]["names"]) == ("feed-name-undeclared", "zone 'west'")


def test_the_ledger_is_not_needed_where_there_are_only_zones(on_demand, build):
    declaration = copy.deepcopy(on_demand([], zones={"n": zone()}, services=[service("n")]))
    del declaration["stops"]
    assert errors(build(declaration)) == []
