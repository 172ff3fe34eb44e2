"""What a city can get wrong: one finding each, naming file, sheet and cell; never a traceback."""

import copy
import datetime as dt

import openpyxl
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from pipeline.findings import Severity

BOOK = "data/sample/transit/wakato.xlsx"


def errors(built):
    return [f for f in built.findings if f.severity is Severity.ERROR]


def test_a_time_before_the_one_above_it_names_its_cell(edited, build):
    built = build(edited([("平日", "E6", dt.time(6, 3))]))
    [finding] = errors(built)
    assert (finding.code, finding.file, finding.sheet, finding.cell, finding.value) == (
        "time-backwards",
        BOOK,
        "平日",
        "E6",
        "6:03",
    )
    assert "6:30" in finding.message_ja
    assert built.blocked


def test_a_renamed_sheet_is_named_with_the_sheets_there_are(edited, build):
    built = build(edited(rename={"土日祝": "休日"}))
    found = errors(built)
    assert {(f.code, f.sheet) for f in found} == {("sheet-missing", "土日祝")}
    assert "休日" in found[0].message_ja
    assert built.blocked


def test_a_missing_sheet_is_one_finding_however_many_tables_it_holds(edited, build):
    assert len(errors(build(edited(remove=["土日祝"])))) == 1


def test_a_missing_workbook_is_one_finding(wakato, build):
    built = build(wakato)
    missing = {f.file for f in errors(built) if f.code == "file-missing"}
    assert missing == {BOOK, "data/sample/transit/wakato_lane.geojson"}
    assert [f.code for f in errors(built)] == ["file-missing", "file-missing"]


def test_a_file_that_is_no_workbook_is_one_finding(edited, build, tmp_path):
    declaration = edited()
    (tmp_path / BOOK).write_bytes(b"PK not really")
    assert [f.code for f in errors(build(declaration))] == ["source-unreadable"]


def test_a_cell_far_from_the_timetable_is_named_not_a_crash(edited, build, tmp_path):
    declaration = edited()
    book = openpyxl.load_workbook(tmp_path / BOOK)
    book["平日"]["XFD1048576"] = "x"
    book.save(tmp_path / BOOK)
    found = errors(build(declaration))
    assert {f.code for f in found} == {"source-unreadable"}
    assert "XFD1048576" in found[0].message_ja


SEEDED = [
    ("平日", "F5", "6時よん分", "time-unreadable", "F5"),
    ("平日", "F5", "6:44◇", "mark-undefined", "F5"),
    ("平日", "F6", None, "trip-too-short", "F5"),
    ("平日", "F4", None, "time-without-trip", "F5"),
    ("平日", "B6", "若松波止場", "stop-unknown", "B6"),
    ("平日", "B6", None, "time-without-stop", "C6"),
    ("のりば", "F3", 130.814440, "coordinate-outside-japan", "F3"),
    ("のりば", "G3", "東経130度", "coordinate-unreadable", "G3"),
    ("のりば", "A3", "TO", "stop-duplicate", "A3"),
    ("のりば", "B3", None, "stop-nameless", "B3"),
    ("のりば", "B1", "のりば名", "column-missing", ""),
    ("運賃", "B2", "百円", "fare-unreadable", "B2"),
    ("運賃", "A2", "おとな", "fare-category-missing", ""),
    ("特別ダイヤ", "B2", "年の暮れ", "date-unreadable", "B2"),
]


@pytest.mark.parametrize(("sheet", "cell", "value", "code", "where"), SEEDED)
def test_an_error_in_one_cell_names_sheet_and_cell(edited, build, sheet, cell, value, code, where):
    built = build(edited([(sheet, cell, value)]))
    found = {(f.code, f.sheet, f.cell) for f in errors(built)}
    assert (code, sheet, where) in found
    assert built.blocked


def test_a_reading_nobody_confirmed_is_a_warning(edited, build):
    built = build(edited([("のりば", "D3", None)]))
    [finding] = [f for f in built.findings if f.severity != "info"]
    assert (finding.code, finding.cell, finding.value) == (
        "reading-unconfirmed",
        "C3",
        "わかまつとじょう",
    )
    assert not built.blocked


def test_two_equal_trips_are_found(edited, build):
    built = build(edited([("平日", "D5", dt.time(5, 55)), ("平日", "D6", dt.time(5, 58))]))
    [finding] = errors(built)
    assert (finding.code, finding.cell) == ("trip-duplicate", "D5")


def test_a_corporate_number_with_a_wrong_check_digit_is_found(edited, build):
    declaration = edited()
    declaration["operator"]["id"] = "7000020401005"
    [finding] = errors(build(declaration))
    assert (finding.code, finding.value) == ("corporate-number-wrong", "7000020401005")


def test_the_operators_own_days_may_not_end_before_the_feed(edited, build):
    declaration = edited()
    declaration["days"]["new_year"]["covers"] = {"start": "2026-04-01", "end": "2027-03-31"}
    [finding] = errors(build(declaration))
    assert (finding.code, finding.field) == ("days-end-early", "new_year")


def test_days_of_a_year_long_gone_are_a_warning(edited, build):
    cells = [("特別ダイヤ", "B2", dt.date(2024, 12, 31)), ("特別ダイヤ", "C2", dt.date(2025, 1, 3))]
    built = build(edited(cells))
    assert [f.code for f in built.findings if f.severity != "info"] == ["days-empty"]


def test_overlapping_areas_use_a_time_twice(edited, build):
    declaration = edited()
    declaration["day_types"]["event"] = {"title": {"ja": "催しの日"}, "runs": ["new_year"]}
    again = declaration["timetables"][0]["tables"][0] | {"day_type": "event"}
    declaration["timetables"][0]["tables"].append(again)
    [finding] = errors(build(declaration))
    assert (finding.code, finding.sheet, finding.count) == ("time-used-twice", "平日", 142)


def test_two_revisions_may_use_the_same_table(edited, build):
    declaration = edited()
    summer = copy.deepcopy(declaration["timetables"][0])
    declaration["timetables"][0]["valid"] = {"start": "2026-10-01", "end": "2027-03-31"}
    summer["valid"] = {"start": "2027-04-01", "end": "2027-09-30"}
    declaration["timetables"].append(summer)
    built = build(declaration)
    assert errors(built) == []
    assert built.reconciliation.time_cells_matched == 540
    assert built.reconciliation.stop_times_matched == 2 * 540


def test_a_stop_nobody_knows_is_told_once_and_not_at_every_trip(edited, build):
    found = errors(build(edited([("平日", "B5", "戸畑波止場")])))
    assert [(f.code, f.cell) for f in found] == [("stop-unknown", "B5")]


def test_a_row_of_the_ledger_that_cannot_be_used_is_told_there_alone(edited, build):
    found = errors(build(edited([("のりば", "F2", 130.818), ("のりば", "G2", 33.901)])))
    assert [(f.code, f.sheet, f.cell) for f in found] == [
        ("coordinate-outside-japan", "のりば", "F2")
    ]


def test_a_time_that_cannot_be_read_is_no_missing_time(edited, build):
    found = errors(build(edited([("平日", "F6", "25時")])))
    assert [(f.code, f.cell) for f in found] == [("time-unreadable", "F6")]


def test_a_trip_short_of_a_time_because_of_a_formula_says_so_first(edited, build):
    first, *_ = errors(build(edited([("平日", "F6", "=F5+TIME(0,3,0)")])))
    assert (first.code, first.cell) == ("formula-without-value", "F6")


@pytest.mark.parametrize("number", ["800002040100", "８０００020401005", "80000204010055"])
def test_a_corporate_number_has_thirteen_digits(edited, build, number):
    declaration = edited()
    declaration["operator"]["id"] = number
    with pytest.raises(ValidationError, match="corporate-number-form"):
        build(declaration)


def test_every_finding_speaks_both_languages_in_one_line(root):
    entries = YAML(typ="safe").load((root / "gtfs/findings.yaml").read_text(encoding="utf-8"))
    for code, entry in entries.items():
        for kind in ("message", "remedy"):
            for language in ("ja", "en"):
                assert entry[kind][language].strip(), code
                assert "\n" not in entry[kind][language], code
