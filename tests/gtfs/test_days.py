"""Days: weekdays, holidays, the operator's own days, revisions inside one feed."""

import datetime as dt

import pytest

from gtfs.days.calendar import effective_dates

D = dt.date
TIMES = [["", "1便"], ["市役所前", "9:00"], ["駅前", "9:20"]]
LATER = [["", "1便"], ["市役所前", "9:30"], ["駅前", "9:50"]]
TABLE = {"sheet": "表", "times": "B2", "stops": "A", "trip_names": "1", "day_type": "weekday"}


@pytest.fixture
def dates(write_book, bus, build):
    def run(**more):
        built = build(bus(write_book({"表": TIMES}), [TABLE], **more))
        assert not built.blocked, [f.line("ja") for f in built.findings]
        return effective_dates(built.tables)["weekday"]

    return run


def test_a_holiday_on_a_weekday_is_no_weekday(dates):
    found = dates()
    assert D(2026, 11, 2) in found
    assert D(2026, 11, 3) not in found  # 文化の日
    assert D(2027, 3, 22) not in found  # 振替休日


def test_obon_may_be_the_operators_own(dates):
    found = dates(
        period={"start": "2027-08-01", "end": "2027-08-31"},
        days={"obon": {"title": {"ja": "お盆"}, "dates": ["2027-08-12/2027-08-14"]}},
        day_types={
            "weekday": {
                "title": {"ja": "平日"},
                "but_not": ["obon"],
                "runs": ["mon", "tue", "wed", "thu", "fri"],
            }
        },
    )
    assert D(2027, 8, 11) in found
    assert not {D(2027, 8, 12), D(2027, 8, 13)} & found


def test_an_event_day_runs_all_the_same(dates):
    found = dates(
        days={"festival": {"title": {"ja": "祭り"}, "dates": ["2026-11-03"]}},
        day_types={
            "weekday": {
                "title": {"ja": "平日"},
                "runs": ["mon"],
                "but_not": ["holiday"],
                "and_also": ["festival"],
            }
        },
    )
    assert D(2026, 11, 3) in found


@pytest.fixture
def revised(write_book, bus, build):
    def run(first, second):
        before = write_book({"表": TIMES}, name="before.xlsx")
        after = write_book({"表": LATER}, name="after.xlsx")
        declaration = bus(before, [TABLE])
        declaration["timetables"] = [
            {"file": before, "route": "line", "tables": [TABLE], "valid": first},
            {"file": after, "route": "line", "tables": [TABLE], "valid": second},
        ]
        return build(declaration)

    return run


def period(start, end):
    return {"start": start, "end": end}


def test_current_and_next_timetable_are_merged_in_one_feed(revised):
    built = revised(period("2026-10-01", "2026-12-31"), period("2027-01-01", "2027-03-31"))
    assert [f.code for f in built.findings if f.severity != "info"] == []
    running = effective_dates(built.tables)
    assert max(running["weekday_from_20261001"]) == D(2026, 12, 31)
    assert min(running["weekday_from_20270101"]) == D(2027, 1, 4)


def test_routes_may_be_revised_on_different_days(write_book, bus, build):
    book, other = (write_book({"表": TIMES}, name=f"{n}.xlsx") for n in ("line", "other"))
    declaration = bus(book, [TABLE])
    declaration["routes"]["other"] = {"title": {"ja": "別の線"}}
    short, whole = period("2026-10-01", "2026-12-31"), period("2026-10-01", "2027-03-31")
    declaration["timetables"] = [
        {"file": book, "route": "line", "tables": [TABLE], "valid": short},
        {"file": other, "route": "other", "tables": [TABLE], "valid": whole},
    ]
    built = build(declaration)
    assert [f.code for f in built.findings if f.severity == "error"] == []
    running = effective_dates(built.tables)
    last = {service: max(days) for service, days in running.items()}
    assert last == {
        "weekday_from_20261001_to_20261231": D(2026, 12, 31),
        "weekday_from_20261001_to_20270331": D(2027, 3, 31),
    }


def test_revisions_that_overlap_would_run_twice(revised):
    built = revised(period("2026-10-01", "2027-01-15"), period("2027-01-01", "2027-03-31"))
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.value) == ("revisions-overlap", "2027-01-01–2027-01-15")


def test_days_between_two_revisions_are_told(revised):
    built = revised(period("2026-10-01", "2026-12-20"), period("2027-01-01", "2027-03-31"))
    gaps = [f.value for f in built.findings if f.code == "revisions-gap"]
    assert gaps == ["2026-12-21–2026-12-31"]


def test_days_after_the_last_revision_are_told(revised):
    built = revised(period("2026-10-01", "2026-12-31"), period("2027-01-01", "2027-02-28"))
    gaps = [f.value for f in built.findings if f.code == "revisions-gap"]
    assert gaps == ["2027-03-01–2027-03-31"]


def test_a_holiday_table_that_ends_before_the_feed_blocks_it(write_book, bus, build, tmp_path):
    text = "国民の祝日・休日月日,国民の祝日・休日名称\n2026/11/3,文化の日\n"
    (tmp_path / "syukujitsu.csv").write_text(text, encoding="cp932")
    table = {"file": "syukujitsu.csv", "encoding": "cp932", "start": "国民の祝日・休日月日"}
    built = build(bus(write_book({"表": TIMES}), [TABLE], holidays=table))
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.file) == ("days-end-early", "syukujitsu.csv")


def test_a_holiday_table_with_a_gap_is_a_warning(write_book, bus, build, tmp_path):
    rows = ["日付", "2026/10/12", "2026/11/3", "2026/11/23", "2027/1/1", "2027/2/11", "2027/2/23"]
    (tmp_path / "holidays.csv").write_text("\n".join([*rows, "2027/3/22", "2027/5/3"]))
    table = {"file": "holidays.csv", "start": "日付"}
    built = build(bus(write_book({"表": TIMES}), [TABLE], holidays=table))
    found = [(f.code, f.value, f.count) for f in built.findings if f.severity == "warning"]
    # 成人の日 and 春分の日; the Monday after it is there.
    assert found == [("holidays-lacking", "2027-01-11", 2)]


def test_a_timetable_that_never_runs_is_found(write_book, bus, build):
    never = {"title": {"ja": "お盆"}, "runs": ["holiday"], "but_not": ["holiday"]}
    built = build(bus(write_book({"表": TIMES}), [TABLE], day_types={"weekday": never}))
    assert "service-never-runs" in {f.code for f in built.findings}


@pytest.mark.real
def test_the_cabinet_offices_table_gives_the_same_days(write_book, bus, build, real, tmp_path):
    name = "syukujitsu.csv"
    (tmp_path / name).write_bytes((real / "transit/workbooks" / name).read_bytes())
    book = write_book({"表": TIMES})
    table = {"file": name, "encoding": "cp932", "start": "国民の祝日・休日月日"}
    whole = {"period": {"start": "2026-01-01", "end": "2027-12-31"}}
    by_table = build(bus(book, [TABLE], holidays=table, **whole))
    by_library = build(bus(book, [TABLE], **whole))
    assert effective_dates(by_table.tables) == effective_dates(by_library.tables)
