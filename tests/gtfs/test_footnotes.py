"""Footnote marks: what they do to the days of a trip, and marks nobody has explained."""

import datetime as dt

from gtfs.days.calendar import effective_dates

T = dt.time

MARKS = {
    "★": {"title": {"ja": "土曜運休"}, "but_not": ["sat"]},
    "盆": {"title": {"ja": "8/13〜15運休"}, "but_not": ["obon"]},
    "学": {"title": {"ja": "学校休業日運休"}, "only": ["school"]},
    "注": {"title": {"ja": "降車のみ"}},
}
DAYS = {
    "obon": {"title": {"ja": "お盆"}, "dates": ["2027-08-13/2027-08-15"]},
    "school": {"title": {"ja": "登校日"}, "dates": ["2026-10-01/2026-12-24", "2027-01-08"]},
}


def feed(bus, book, **table):
    declared = {
        "sheet": "表",
        "times": "B3",
        "stops": "A",
        "trip_names": "1",
        "marks": ["2"],
        "day_type": "daily",
    } | table
    return bus(
        book,
        [declared],
        marks=MARKS,
        days=DAYS,
        period={"start": "2026-10-01", "end": "2027-09-30"},
    )


def rows(*marks):
    count = len(marks)
    return [
        ["", *(f"{i + 1}便" for i in range(count))],
        ["", *marks],
        ["市役所前", *(T(9 + i, 0) for i in range(count))],
        ["駅前", *(T(9 + i, 20) for i in range(count))],
    ]


def test_a_mark_takes_days_away(write_book, bus, build):
    built = build(feed(bus, write_book({"表": rows("", "★")})))
    dates = effective_dates(built.tables)
    assert dt.date(2026, 10, 3) in dates["daily"]
    assert dt.date(2026, 10, 3) not in dates["daily_not_sat"]
    assert dt.date(2026, 10, 4) in dates["daily_not_sat"]


def test_only_on_school_days(write_book, bus, build):
    built = build(feed(bus, write_book({"表": rows("", "学")})))
    dates = effective_dates(built.tables)
    assert len(dates["daily_only_school"]) == 86
    assert max(dates["daily_only_school"]) == dt.date(2027, 1, 8)


def test_two_marks_in_one_cell_both_count(write_book, bus, build):
    built = build(feed(bus, write_book({"表": rows("", "★・盆", "★盆")})))
    assert set(built.tables["trips"]["service_id"]) == {"daily", "daily_not_sat_not_obon"}
    dates = effective_dates(built.tables)["daily_not_sat_not_obon"]
    assert dt.date(2027, 8, 13) not in dates
    assert dt.date(2027, 8, 16) in dates


def test_a_remark_changes_no_day_but_is_published(write_book, bus, build):
    built = build(feed(bus, write_book({"表": rows("", "注")})))
    assert set(built.tables["trips"]["service_id"]) == {"daily"}
    assert list(built.tables["trips"]["jp_trip_desc"]) == ["", "降車のみ"]


def test_a_mark_may_be_glued_to_a_time(write_book, bus, build):
    book = write_book({"表": [["", "1便"], [""], ["市役所前", "9:00★"], ["駅前", "★9:20"]]})
    built = build(feed(bus, book))
    assert set(built.tables["trips"]["service_id"]) == {"daily_not_sat"}
    assert built.reconciliation.time_cells_matched == 2


def test_a_merged_mark_counts_for_every_trip_under_it(write_book, bus, build):
    book = write_book({"表": rows("", "★", "")}, merge=[("表", "C2:D2")])
    built = build(feed(bus, book))
    assert list(built.tables["trips"]["service_id"]) == ["daily", "daily_not_sat", "daily_not_sat"]


def test_a_mark_nobody_defined_names_its_cell(write_book, bus, build):
    built = build(feed(bus, write_book({"表": rows("", "◆")})))
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.sheet, finding.cell, finding.value) == (
        "mark-undefined",
        "表",
        "C2",
        "◆",
    )


def test_days_agree_with_the_rules_read_another_way(write_book, bus, build):
    built = build(feed(bus, write_book({"表": rows("", "★", "盆", "学")})))
    counts = built.reconciliation
    assert counts.service_days == counts.service_days_matched == 4 * 365


def test_a_mark_where_a_time_should_be_is_no_time(write_book, bus, build):
    rows_ = [["", "1便"], [""], ["市役所前", "9:00"], ["病院", "★"], ["駅前", "9:20"]]
    built = build(feed(bus, write_book({"表": rows_})))
    assert ("time-unreadable", "B4", "★") in {(f.code, f.cell, f.value) for f in built.findings}
