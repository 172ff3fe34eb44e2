"""Pole timetables: hours down, minutes across, each departure a trip by its pattern."""

import datetime as dt
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from gtfs.build.feed import build_feed
from gtfs.export import export_feed
from pipeline.config.feeds import Feed

CALLS = [
    {"stop": "市役所前", "minutes": 0},
    {"stop": "病院", "minutes": 4},
    {"stop": "駅前", "minutes": 9},
]
SHORT = [{"stop": "市役所前", "minutes": 0}, {"stop": "中央公民館", "minutes": 3}]
PATTERNS = {"main": {"calls": CALLS}, "short": {"calls": SHORT}}
TWO_DAYS = [
    ["市役所前 バス停 時刻表", "", "", "", ""],
    ["時", "平日", "", "", "土日祝"],
    [6, 5, "20△", 35, ""],
    [7, "〇05", "", "", "10"],
    [8, "", "", "", ""],
    [0, "", "", 15, ""],
]


def pole(**changes):
    return {
        "sheet": "表",
        "stop": "市役所前",
        "hours": "A",
        "minutes": "B3:D6",
        "day_type": "weekday",
        "pattern": "main",
        "pattern_by_mark": {"△": "short"},
    } | changes


MARKS = {"〇": {"title": {"ja": "低床バス"}}}


@pytest.fixture
def declare(write_book, bus):
    def run(rows, *poles, merge=(), patterns=PATTERNS, sheets=None, **more):
        book = write_book({"表": rows} | (sheets or {}), merge=[("表", area) for area in merge])
        declaration = bus(book, [], **more)
        [timetable] = declaration["timetables"]
        timetable |= {"patterns": patterns, "poles": list(poles)}
        return declaration

    return run


def errors(built):
    return [(f.code, f.cell) for f in built.findings if f.severity == "error"]


def starts(built):
    """Return service and times of every trip's first call."""
    assert not built.blocked, [f.line("ja") for f in built.findings if f.severity == "error"]
    trips = built.tables["trips"].set_index("trip_id")["service_id"]
    times = built.tables["stop_times"]
    first = times[times["stop_sequence"] == 1]
    return sorted(
        (trips[t], f"{s // 3600}:{s % 3600 // 60:02d}")
        for t, s in zip(first["trip_id"], first["departure_time"], strict=True)
    )


def matched(built, cells):
    counts = built.reconciliation
    assert (counts.time_cells, counts.time_cells_matched) == (cells, cells)
    assert counts.stop_times == counts.stop_times_matched > cells


def test_hours_down_minutes_across_day_types_side_by_side(declare, build, trips):
    saturday = pole(minutes="E3:E6", day_type="holiday")
    built = build(declare(TWO_DAYS, pole(), saturday, marks=MARKS, merge=["B2:D2"]))
    assert starts(built) == [
        ("holiday", "7:10"),
        ("weekday", "24:15"),
        ("weekday", "6:05"),
        ("weekday", "6:20"),
        ("weekday", "6:35"),
        ("weekday", "7:05"),
    ]
    calls = trips(built)
    assert calls["line_0_weekday_0605"] == [
        ("A", "06:05", "06:05"),
        ("C", "06:09", "06:09"),
        ("D", "06:14", "06:14"),
    ]
    assert calls["line_0_weekday_0620"] == [("A", "06:20", "06:20"), ("B", "06:23", "06:23")]
    matched(built, 6)
    assert not [f for f in built.findings if f.code == "minutes-undeclared"]


def test_only_the_time_at_the_pole_is_exact(declare, build):
    built = build(declare(TWO_DAYS, pole(), marks=MARKS))
    times = built.tables["stop_times"]
    assert set(times["timepoint"][times["stop_id"] == "A"]) == {1}
    assert set(times["timepoint"][times["stop_id"] != "A"]) == {0}


def test_a_mark_is_told_to_passengers(declare, build):
    built = build(declare(TWO_DAYS, pole(), marks=MARKS))
    notes = built.tables["trips"].set_index("trip_id")["jp_trip_desc"]
    assert notes["line_0_weekday_0705"] == "低床バス"
    assert notes["line_0_weekday_0605"] == ""


def test_minutes_nobody_declared_are_told(declare, build):
    built = build(declare(TWO_DAYS, pole(), marks=MARKS))
    [left] = [f for f in built.findings if f.code == "minutes-undeclared"]
    assert (left.cell, left.count) == ("E4", 1)


def test_hours_below_a_block_that_ends_too_early_are_told(declare, build):
    one = pole(minutes="B3:D3", pattern_by_mark={"△": "short"})
    built = build(declare(TWO_DAYS, one, marks=MARKS))
    [left] = [f for f in built.findings if f.code == "minutes-undeclared"]
    assert (left.cell, left.count) == ("B4", 3)


def test_hours_across_minutes_down_read_the_same(declare, build):
    turned = [list(row) for row in zip(*TWO_DAYS, strict=True)]
    built = build(declare(turned, pole(hours="1", minutes="C2:F4"), marks=MARKS))
    assert [time for _, time in starts(built)] == ["24:15", "6:05", "6:20", "6:35", "7:05"]
    matched(built, 5)


@pytest.mark.parametrize(
    "cell",
    ["05 20△ 35", "05,20△,35", "05、20△、35", "05・20△・35", "05\n20△\n35", "０５　２０△　３５"],
)
def test_minutes_of_one_cell_are_separated_somehow(declare, build, cell):
    rows = [*TWO_DAYS[:2], [6, cell]]
    built = build(declare(rows, pole(minutes="B3"), marks=MARKS))
    assert [time for _, time in starts(built)] == ["6:05", "6:20", "6:35"]
    assert Counter(len(t) for _, t in built.tables["stop_times"].groupby("trip_id")) == {3: 2, 2: 1}
    matched(built, 3)


@pytest.mark.parametrize(
    "cell",
    ["20△〇", "△20〇", "△〇20", "〇△２０", "△ 〇 20", "20 △〇", "20分△〇", "△〇20分"],
)
def test_a_minute_may_carry_two_marks_on_either_side(declare, build, cell):
    built = build(declare([*TWO_DAYS[:2], [6, cell]], pole(minutes="B3"), marks=MARKS))
    assert starts(built) == [("weekday", "6:20")]
    assert list(built.tables["trips"]["jp_trip_desc"]) == ["低床バス"]
    assert len(built.tables["stop_times"]) == 2


@pytest.mark.parametrize(
    ("mark", "cell"), [("*", "＊05"), ("ア", "05ｱ"), ("（）", "(05)"), ("①", "①05")]
)
def test_marks_of_either_width_are_the_same(declare, build, mark, cell):
    by_mark = pole(minutes="B3", pattern_by_mark={mark: "short"})
    built = build(declare([*TWO_DAYS[:2], [6, cell]], by_mark))
    assert starts(built) == [("weekday", "6:05")]
    assert len(built.tables["stop_times"]) == 2
    matched(built, 1)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("05★", "mark-undefined"),
        ("①05", "mark-undefined"),
        (65, "minute-unreadable"),
        ("0520", "minute-unreadable"),
        (5.5, "minute-unreadable"),
        ("〃", "minute-unreadable"),
        ("運休", "minute-unreadable"),
        ("△", "minute-unreadable"),
        ("05～20", "minute-unreadable"),
        ("6:05", "minute-unreadable"),
        (dt.time(6, 5), "minute-unreadable"),
        ("05 △ 20", "minute-unreadable"),
    ],
    ids=repr,
)
def test_what_is_no_minute_is_told(declare, build, cell, code):
    built = build(declare([*TWO_DAYS[:2], [6, cell, 40]], pole(minutes="B3:C3"), marks=MARKS))
    assert errors(built) == [(code, "B3")]


@pytest.mark.parametrize("cell", ["", "－", "・", "…"])
def test_an_empty_hour_has_no_departure(declare, build, cell):
    built = build(declare([*TWO_DAYS[:2], [6, cell], [7, 5]], pole(minutes="B3:B4"), marks=MARKS))
    assert starts(built) == [("weekday", "7:05")]


def test_hours_may_be_merged_over_two_rows(declare, build):
    rows = [*TWO_DAYS[:2], [7, 5, 15], ["", 25, 35], [8, 5, ""]]
    built = build(declare(rows, pole(minutes="B3:C5"), marks=MARKS, merge=["A3:A4"]))
    assert [t for _, t in starts(built)] == ["7:05", "7:15", "7:25", "7:35", "8:05"]
    matched(built, 5)


def test_a_row_of_minutes_without_an_hour_is_told(declare, build):
    rows = [*TWO_DAYS[:2], [7, 5, 15], ["", 25, 35]]
    built = build(declare(rows, pole(minutes="B3:C4"), marks=MARKS))
    assert errors(built) == [("hour-missing", "B4")]


@pytest.mark.parametrize(
    "hours", [(23, 24, 25), (23, 0, 1), ("23時", "翌0時", "翌1時"), ("２３", "２４", "２５")]
)
def test_hours_after_midnight_stand_at_the_end(declare, build, hours):
    rows = [*TWO_DAYS[:2], *([hour, 5] for hour in hours)]
    built = build(declare(rows, pole(minutes="B3:B5"), marks=MARKS))
    assert [t for _, t in starts(built)] == ["23:05", "24:05", "25:05"]
    matched(built, 3)


def test_hours_of_the_afternoon_that_start_again_are_told(declare, build):
    rows = [*TWO_DAYS[:2], [11, 5], [12, 5], [4, 5]]
    assert errors(build(declare(rows, pole(minutes="B3:B5"), marks=MARKS))) == [
        ("hours-backwards", "A5")
    ]


def test_an_hour_that_is_none_is_told(declare, build):
    rows = [*TWO_DAYS[:2], ["始発", 5], [7, 5]]
    assert errors(build(declare(rows, pole(minutes="B3:B4"), marks=MARKS))) == [
        ("hour-unreadable", "A3")
    ]


def test_run_times_may_stand_in_a_sheet(declare, build, trips):
    sheets = {"所要": [["", "本線"], ["市役所前", 0], ["中央公民館", ""], ["病院", 4], ["駅前", 9]]}
    patterns = {"main": {"sheet": "所要", "stops": "A", "minutes": "B2:B5"}}
    one = pole(pattern_by_mark={}, minutes="B3:B3")
    built = build(declare(TWO_DAYS, one, patterns=patterns, sheets=sheets))
    assert list(trips(built).values()) == [
        [("A", "06:05", "06:05"), ("C", "06:09", "06:09"), ("D", "06:14", "06:14")]
    ]
    matched(built, 1)


def test_a_pole_on_the_way_gives_the_times_before_it_too(declare, build, trips):
    built = build(declare(TWO_DAYS, pole(stop="病院", minutes="B3:B3", pattern_by_mark={})))
    assert [time for _, time, _ in next(iter(trips(built).values()))] == ["06:01", "06:05", "06:10"]
    matched(built, 1)


def test_a_ferry_has_the_minutes_of_each_pier_across(declare, build, trips):
    rows = [
        ["渡船時刻表", "", "", "", ""],
        ["時", "市役所前 発", "", "駅前 発", ""],
        [6, "00", "20", "10", "30"],
        [7, "00", "20", "10", "30"],
    ]
    patterns = {
        "out": {"calls": [{"stop": "市役所前", "minutes": 0}, {"stop": "駅前", "minutes": 5}]},
        "back": {
            "direction": 1,
            "calls": [{"stop": "駅前", "minutes": 0}, {"stop": "市役所前", "minutes": 5}],
        },
    }
    shared = {"sheet": "表", "hours": "A", "day_type": "daily"}
    poles = [
        shared | {"stop": "市役所前", "minutes": "B3:C4", "pattern": "out"},
        shared | {"stop": "駅前", "minutes": "D3:E4", "pattern": "back"},
    ]
    built = build(declare(rows, *poles, patterns=patterns, mode="ferry"))
    assert trips(built)["line_1_daily_0610"] == [("D", "06:10", "06:10"), ("A", "06:15", "06:15")]
    assert len(trips(built)) == 8
    matched(built, 8)


def test_two_poles_of_one_line_would_run_every_trip_twice(declare, build):
    rows = [["時", "", ""], [6, 5, 9]]
    poles = [
        pole(minutes="B2:B2", pattern_by_mark={}),
        pole(minutes="C2:C2", stop="病院", pattern_by_mark={}),
    ]
    assert errors(build(declare(rows, *poles))) == [("trip-duplicate", "C2")]


def test_what_a_pattern_lacks_is_named(declare, build):
    unknown = {"main": {"calls": [*CALLS[:2], {"stop": "？", "minutes": 9}]}}
    one = pole(pattern_by_mark={}, minutes="B3:B3")
    [found] = [
        f for f in build(declare(TWO_DAYS, one, patterns=unknown)).findings if f.severity == "error"
    ]
    assert (found.code, found.value, found.field) == ("stop-unknown", "？", "patterns.main")
    last = pole(stop="駅前", pattern_by_mark={}, minutes="B3:B3")
    assert {c for c, _ in errors(build(declare(TWO_DAYS, last)))} == {"pole-not-in-pattern"}
    falling = {"main": {"calls": [*CALLS, {"stop": "中央公民館", "minutes": 8}]}}
    assert {c for c, _ in errors(build(declare(TWO_DAYS, one, patterns=falling)))} == {
        "run-times-backwards"
    }


def test_two_marks_of_two_patterns_contradict(declare, build):
    by_mark = {"△": "short", "〇": "main"}
    rows = [*TWO_DAYS[:2], [6, "05△〇"]]
    built = build(declare(rows, pole(minutes="B3:B3", pattern_by_mark=by_mark)))
    assert errors(built) == [("pattern-ambiguous", "B3")]


def test_a_formula_without_a_result_is_told(declare, build):
    rows = [*TWO_DAYS[:2], [6, 5, "=B3+15"]]
    built = build(declare(rows, pole(minutes="B3:C3", pattern_by_mark={})))
    assert ("formula-without-value", "C3") in errors(built)


@pytest.mark.parametrize(
    "changes",
    [{"patterns": {}}, {"patterns": {"main": {"calls": CALLS[:1]}}}, {"poles": []}],
    ids=["no patterns", "one call", "nothing at all"],
)
def test_a_pole_without_run_times_is_no_declaration(declare, changes):
    declaration = declare(TWO_DAYS, pole(pattern_by_mark={}))
    declaration["timetables"][0] |= changes
    with pytest.raises(ValidationError):
        Feed.model_validate(declaration)


def test_a_csv_reads_the_same(declare, build, tmp_path):
    declaration = declare(TWO_DAYS, pole(sheet=""), marks=MARKS)
    lines = [",".join(map(str, row)) for row in TWO_DAYS]
    (tmp_path / "pole.csv").write_text("\n".join(lines), encoding="utf-8")
    declaration["timetables"][0]["file"] = "pole.csv"
    built = build(declaration)
    assert [time for _, time in starts(built)] == ["24:15", "6:05", "6:20", "6:35", "7:05"]
    matched(built, 5)


def test_an_ods_reads_the_same(declare, build, write_ods):
    declaration = declare(TWO_DAYS, pole(), marks=MARKS)
    declaration["timetables"][0]["file"] = write_ods(TWO_DAYS)
    built = build(declaration)
    assert [time for _, time in starts(built)] == ["24:15", "6:05", "6:20", "6:35", "7:05"]
    matched(built, 5)


def calls_of(built):
    times = built.tables["stop_times"]
    return Counter(
        tuple(zip(t["stop_id"], t["departure_time"], strict=True))
        for _, t in times.groupby("trip_id")
    )


def test_a_feed_from_poles_comes_back_from_its_export(declare, build, tmp_path, publisher):
    built = build(declare(TWO_DAYS, pole(), marks=MARKS))
    export_feed(built.tables, "feed", tmp_path / "out")
    text = (tmp_path / "out/feed.yaml").read_text(encoding="utf-8")
    again = Feed.model_validate(YAML(typ="safe").load(text)["feeds"]["feed"])
    back = build_feed("feed", again, root=tmp_path / "out", publisher=publisher)
    assert calls_of(back) == calls_of(built)


HOURS = st.dictionaries(
    st.integers(4, 26),
    st.dictionaries(st.integers(0, 59), st.sampled_from(["", "△", "〇"]), max_size=6),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(hours=HOURS, one_cell=st.booleans(), before=st.booleans(), wraps=st.booleans())
def test_any_pole_reads_back(declare, build, hours, one_cell, before, wraps):
    if not any(hours.values()):
        hours[9] = {30: ""}
    rows = [["時"]]
    for hour, minutes in sorted(hours.items()):
        words = [
            f"{mark}{m:02d}" if before else f"{m:02d}{mark}" for m, mark in sorted(minutes.items())
        ]
        shown = hour - 24 if wraps and hour >= 24 else hour
        rows.append([shown, *([" ".join(words)] if one_cell else words)])
    area = f"B2:{'B' if one_cell else 'G'}{len(rows)}"
    built = build(declare(rows, pole(minutes=area), marks=MARKS))
    expected = Counter(
        tuple(
            (stop, (h * 60 + m + after) * 60)
            for stop, after in (
                [("A", 0), ("B", 3)] if k == "△" else [("A", 0), ("C", 4), ("D", 9)]
            )
        )
        for h, minutes in hours.items()
        for m, k in minutes.items()
    )
    assert not built.blocked, [f.line("ja") for f in built.findings if f.severity == "error"]
    assert calls_of(built) == expected
    matched(built, expected.total())
