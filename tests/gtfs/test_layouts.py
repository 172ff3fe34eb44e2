"""Layouts beside the plain matrix: each declared, read, and reconciled cell by cell."""

import datetime as dt
import itertools

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gtfs.build.feed as feed_module
from gtfs.reconcile import reconcile

NAMES = ["市役所前", "中央公民館", "病院", "駅前"]
IDS = dict(zip(NAMES, "ABCD", strict=True))


def table(**changes):
    return {"sheet": "表", "times": "B2", "stops": "A", "day_type": "daily"} | changes


def errors(built):
    return [(f.code, f.cell) for f in built.findings if f.severity == "error"]


def departures(trips, built):
    return [[(stop, time) for stop, _, time in calls] for calls in trips(built).values()]


def matched(built):
    counts = built.reconciliation
    assert counts.time_cells == counts.time_cells_matched > 0
    assert counts.stop_times == counts.stop_times_matched
    return counts.time_cells


# ---- hour and minute in two columns

SPLIT = [
    ["停留所", "1便", "", "2便", ""],
    ["", "時", "分", "時", "分"],
    ["市役所前", 7, 58, 8, "30"],
    ["病院", "", 59, "レ", "レ"],
    ["駅前", 8, 5, "", "40分"],
]
SPLIT_TRIPS = [
    [("A", "07:58"), ("C", "07:59"), ("D", "08:05")],
    [("A", "08:30"), ("D", "08:40")],
]


def split(**changes):
    return table(times="B3", trip_names="1", hour_minute=True) | changes


@pytest.mark.parametrize("merge", [(), [("表", "B1:C1"), ("表", "D1:E1")]])
def test_hour_and_minute_of_a_trip_stand_in_two_columns(write_book, bus, build, trips, merge):
    built = build(bus(write_book({"表": SPLIT}, merge=merge), [split()]))
    assert departures(trips, built) == SPLIT_TRIPS
    assert matched(built) == 5
    assert sorted(built.tables["trips"]["trip_short_name"]) == ["1便", "2便"]


def test_hour_and_minute_stand_in_two_rows_where_trips_are_rows(write_book, bus, build, trips):
    book = write_book({"表": list(zip(*SPLIT, strict=True))})
    declared = split(trips="down", stops="1", trip_names="A", times="C2")
    assert departures(trips, build(bus(book, [declared]))) == SPLIT_TRIPS


def test_hours_without_names_of_trips_are_every_second_column(write_book, bus, build, trips):
    built = build(bus(write_book({"表": SPLIT}), [table(times="B3", hour_minute=True)]))
    assert departures(trips, built) == SPLIT_TRIPS


def test_an_ods_of_hours_and_minutes_reads_the_same(bus, build, trips, write_ods):
    built = build(bus(write_ods(SPLIT), [split()]))
    assert departures(trips, built) == SPLIT_TRIPS
    assert matched(built) == 5


@pytest.mark.parametrize("written", [("７時", "０５分"), ("7", "5"), (7.0, 5.0), ("７", "05 ")])
def test_an_hour_and_a_minute_are_read_however_written(write_book, bus, build, trips, written):
    rows = [*SPLIT[:2], ["市役所前", *written, 8, 30], ["駅前", "", 30, "", 40]]
    built = build(bus(write_book({"表": rows}), [split()]))
    assert departures(trips, built)[0] == [("A", "07:05"), ("D", "07:30")]
    assert matched(built) == 4


@pytest.mark.parametrize(
    ("hour", "minute", "code"),
    [
        ("", 105, "time-unreadable"),
        (1, "05 10", "time-unreadable"),
        ("〃", 5, "time-unreadable"),
        (8, "", "time-unreadable"),
        (8, 75, "time-unreadable"),
        ("7:05", "", "time-unreadable"),
        (8, "5★", "mark-undefined"),
        ("", 3, "time-backwards"),
    ],
)
def test_half_a_time_is_never_taken_for_a_whole_one(write_book, bus, build, hour, minute, code):
    rows = [*SPLIT[:3], ["病院", hour, minute, "", 35], SPLIT[4]]
    built = build(bus(write_book({"表": rows}), [split()]))
    assert code in {code for code, _ in errors(built)}
    assert {cell for _, cell in errors(built)} <= {"C4", "C5"}


def test_a_minute_without_any_hour_is_refused(write_book, bus, build):
    rows = [*SPLIT[:2], ["市役所前", "", 58, 8, 30], *SPLIT[3:]]
    built = build(bus(write_book({"表": rows}), [split()]))
    assert ("time-unreadable", "C3") in errors(built)


def test_columns_of_hours_that_are_no_trip_are_told(write_book, bus, build):
    rows = [[*SPLIT[0][:3], "", ""], *SPLIT[1:]]
    built = build(bus(write_book({"表": rows}), [split()]))
    assert ("time-without-trip", "D3") in errors(built)


# ---- the way back on the same list of stops

BOTH_WAYS = [
    ["1便", "2便", "", "1便", "2便"],
    ["7:00", "8:00", "市役所前", "9:20", "10:20"],
    ["7:10", "8:10", "病院", "9:10", "↑"],
    ["7:20", "8:20", "駅前", "9:00", "10:00"],
]


def test_the_way_back_is_read_upwards_from_the_same_names(write_book, bus, build, trips):
    out = table(times="A2:B4", stops="C", trip_names="1")
    back = table(times="D2:E4", stops="C", trip_names="1", direction=1, upwards=True)
    built = build(bus(write_book({"表": BOTH_WAYS}), [out, back]))
    assert departures(trips, built) == [
        [("A", "07:00"), ("C", "07:10"), ("D", "07:20")],
        [("A", "08:00"), ("C", "08:10"), ("D", "08:20")],
        [("D", "09:00"), ("C", "09:10"), ("A", "09:20")],
        [("D", "10:00"), ("A", "10:20")],
    ]
    assert matched(built) == 11


def test_arrival_stands_below_departure_where_the_table_is_read_upwards(
    write_book, bus, build, trips
):
    rows = [
        ["", "", "1便"],
        ["市役所前", "着", "9:20"],
        ["病院", "発", "9:12"],
        ["", "着", "9:08"],
        ["駅前", "発", "9:00"],
    ]
    declared = table(times="C2", kinds="B", upwards=True)
    [calls] = trips(build(bus(write_book({"表": rows}), [declared]))).values()
    assert calls == [("D", "09:00", "09:00"), ("C", "09:08", "09:12"), ("A", "09:20", "09:20")]


@pytest.mark.parametrize("named", [("病院", ""), ("", "病院"), ("病院", "病院")])
def test_the_name_of_an_arrival_and_a_departure_is_written_once(
    write_book, bus, build, trips, named
):
    rows = [
        ["", "", "1便"],
        ["市役所前", "発", "9:00"],
        [named[0], "着", "9:08"],
        [named[1], "発", "9:12"],
        ["駅前", "着", "9:20"],
    ]
    built = build(bus(write_book({"表": rows}), [table(times="C2", kinds="B")]))
    [calls] = trips(built).values()
    assert calls == [("A", "09:00", "09:00"), ("C", "09:08", "09:12"), ("D", "09:20", "09:20")]
    assert matched(built) == 4


def test_a_blank_name_that_is_no_second_line_of_a_stop_is_told(write_book, bus, build):
    rows = [["", "", "1便"], ["市役所前", "発", "9:00"], ["", "発", "9:12"], ["駅前", "着", "9:20"]]
    built = build(bus(write_book({"表": rows}), [table(times="C2", kinds="B")]))
    assert errors(built) == [("time-without-stop", "C3")]


# ---- loops

LOOP = [
    ["", "1便", "2便"],
    ["市役所前", "7:00", "8:22"],
    ["中央公民館", "7:05", "8:25"],
    ["病院", "7:10", "8:00"],
    ["駅前", "7:15", "8:05"],
    ["市役所前", "7:20", "8:20"],
]


def test_a_loop_is_printed_with_its_first_stop_again(write_book, bus, build, trips):
    rows = [row[:2] for row in LOOP]
    built = build(bus(write_book({"表": rows}), [table(trip_names="1")]))
    [calls] = departures(trips, built)
    assert [stop for stop, _ in calls] == list("ABCDA")


def test_a_trip_that_starts_in_the_middle_goes_on_from_the_top(write_book, bus, build, trips):
    built = build(bus(write_book({"表": LOOP}), [table(trip_names="1", wraps=True)]))
    _, second = trips(built).values()
    assert second == [
        ("C", "08:00", "08:00"),
        ("D", "08:05", "08:05"),
        ("A", "08:20", "08:22"),
        ("B", "08:25", "08:25"),
    ]
    assert matched(built) == 10
    [told] = [f for f in built.findings if f.code == "trips-wrapped"]
    assert (told.count, told.cell) == (1, "C4")


def test_a_loop_without_its_first_stop_again_goes_on_from_the_top(write_book, bus, build, trips):
    built = build(bus(write_book({"表": LOOP[:-1]}), [table(trip_names="1", wraps=True)]))
    _, second = departures(trips, built)
    assert [stop for stop, _ in second] == list("CDAB")


def test_a_trip_of_a_loop_that_goes_back_twice_is_wrong(write_book, bus, build):
    rows = [*LOOP[:3], ["病院", "7:10", "8:06"], *LOOP[4:]]
    rows[4] = ["駅前", "7:15", "8:05"]
    built = build(bus(write_book({"表": rows}), [table(trip_names="1", wraps=True)]))
    assert "time-backwards" in {code for code, _ in errors(built)}


def test_a_loop_nobody_declared_is_refused_with_the_key_that_reads_it(write_book, bus, build):
    built = build(bus(write_book({"表": LOOP}), [table(trip_names="1")]))
    assert errors(built) == [("layout-wraps", "C4")]


def test_a_last_time_that_is_too_early_is_a_wrong_time(write_book, bus, build):
    rows = [["", "1便"], ["市役所前", "7:00"], ["病院", "7:10"], ["駅前", "6:20"]]
    assert errors(build(bus(write_book({"表": rows}), [table()]))) == [("time-backwards", "B4")]


# ---- boarding or alighting only

LIMITS = {
    "▲": {"title": {"ja": "乗車専用"}, "calls": "board_only"},
    "（）": {"title": {"ja": "降車専用"}, "calls": "alight_only"},
    "◆": {"title": {"ja": "急行"}},
}


def types(built):
    times = built.tables["stop_times"]
    return list(zip(times["pickup_type"], times["drop_off_type"], strict=True))


def test_marks_beside_times_limit_boarding_and_alighting(write_book, bus, build, trips):
    rows = [["", "1便"], ["市役所前", "9:00"], ["中央公民館", "▲9:05"], ["病院", "（9:10）"]]
    rows.append(["駅前", "9:20"])
    built = build(bus(write_book({"表": rows}), [table()], marks=LIMITS))
    assert not built.blocked
    assert types(built) == [(0, 1), (0, 1), (1, 0), (1, 0)]
    assert matched(built) == 4


def test_marks_beside_names_limit_every_trip(write_book, bus, build):
    rows = [["", "", "1便"], ["市役所前", "", "9:00"], ["病院", "▲", "9:05"], ["駅前", "", "9:20"]]
    declared = table(times="C2", stop_marks=["B"])
    built = build(bus(write_book({"表": rows}), [declared], marks=LIMITS))
    assert types(built) == [(0, 1), (0, 1), (1, 0)]


@pytest.mark.parametrize(("mark", "code"), [("◆", "mark-misplaced"), ("◇", "mark-undefined")])
def test_a_mark_of_trips_beside_a_name_is_told(write_book, bus, build, mark, code):
    rows = [["", "", "1便"], ["市役所前", mark, "9:00"], ["駅前", "", "9:20"]]
    declared = table(times="C2", stop_marks=["B"])
    built = build(bus(write_book({"表": rows}), [declared], marks=LIMITS))
    assert errors(built) == [(code, "B2")]


def test_a_bracket_nobody_explained_is_told(write_book, bus, build):
    rows = [["", "1便"], ["市役所前", "9:00"], ["病院", "(9:05)"], ["駅前", "9:20"]]
    assert errors(build(bus(write_book({"表": rows}), [table()]))) == [("mark-undefined", "B3")]


@pytest.mark.parametrize("column", ["pickup_type", "drop_off_type"])
def test_a_limit_the_feed_has_lost_is_found(write_book, bus, build, monkeypatch, column):
    assembled = feed_module.service_of

    def losing(*arguments):
        service = assembled(*arguments)
        finish = service.finish

        def finish_without(parts):
            tables, provenance, _ = finish(parts)
            tables["stop_times"][column] = [0, 0, 0, 0]
            result = reconcile(parts, tables, provenance, service._read.areas, service._root)
            return tables, provenance, result

        service.finish = finish_without
        return service

    monkeypatch.setattr(feed_module, "service_of", losing)
    rows = [["", "1便"], ["市役所前", "9:00"], ["中央公民館", "▲9:05"], ["病院", "（9:10）"]]
    rows.append(["駅前", "9:20"])
    built = build(bus(write_book({"表": rows}), [table()], marks=LIMITS))
    assert [code for code, _ in errors(built)] == ["limit-differs"]


# ---- layouts that are declared as another one


@pytest.mark.parametrize(
    ("rows", "declared", "code"),
    [
        (
            [["時", "平日", ""], *([h, "05", "20△"] for h in (6, 7, 8, 9))],
            table(times="B2:C5"),
            "layout-pole",
        ),
        (SPLIT, table(times="B3:E5", trip_names="1"), "layout-hour-minute"),
        (
            [["", "1便"], ["市役所前", "9:20"], ["病院", "9:10"], ["駅前", "9:00"]],
            table(),
            "layout-upwards",
        ),
        (
            [["", "1便", "2便"], *([n, "30分間隔", "運行"] for n in NAMES)],
            table(),
            "layout-unknown",
        ),
    ],
    ids=["pole", "hours and minutes", "upwards", "unknown"],
)
def test_another_layout_is_named_in_one_finding(write_book, bus, build, rows, declared, code):
    built = build(bus(write_book({"表": rows}), [declared]))
    assert errors(built) == [(code, declared["times"])]


def test_one_wrong_cell_is_no_other_layout(write_book, bus, build):
    rows = [["", "1便"], ["市役所前", "9:00"], ["病院", "？"], ["駅前", "9:20"]]
    assert errors(build(bus(write_book({"表": rows}), [table()]))) == [("time-unreadable", "B3")]


# ---- what Excel hides


@pytest.mark.parametrize("line", ["row", "column"])
def test_times_in_hidden_lines_are_told(write_book, bus, build, tmp_path, line):
    rows = [["", "1便", "2便"], ["市役所前", "9:00", "10:00"], ["病院", "9:10", "10:10"]]
    rows.append(["駅前", "9:20", "10:20"])
    book = openpyxl.load_workbook(tmp_path / write_book({"表": rows}))
    if line == "row":
        book["表"].row_dimensions[3].hidden = True
    else:
        book["表"].column_dimensions["C"].hidden = True
    book.save(tmp_path / "book.xlsx")
    built = build(bus("book.xlsx", [table(trip_names="1")]))
    [told] = [f for f in built.findings if f.code == "hidden-times"]
    assert (told.cell, told.count) == (("B3", 2) if line == "row" else ("C2", 3))


def test_nothing_is_told_where_nothing_is_hidden(write_book, bus, build):
    rows = [["", "1便"], ["市役所前", "9:00"], ["駅前", "9:20"]]
    built = build(bus(write_book({"表": rows}), [table()]))
    assert "hidden-times" not in {f.code for f in built.findings}


# ---- random timetables in every layout

TRIP = st.lists(st.integers(1, 50), min_size=4, max_size=4)
TRIPS = st.lists(st.tuples(st.integers(240, 1200), TRIP), min_size=1, max_size=5)
EACH_TIME = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def clock_times(drawn):
    """Return the minutes of each trip at the four stops; no two trips are the same."""
    found = {(start, *itertools.accumulate(steps[1:], initial=start)) for start, steps in drawn}
    return sorted(times[1:] for times in found)


def shown(minute):
    return f"{minute // 60:02d}:{minute % 60:02d}"


def expected(trips_of_minutes, stops="ABCD"):
    return sorted([(s, shown(m)) for s, m in zip(stops, t, strict=True)] for t in trips_of_minutes)


@EACH_TIME
@given(drawn=TRIPS)
def test_any_timetable_in_two_columns_reads_back(write_book, bus, build, trips, drawn):
    times = clock_times(drawn)
    rows = [["", *itertools.chain(*([f"{i}便", ""] for i in range(len(times))))]]
    for i, name in enumerate(NAMES):
        cells = []
        for trip in times:
            same = i > 0 and trip[i] // 60 == trip[i - 1] // 60
            cells += ["" if same else trip[i] // 60, trip[i] % 60]
        rows.append([name, *cells])
    built = build(bus(write_book({"表": rows}), [split(times="B2")]))
    assert sorted(departures(trips, built)) == expected(times)
    assert matched(built) == 4 * len(times)


@EACH_TIME
@given(drawn=TRIPS)
def test_any_timetable_upwards_reads_back(write_book, bus, build, trips, drawn):
    times = clock_times(drawn)
    rows = [["", *(f"{i}便" for i in range(len(times)))]]
    rows += [[name, *(shown(t[3 - i]) for t in times)] for i, name in enumerate(NAMES)]
    built = build(bus(write_book({"表": rows}), [table(trip_names="1", upwards=True)]))
    assert sorted(departures(trips, built)) == expected(times, "DCBA")
    assert matched(built) == 4 * len(times)


@EACH_TIME
@given(drawn=TRIPS, starts=st.integers(0, 3))
def test_any_loop_from_any_stop_reads_back(write_book, bus, build, trips, drawn, starts):
    times = clock_times(drawn)
    order = [*range(starts, 4), *range(starts)]
    rows = [["", *(f"{i}便" for i in range(len(times)))]]
    rows += [[n, *(shown(t[order.index(i)]) for t in times)] for i, n in enumerate(NAMES)]
    built = build(bus(write_book({"表": rows}), [table(trip_names="1", wraps=True)]))
    stops = "".join("ABCD"[i] for i in order)
    assert sorted(departures(trips, built)) == expected(times, stops)
    assert matched(built) == 4 * len(times)


def test_times_of_day_of_excel_stand_in_any_layout(write_book, bus, build, trips):
    rows = [["", "1便"], ["駅前", dt.time(9, 20)], ["市役所前", dt.datetime(2026, 4, 1, 9, 0)]]
    built = build(bus(write_book({"表": rows}), [table(trip_names="1", upwards=True)]))
    assert departures(trips, built) == [[("A", "09:00"), ("D", "09:20")]]
