"""Timetable matrices in the shapes cities keep them in."""

import datetime as dt
import zipfile

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.styles.colors import Color

T = dt.time

ACROSS = [
    ["", "1便", "2便"],
    ["市役所前", T(9, 0), T(10, 0)],
    ["病院", T(9, 10), T(10, 10)],
    ["駅前", T(9, 20), T(10, 20)],
]
EXPECTED = [
    [("A", "09:00", "09:00"), ("C", "09:10", "09:10"), ("D", "09:20", "09:20")],
    [("A", "10:00", "10:00"), ("C", "10:10", "10:10"), ("D", "10:20", "10:20")],
]


def table(**changes):
    return {
        "sheet": "表",
        "times": "B2",
        "stops": "A",
        "trip_names": "1",
        "day_type": "daily",
    } | changes


def test_trips_across_and_stops_down(write_book, bus, build, trips):
    book = write_book({"表": ACROSS})
    assert list(trips(build(bus(book, [table()]))).values()) == EXPECTED


def test_the_transpose_reads_the_same(write_book, bus, build, trips):
    book = write_book({"表": list(zip(*ACROSS, strict=True))})
    declared = table(trips="down", stops="1", trip_names="A")
    assert list(trips(build(bus(book, [declared]))).values()) == EXPECTED


def test_a_csv_in_cp932_reads_the_same(bus, build, trips, tmp_path):
    lines = [",".join(f"{c:%-H:%M}" if isinstance(c, T) else c for c in row) for row in ACROSS]
    (tmp_path / "表.csv").write_text("\n".join(lines), encoding="cp932")
    declaration = bus("表.csv", [table(sheet="")])
    declaration["timetables"][0]["encoding"] = "cp932"
    assert list(trips(build(declaration)).values()) == EXPECTED


WRITTEN = [
    T(9, 10),
    "9:10",
    "９：１０",
    "09:10",
    "9.10",
    "9時10分",
    "910",
    910,
    "９１０",
    " 9:10 ",
    dt.timedelta(hours=9, minutes=10),
    550 / 1440,
    "9:10:00",
    "9時10",
    "午前9:10",
    "AM 9:10",
    "9 10",
    "0910",
    dt.datetime(2026, 4, 1, 9, 10),
]


@pytest.mark.parametrize("written", WRITTEN, ids=repr)
def test_a_time_is_read_however_it_is_written(write_book, bus, build, trips, written):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", written, T(10, 10)], ACROSS[3]]})
    built = build(bus(book, [table()]))
    assert list(trips(built).values()) == EXPECTED
    assert built.reconciliation.time_cells_matched == 6


@pytest.mark.parametrize("number", [9.1, 9.05, 9, 9.0])
def test_a_number_of_two_shown_decimals_is_read_as_shown(
    write_book, bus, build, trips, tmp_path, number
):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", number, T(10, 10)], ACROSS[3]]})
    workbook = openpyxl.load_workbook(tmp_path / book)
    workbook["表"]["B3"].number_format = "0.00"
    workbook.save(tmp_path / book)
    built = build(bus(book, [table()]))
    assert next(iter(trips(built).values()))[1][1] == f"09:{round(number * 100) % 100:02d}"
    assert built.reconciliation.time_cells_matched == 6


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "docProps/core.xml"])
def test_a_workbook_with_a_damaged_part_ends_in_findings(write_book, bus, build, tmp_path, part):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", 9.1, T(10, 10)], ACROSS[3]]})
    with (
        zipfile.ZipFile(tmp_path / book) as old,
        zipfile.ZipFile(tmp_path / "cut.xlsx", "w") as new,
    ):
        for name in old.namelist():
            whole = old.read(name)
            new.writestr(name, whole[: len(whole) // 2] if name == part else whole)
    built = build(bus("cut.xlsx", [table()]))
    assert built.blocked
    assert all(f.code for f in built.findings)


def test_a_number_that_shows_one_decimal_is_asked_about(write_book, bus, build):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", 9.1, T(10, 10)], ACROSS[3]]})
    built = build(bus(book, [table()]))
    assert [(f.code, f.cell) for f in built.findings if f.severity == "error"] == [
        ("time-ambiguous", "B3")
    ]


@pytest.mark.parametrize("sign", ["〃", "々", "同", "″", "〝", "同上", '"', "×"])
def test_a_ditto_mark_is_refused_until_somebody_says_what_it_means(
    write_book, bus, build, trips, sign
):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", sign, T(10, 10)], ACROSS[3]]})
    found = [
        (f.code, f.cell) for f in build(bus(book, [table()])).findings if f.severity == "error"
    ]
    assert found == [("time-unreadable", "B3")]
    first, _ = trips(build(bus(book, [table()], pass_marks=[sign]))).values()
    assert [stop for stop, _, _ in first] == ["A", "D"]


@pytest.mark.parametrize("mark", ["レ", "ﾚ", "｜", "|", "…", "↓", "", "通過", "－", "‖"])
def test_a_pass_mark_or_a_blank_is_no_stop(write_book, bus, build, trips, mark):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", mark, T(10, 10)], ACROSS[3]]})
    first, _ = trips(build(bus(book, [table()]))).values()
    assert [stop for stop, _, _ in first] == ["A", "D"]


def test_a_pass_mark_of_ones_own_is_declared(write_book, bus, build, trips):
    book = write_book({"表": [ACROSS[0], ACROSS[1], ["病院", "経由せず", T(10, 10)], ACROSS[3]]})
    assert build(bus(book, [table()])).blocked
    first, _ = trips(build(bus(book, [table()], pass_marks=["経由せず"]))).values()
    assert [stop for stop, _, _ in first] == ["A", "D"]


def test_arrival_and_departure_at_one_stop_are_one_stop_time(write_book, bus, build, trips):
    rows = [
        ["", "", "1便"],
        ["市役所前", "発", T(9, 0)],
        ["病院", "着", T(9, 8)],
        ["", "発", T(9, 12)],
        ["駅前", "着", T(9, 20)],
    ]
    book = write_book({"表": rows}, merge=[("表", "A3:A4")])
    built = build(bus(book, [table(times="C2", kinds="B")]))
    [calls] = trips(built).values()
    assert calls[1] == ("C", "09:08", "09:12")
    assert built.reconciliation.time_cells == built.reconciliation.time_cells_matched == 4


def test_arrival_and_departure_may_stand_in_the_name(write_book, bus, build, trips):
    rows = [
        ["", "1便"],
        ["市役所前", T(9, 0)],
        ["病院着", T(9, 8)],
        ["病院発", T(9, 12)],
        ["駅前（着）", T(9, 20)],
    ]
    built = build(bus(write_book({"表": rows}), [table()]))
    [calls] = trips(built).values()
    assert calls == [("A", "09:00", "09:00"), ("C", "09:08", "09:12"), ("D", "09:20", "09:20")]


@pytest.mark.parametrize(
    "written",
    ["24:10", "0:10", T(0, 10), dt.timedelta(hours=24, minutes=10), "２４：１０"],
    ids=repr,
)
def test_after_midnight_a_trip_stays_on_its_service_day(write_book, bus, build, trips, written):
    book = write_book({"表": [["", "終便"], ["市役所前", T(23, 50)], ["駅前", written]]})
    built = build(bus(book, [table()]))
    [calls] = trips(built).values()
    assert calls == [("A", "23:50", "23:50"), ("D", "24:10", "24:10")]


def test_a_time_moved_past_midnight_is_counted(write_book, bus, build):
    book = write_book({"表": [["", "終便"], ["市役所前", T(23, 50)], ["駅前", T(0, 10)]]})
    [moved] = [f for f in build(bus(book, [table()])).findings if f.code == "after-midnight"]
    assert moved.count == 1


def test_an_early_boat_is_not_moved_where_the_service_day_starts_earlier(
    write_book, bus, build, trips
):
    book = write_book({"表": [["", "始発"], ["市役所前", T(2, 30)], ["駅前", T(2, 50)]]})
    [calls] = trips(build(bus(book, [table()], service_day_starts="2:00"))).values()
    assert calls[0] == ("A", "02:30", "02:30")


def test_two_tables_on_one_sheet_are_two_areas(write_book, bus, build, trips):
    back = [["", "1便"], ["駅前", T(12, 0)], ["市役所前", T(12, 20)]]
    book = write_book({"表": [*ACROSS, [""], *back]})
    tables = [table(times="B2:C4"), table(times="B7:B8", trip_names="6", direction=1)]
    built = build(bus(book, tables))
    assert set(trips(built)) == {"line_0_daily_0900", "line_0_daily_1000", "line_1_daily_1200"}
    assert built.reconciliation.time_cells_matched == 8


def test_the_day_type_may_stand_under_a_merged_header(write_book, bus, build):
    rows = [
        ["", "平日", "", "土日祝"],
        ["", "1便", "2便", "1便"],
        ["市役所前", T(9, 0), T(10, 0), T(11, 0)],
        ["駅前", T(9, 9), T(10, 9), T(11, 9)],
    ]
    book = write_book({"表": rows}, merge=[("表", "B1:C1")])
    by_line = {"line": "1", "values": {"平日": "weekday", "土日祝": "holiday"}}
    built = build(bus(book, [table(times="B3", trip_names="2", day_type=by_line)]))
    assert list(built.tables["trips"]["service_id"]) == ["weekday", "weekday", "holiday"]


def test_a_header_nobody_declared_is_found(write_book, bus, build):
    rows = [["", "月曜"], ["", "1便"], ["市役所前", T(9, 0)], ["駅前", T(9, 9)]]
    by_line = {"line": "1", "values": {"平日": "weekday"}}
    declared = table(times="B3", trip_names="2", day_type=by_line)
    built = build(bus(write_book({"表": rows}), [declared]))
    assert ("day-type-unknown", "B1", "月曜") in {(f.code, f.cell, f.value) for f in built.findings}


def test_the_day_type_may_be_told_by_the_colour_of_the_cell(write_book, bus, build):
    book = write_book({"表": ACROSS}, colours=[("表", "C2", "FFFF00"), ("表", "C3", "FFFF00")])
    by_colour = {"colours": {"FFFF00": "holiday"}, "otherwise": "weekday"}
    built = build(bus(book, [table(day_type=by_colour)]))
    assert list(built.tables["trips"]["service_id"]) == ["weekday", "holiday"]


# オレンジ、アクセント 6、白 + 基本色 60%: what Excel shows for it in the palette of Office.
def test_a_colour_of_excels_palette_is_named_as_it_looks(write_book, bus, build, tmp_path):
    name = write_book({"表": ACROSS})
    book = openpyxl.load_workbook(tmp_path / name)
    colour = Color(theme=9, tint=0.5999938962981048)
    book["表"]["C2"].fill = PatternFill("solid", fgColor=colour)
    book.save(tmp_path / name)
    by_colour = {"colours": {"FCD5B4": "holiday"}, "otherwise": "weekday"}
    built = build(bus(name, [table(day_type=by_colour)]))
    assert list(built.tables["trips"]["service_id"]) == ["weekday", "holiday"]


def test_a_colour_nobody_declared_is_found(write_book, bus, build):
    book = write_book({"表": ACROSS}, colours=[("表", "C2", "00FF00")])
    by_colour = {"colours": {"FFFF00": "holiday"}, "otherwise": "weekday"}
    built = build(bus(book, [table(day_type=by_colour)]))
    assert ("colour-unknown", "C2", "00FF00") in {(f.code, f.cell, f.value) for f in built.findings}


def test_columns_between_the_trips_are_not_trips(write_book, bus, build, trips):
    rows = [
        ["", "1便", "", "2便"],
        ["市役所前", T(9, 0), 0.0, T(10, 0)],
        ["駅前", T(9, 20), 20.0, T(10, 20)],
    ]
    built = build(bus(write_book({"表": rows}), [table()]))
    assert len(trips(built)) == 2


def test_a_pole_line_tells_stops_of_one_name_apart(write_book, bus, build, trips):
    stops = "名称,よみ,緯度,経度,乗り場,親,番号\n" + "\n".join(
        [
            "駅前,えきまえ,33.886,130.876,,,P",
            "駅前,えきまえ,33.8861,130.876,1,P,D1",
            "駅前,えきまえ,33.8859,130.876,2,P,D2",
            "病院,びょういん,33.884,130.874,,,C",
        ]
    )
    rows = [["", "", "1便"], ["駅前", "2", T(9, 0)], ["病院", "", T(9, 10)], ["駅前", 1, T(9, 20)]]
    declared = table(times="C2", poles="B")
    built = build(bus(write_book({"表": rows}), [declared], stops=stops))
    [calls] = trips(built).values()
    assert [stop for stop, _, _ in calls] == ["D2", "C", "D1"]
    assert dict(built.tables["stops"][["stop_id", "parent_station"]].to_numpy()) == {
        "C": "",
        "D1": "P",
        "D2": "P",
        "P": "",
    }


def test_stops_of_one_name_without_a_pole_are_ambiguous(write_book, bus, build):
    stops = "名称,よみ,緯度,経度,乗り場,親,番号\n" + "\n".join(
        [
            "駅前,えきまえ,33.8861,130.876,1,,D1",
            "駅前,えきまえ,33.8859,130.876,2,,D2",
            "病院,びょういん,33.884,130.874,,,C",
        ]
    )
    rows = [["", "1便"], ["駅前", T(9, 0)], ["病院", T(9, 10)]]
    built = build(bus(write_book({"表": rows}), [table()], stops=stops))
    assert ("stop-ambiguous", "A2", "駅前") in {(f.code, f.cell, f.value) for f in built.findings}


def test_a_formula_nobody_calculated_is_found_by_the_reconciliation(write_book, bus, build):
    rows = [*ACROSS[:3], ["駅前", T(9, 20), "=C3+TIME(0,10,0)"]]
    built = build(bus(write_book({"表": rows}), [table()]))
    assert built.blocked
    assert ("formula-without-value", "C4") in {(f.code, f.cell) for f in built.findings}
