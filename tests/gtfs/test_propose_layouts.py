"""What ``tonari gtfs inspect`` proposes for layouts beside the plain matrix builds as it is."""

import openpyxl
import pytest
from ruamel.yaml import YAML

from gtfs.timetable.grid import open_book
from gtfs.timetable.proposal import as_yaml
from gtfs.timetable.propose import propose

POLE = [
    ["市役所前 バス停 時刻表（駅前 方面）", "", "", "", "", "", ""],
    ["時", "平日", "", "", "土曜", "日祝", ""],
    [6, "05", "20△", "◆35", "", 10, ""],
    [7, "05", "", "", "15", 10, 40],
    [8, "", "", "", "", 10, ""],
    ["凡例　△：中央公民館止　◆：低床バス"],
]


@pytest.fixture
def proposed(write_book, tmp_path):
    def run(rows, merge=(), name="book.xlsx"):
        book = write_book({"表": rows}, name=name, merge=[("表", area) for area in merge])
        proposal = propose(open_book(tmp_path, book))
        return YAML(typ="safe").load(as_yaml(proposal, book))

    return run


@pytest.fixture
def built(bus, build):
    """Build what was proposed, the run times filled in."""

    def run(document, minutes=5):
        [timetable] = document["timetables"]
        for pattern in timetable.get("patterns", {}).values():
            for call in pattern["calls"]:
                call["minutes"] = minutes if call["minutes"] == "？" else call["minutes"]
                call["stop"] = "中央公民館" if call["stop"] == "？" else call["stop"]
        declaration = bus(timetable["file"], [])
        days = declaration["day_types"]
        days |= {"saturday": days["holiday"], "sunday_holiday": days["holiday"]}
        marks = document.get("marks", {})
        return build(declaration | {"timetables": [timetable], "marks": marks})

    return run


def test_a_pole_is_proposed_block_by_block_with_what_it_lacks(proposed):
    document = proposed(POLE, merge=["A1:G1", "B2:D2", "F2:G2"])
    [timetable] = document["timetables"]
    shared = {"sheet": "表", "stop": "市役所前", "hours": "A", "pattern": "pattern1"}
    by_mark = {"pattern_by_mark": {"△": "pattern2"}}
    assert timetable["poles"] == [
        shared | {"minutes": "B3:D5", "day_type": "weekday"} | by_mark,
        shared | {"minutes": "E3:E5", "day_type": "saturday"},
        shared | {"minutes": "F3:G5", "day_type": "sunday_holiday"},
    ]
    assert timetable["patterns"]["pattern1"]["calls"] == [
        {"stop": "市役所前", "minutes": 0},
        {"stop": "駅前", "minutes": "？"},
    ]
    assert document["marks"] == {"◆": {"title": {"ja": "低床バス"}}}


@pytest.mark.parametrize("merge", [(), ["B2:D2", "F2:G2"]], ids=["heads apart", "heads merged"])
def test_a_proposed_pole_builds(proposed, built, merge):
    result = built(proposed(POLE, merge=merge))
    assert not result.blocked, [f.line("ja") for f in result.findings if f.severity == "error"]
    assert len(result.tables["trips"]) == 9
    assert not [f for f in result.findings if f.code == "minutes-undeclared"]


def test_a_pole_with_hours_across_is_proposed(proposed, built):
    width = max(map(len, POLE))
    rows = [row + [""] * (width - len(row)) for row in POLE[1:5]]
    document = proposed([list(row) for row in zip(*rows, strict=True)])
    assert {p["hours"] for p in document["timetables"][0]["poles"]} == {"1"}
    document["timetables"][0]["poles"] = [
        p | {"stop": "市役所前"} for p in document["timetables"][0]["poles"]
    ]
    for pattern in document["timetables"][0]["patterns"].values():
        pattern["calls"][0]["stop"] = "市役所前"
    assert len(built(document).tables["trips"]) == 9


def test_a_stop_that_only_the_name_of_the_sheet_says_is_marked_as_a_guess(write_book, tmp_path):
    """Nothing on a sheet called 令和8年度 need name a stop; the planner must be told to look."""
    nameless = [["時刻", *[""] * 6], *POLE[1:5]]
    book = write_book({"令和8年度": nameless, "市役所前": POLE})
    text = as_yaml(propose(open_book(tmp_path, book)), book)
    remarks = {line.partition("#")[0].split("stop: ")[1].split(",")[0]: line.partition("#")[2]
               for line in text.splitlines() if "hours:" in line}  # fmt: skip
    assert "シート名からの推測" in remarks["令和8年度"]
    assert "a guess" in remarks["令和8年度"]
    assert "推測" not in remarks["市役所前"]


def test_a_pole_whose_run_times_nobody_wrote_is_no_declaration(proposed, bus, build):
    [timetable] = proposed(POLE)["timetables"]
    with pytest.raises(ValueError, match="run-time-unwritten"):
        build(bus("book.xlsx", []) | {"timetables": [timetable]})


def test_two_directions_beside_each_other_are_two_patterns(proposed):
    rows = [
        ["市役所前停留所", "", "", "", ""],
        ["時", "駅前方面", "", "病院方面", ""],
        *([hour, 5, 25, 15, 35] for hour in (6, 7, 8)),
    ]
    [timetable] = proposed(rows, merge=["B2:C2", "D2:E2"])["timetables"]
    assert [(p["minutes"], p["pattern"]) for p in timetable["poles"]] == [
        ("B3:C5", "pattern1"),
        ("D3:E5", "pattern2"),
    ]
    ends = [p["calls"][-1]["stop"] for p in timetable["patterns"].values()]
    assert ends == ["駅前", "病院"]


def test_a_hidden_sheet_with_a_table_is_named(write_book, tmp_path):
    book = openpyxl.load_workbook(tmp_path / write_book({"表": POLE, "旧": POLE}))
    book["旧"].sheet_state = "hidden"
    book.save(tmp_path / "book.xlsx")
    assert propose(open_book(tmp_path, "book.xlsx")).hidden == ("旧",)


@pytest.mark.parametrize(
    "rows",
    [
        [["番号", "名称"], [1, "市役所前"], [2, "病院"], [3, "駅前"]],
        [["年", "人口"], [1, 1200], [2, 1300], [3, 1400]],
        [["", "1便", "2便"], *([f"停{i}", f"7:{i:02d}", f"8:{i:02d}"] for i in range(4))],
    ],
    ids=["a ledger", "numbers", "a matrix"],
)
def test_what_is_no_pole_is_not_proposed_as_one(proposed, rows):
    document = proposed(rows)
    assert not any("poles" in t for t in (document or {}).get("timetables", []))


def test_a_ferry_is_proposed_pier_by_pier(proposed, built):
    rows = [
        ["渡船時刻表", "", "", "", ""],
        ["時", "市役所前 発", "", "駅前 発", ""],
        *([hour, "00", "20", "10", "30"] for hour in (6, 7, 8)),
    ]
    document = proposed(rows, merge=["B2:C2", "D2:E2"])
    assert [p["stop"] for p in document["timetables"][0]["poles"]] == ["市役所前", "駅前"]
    assert len(built(document).tables["trips"]) == 12


def test_heads_over_two_rows_are_pier_and_day(proposed):
    rows = [
        ["", "市役所前 発", "", "駅前 発", ""],
        ["時", "平日", "日祝", "平日", "日祝"],
        *([hour, "00", "20", "10", "30"] for hour in (6, 7, 8)),
    ]
    poles = proposed(rows, merge=["B1:C1", "D1:E1"])["timetables"][0]["poles"]
    assert [(p["stop"], p["day_type"]) for p in poles] == [
        ("市役所前", "weekday"),
        ("市役所前", "sunday_holiday"),
        ("駅前", "weekday"),
        ("駅前", "sunday_holiday"),
    ]


def test_hours_at_both_ends_are_no_minutes(proposed):
    rows = [["時", "平日", "", "時"], *([hour, 5, 25, hour] for hour in (6, 7, 8))]
    [pole] = proposed(rows)["timetables"][0]["poles"]
    assert (pole["hours"], pole["minutes"]) == ("A", "B2:C4")


def test_each_day_may_have_hours_of_its_own(proposed):
    rows = [["時", "平日", "", "時", "土曜"], *([h, 5, 25, h + 1, 15] for h in (6, 7, 8))]
    poles = proposed(rows)["timetables"][0]["poles"]
    assert [(p["hours"], p["minutes"], p["day_type"]) for p in poles] == [
        ("A", "B2:C4", "weekday"),
        ("D", "E2:E4", "saturday"),
    ]


def test_hours_after_midnight_and_empty_hours_belong_to_the_pole(proposed):
    rows = [["時", "平日"], [22, 5], [23, ""], [0, 10], [1, ""]]
    [pole] = proposed(rows)["timetables"][0]["poles"]
    assert pole["minutes"] == "B2:B5"


def test_hours_and_minutes_apart_are_proposed_and_build(proposed, built):
    rows = [
        ["停留所", "1便", "", "2便", ""],
        ["", "時", "分", "時", "分"],
        ["市役所前", 7, 0, 8, 30],
        ["病院", "", 5, "", 35],
        ["駅前", 7, 10, 8, 40],
    ]
    for turned in (rows, [list(row) for row in zip(*rows, strict=True)]):
        document = proposed(turned)
        [table] = document["timetables"][0]["tables"]
        assert table["hour_minute"] is True
        assert built(document).reconciliation.time_cells_matched == 6


def test_names_in_the_middle_serve_both_ways(proposed, built):
    rows = [
        ["1便", "2便", "", "1便", "2便"],
        ["7:00", "8:00", "市役所前", "9:20", "10:20"],
        ["7:10", "8:10", "病院", "9:10", "10:10"],
        ["7:20", "8:20", "駅前", "9:00", "10:00"],
    ]
    document = proposed(rows)
    tables = document["timetables"][0]["tables"]
    assert [(t["times"], t.get("upwards", False), t["direction"]) for t in tables] == [
        ("A2:B4", False, 0),
        ("D2:E4", True, 1),
    ]
    assert built(document).reconciliation.time_cells_matched == 12


def test_a_loop_that_wraps_is_proposed(proposed, built):
    rows = [
        ["", "1便", "2便"],
        ["市役所前", "7:00", "8:20"],
        ["病院", "7:10", "8:00"],
        ["駅前", "7:15", "8:05"],
    ]
    document = proposed(rows)
    assert document["timetables"][0]["tables"][0]["wraps"] is True
    assert built(document).reconciliation.time_cells_matched == 6


def test_names_written_once_for_arrival_and_departure_are_names(proposed, built):
    rows = [
        ["", "", "1便", "2便"],
        ["市役所前", "発", "9:00", "10:00"],
        ["病院", "着", "9:08", "10:08"],
        ["", "発", "9:12", "10:12"],
        ["駅前", "着", "9:20", "10:20"],
    ]
    document = proposed(rows)
    assert document["timetables"][0]["tables"][0]["kinds"] == "B"
    assert built(document).reconciliation.time_cells_matched == 8
