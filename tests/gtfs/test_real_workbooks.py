"""Workbooks real offices wrote, built from the outside: inspect, declare, build, compare."""

import collections
import csv
import itertools
import shutil
from pathlib import Path

import openpyxl
import pytest

from gtfs.build.feed import build_feed
from gtfs.days.calendar import effective_dates
from gtfs.feed.columns import clock
from gtfs.feed.read import read_feed
from gtfs.timetable.grid import open_book
from gtfs.timetable.propose import propose
from pipeline.config.feeds import Feed

pytestmark = pytest.mark.real
REMARK = "※降車専用"
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def declaration(tables, file, **more):
    return {
        "title": {"ja": "実物"},
        "operator": {"id": "8000020401005", "name": {"ja": "実物"}, "url": "https://example.jp/"},
        "period": {"start": "2026-10-01", "end": "2027-03-31"},
        "day_types": {"daily": {"title": {"ja": "毎日"}, "runs": WEEK}},
        "stops": {"file": "stops.csv", "fields": {"name": "名称", "lat": "緯度", "lon": "経度"}},
        "routes": {"line": {"title": {"ja": "線"}}},
        "timetables": [{"file": file, "route": "line", "tables": tables}],
        "fares": [{"kind": "flat", "price": 200}],
    } | more


@pytest.fixture
def from_outside(real, tmp_path, publisher):
    """Inspect a real workbook and build what the inspection proposes.

    The offices give no coordinates; the stops get a place each on a line in their town.
    """

    def build(name, sheets=None, **more):
        shutil.copy(real / "transit/workbooks" / name, tmp_path / name)
        found = propose(open_book(tmp_path, name))
        tables = [t.as_dict() for t in found.tables if sheets is None or t.sheet in sheets]
        lines = [f"{n},{33.5 + i / 1000},130.5" for i, n in enumerate(found.stop_names)]
        (tmp_path / "stops.csv").write_text("名称,緯度,経度\n" + "\n".join(lines), encoding="utf-8")
        feed = Feed.model_validate(declaration(tables, name, **more))
        return build_feed("real", feed, root=tmp_path, publisher=publisher)

    return build


def ends(built):
    """Return first departure and last arrival of every trip, sorted."""
    times = built.tables["stop_times"].groupby("trip_id")
    return sorted(
        (clock(t["departure_time"].min())[:5], clock(t["arrival_time"].max())[:5]) for _, t in times
    )


def test_dazaifu_two_tables_with_a_merged_column(from_outside):
    built = from_outside("sample_dazaifu_mahoroba.xlsx")
    assert not built.blocked, [f.line("ja") for f in built.findings if f.severity == "error"]
    assert ends(built) == [
        ("09:10", "09:37"),
        ("10:00", "10:27"),
        ("10:30", "10:58"),
        ("11:00", "11:27"),
        ("11:30", "11:58"),
        ("12:30", "12:58"),
        ("14:00", "14:27"),
        ("14:30", "14:58"),
        ("15:30", "15:58"),
        ("16:30", "16:58"),
    ]
    assert built.reconciliation.time_cells == built.reconciliation.time_cells_matched == 10 * 17


def test_tsuiki_two_tables_side_by_side_with_minutes_between_the_trips(from_outside, real):
    built = from_outside("sample_tsuiki_junkai.xlsx", sheets=["全体"], pass_marks=[REMARK])
    assert not built.blocked, [f.line("ja") for f in built.findings if f.severity == "error"]
    book = openpyxl.load_workbook(
        real / "transit/workbooks/sample_tsuiki_junkai.xlsx", data_only=True
    )
    columns = [
        [row[c] for row in book["全体"].iter_rows(min_row=3, values_only=True)]
        for c in (3, 5, 7, 12, 14, 16)
    ]
    expected = sorted(
        (f"{filled[0]:%H:%M}", f"{filled[-1]:%H:%M}")
        for filled in ([t for t in column if hasattr(t, "hour")] for column in columns)
    )
    assert ends(built) == expected


def test_tsuiki_the_same_town_on_a_sheet_per_direction_gives_the_same_trips(from_outside):
    one = from_outside("sample_tsuiki_junkai.xlsx", sheets=["全体"], pass_marks=[REMARK])
    two = from_outside(
        "sample_tsuiki_junkai.xlsx", sheets=["左回り", "右回り"], pass_marks=[REMARK]
    )
    assert ends(one) == ends(two)


def test_tsuiki_a_remark_among_the_times_is_found_where_it_stands(from_outside):
    built = from_outside("sample_tsuiki_junkai.xlsx", sheets=["全体"])
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.sheet, finding.cell) == ("time-unreadable", "全体", "Q44")


# ---- 道南バス: the operator's 413 sheets, and the feed others made from them

REPEATED = {  # the workbook gives arrival and departure rows of one stop without a pole
    "130200": {"B46": "0391_A", "B83": "0111_B", "B84": "0101_C"},
    "130210": {"B45": "0391_A", "B83": "0111_B", "B84": "0101_C"},
}


def rows(path):
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def donan_folder(real):
    return real / "transit/donan-bus"


@pytest.fixture(scope="module")
def donan(donan_folder, tmp_path_factory, publisher):
    """Build 道南バス from the operator's workbooks; poles left out are as the makers filled in."""
    folder = tmp_path_factory.mktemp("donan")
    routes = {r["route_id"] for r in rows(donan_folder / "gtfs/routes.txt")}
    _write_stops(donan_folder, folder)
    fixed = _poles_filled_in(donan_folder, routes)
    timetables, marks = [], set()
    for file, day_type in (
        ("timetable_weekday_20170401.xls", "weekday"),
        ("timetable_weekend_20170401.xls", "weekend"),
    ):
        shutil.copy(donan_folder / "raw" / file, folder / file)
        found = propose(open_book(folder, file))
        marks |= set(found.marks)
        tables = [
            t.as_dict()
            | {
                "day_type": day_type,
                "poles": "C",
                "route": f"r{t.sheet}",
                "stops_at": fixed[t.sheet],
            }
            for t in found.tables
            if t.sheet in routes
        ]
        timetables.append({"file": file, "route": "r100100", "tables": tables})
    shutil.copy(donan_folder / "raw/triangle_table.xlsx", folder)
    sheets = open_book(folder, "triangle_table.xlsx").sheets
    fares = [
        {
            "kind": "triangle",
            "file": "triangle_table.xlsx",
            "sheet": s,
            "stops": "B",
            "fares": "C1",
            "both_ways": False,
            "repeats": "lowest",
            "routes": [f"r{s}"],
        }
        for s in sheets
        if s in routes
    ]
    feed = Feed.model_validate(
        declaration([], "")
        | {
            "operator": {
                "id": "1430001056880",
                "name": {"ja": "道南バス"},
                "url": "http://donanbus.co.jp/",
            },
            "period": {"start": "2017-04-01", "end": "2018-03-31"},
            "day_types": {
                "weekday": {"title": {"ja": "平日"}, "runs": WEEK[:5], "but_not": ["holiday"]},
                "weekend": {"title": {"ja": "土日祝"}, "runs": [*WEEK[5:], "holiday"]},
            },
            "stops": {
                "file": "stops.csv",
                "fields": {
                    "id": "番号",
                    "name": "名称",
                    "lat": "緯度",
                    "lon": "経度",
                    "platform": "のりば",
                },
            },
            "routes": {f"r{r}": {"title": {"ja": r}} for r in routes},
            "marks": {m: {"title": {"ja": m}} for m in marks},
            "timetables": timetables,
            "fares": fares,
            "unpriced": "report",
        }
    )
    return build_feed("donan", feed, root=folder, publisher=publisher)


def _write_stops(donan_folder, folder):
    poles = [s for s in rows(donan_folder / "gtfs/stops.txt") if s["location_type"] == "0"]
    lines = [
        f"{s['stop_id']},{s['stop_name']},{s['stop_lat']},{s['stop_lon']},"
        f"{ord(s['stop_id'][-1]) - 64}"
        for s in poles
    ]
    text = "番号,名称,緯度,経度,のりば\n" + "\n".join(lines)
    (folder / "stops.csv").write_text(text, encoding="utf-8")


def _poles_filled_in(donan_folder, routes):
    """Return the poles of last stops, which the workbook writes as 0, and of 市民会館前 (two)."""
    fixed = {route: dict(REPEATED.get(route, {})) for route in routes}
    with (donan_folder / "raw/pole_completions.csv").open(encoding="utf-8-sig") as file:
        for route, row, _, stop, pole in csv.reader(file):
            if route in fixed:
                fixed[route].setdefault(f"B{int(row) + 6}", f"{stop}_{pole}")
    for name in ("normalized_weekday_20170401.xls", "normalized_weekend_20170401.xls"):
        book = open_book(donan_folder / "raw", name)
        for sheet in book.sheets:
            for position, line in enumerate(book.grid(sheet).rows[1:]):
                if "市民会館前" in line[0]:
                    fixed[sheet.split("_")[0]][f"B{position + 7}"] = f"{line[1]}_{line[2]}"
    return fixed


def donan_trips(tables, *, exact):
    """Count trips by route, day and calls; not exact: by stop without pole, repeats as one."""
    trips = tables["trips"].set_index("trip_id")
    counted = collections.Counter()
    times = tables["stop_times"].sort_values(["trip_id", "stop_sequence"])
    for trip_id, calls in times.groupby("trip_id"):
        told = [
            (stop if exact else stop.split("_")[0], time)
            for stop, time in zip(calls["stop_id"], calls["departure_time"], strict=True)
        ]
        told = [call for call, _ in itertools.groupby(told)]
        trip = trips.loc[trip_id]
        counted[trip["route_id"].lstrip("r"), trip["service_id"], tuple(told)] += 1
    return counted


@pytest.fixture(scope="module")
def published(donan_folder, tmp_path_factory):
    path = shutil.make_archive(
        tmp_path_factory.mktemp("published") / "donan", "zip", donan_folder / "gtfs"
    )
    return read_feed(Path(path)).feed


@pytest.mark.slow
def test_donan_all_706_trips_are_those_of_the_published_feed(donan, published):
    assert not donan.blocked, [f.line("ja") for f in donan.findings if f.severity == "error"][:9]
    ours, theirs = (donan_trips(f, exact=False) for f in (donan.tables, published))
    assert sum(theirs.values()) == 706
    assert ours == theirs


@pytest.mark.slow
def test_donan_poles_differ_only_where_the_published_feed_leaves_the_workbook(donan, published):
    ours, theirs = (donan_trips(f, exact=True) for f in (donan.tables, published))
    # 109210, 110210: the workbook says のりば 3 of 絵鞆2丁目, the feed says 1.
    # 130200, 130210: two poles of one stop follow each other; the feed keeps one.
    assert {key[0] for key in theirs - ours} == {"109210", "110210", "130200", "130210"}
    assert sum((ours & theirs).values()) >= 666


@pytest.mark.slow
def test_donan_every_cell_is_one_stop_time(donan):
    counts = donan.reconciliation
    assert counts.time_cells == counts.time_cells_matched == counts.stop_times == 26411


@pytest.mark.slow
def test_donan_runs_on_the_days_the_published_feed_runs(donan, published):
    ours, theirs = effective_dates(donan.tables), effective_dates(published)
    assert {name: theirs[name] ^ ours[name] for name in ("weekday", "weekend")} == {
        "weekday": frozenset(),
        "weekend": frozenset(),
    }


@pytest.mark.slow
def test_donan_fares_are_those_of_the_published_feed(donan, published):
    ours, theirs = fare_pairs(donan.tables), fare_pairs(published)
    assert set(ours) == set(theirs)
    assert len(ours) == 64_630
    # 347 rides of routes that pass a stop twice have two fares in the published feed.
    assert sum(len(prices) > 1 for prices in theirs.values()) == 347
    assert {ride for ride in ours if ours[ride] != {min(theirs[ride])}} == set()


@pytest.mark.slow
def test_donan_rides_the_triangles_leave_out_are_told(donan):
    told = {f.field for f in donan.findings if f.code == "fare-pair-missing"}
    # 109210, 110210: the other pole of 絵鞆2丁目; 1302x0: the pole the triangle leaves out;
    # 130400: no triangle is like its timetable.
    assert {"r109210", "r130200"} <= told
    assert len(told) < 10


def fare_pairs(tables):
    prices = dict(
        zip(tables["fare_attributes"]["fare_id"], tables["fare_attributes"]["price"], strict=True)
    )
    found = collections.defaultdict(set)
    for rule in tables["fare_rules"].itertuples(index=False):
        ride = (rule.route_id.lstrip("r"), rule.origin_id, rule.destination_id)
        found[ride].add(float(prices[rule.fare_id]))
    return found


# ---- 焼津市自主運行バス: a timetable kept as attributes of a Shapefile

YAIZU = "焼津市自主運行バス路線図_停留所/バス停留所(しずてつ除外).shp"


def test_yaizu_a_timetable_in_the_attributes_of_a_shapefile(real, publisher):
    grid = open_book(real / "yaizu", YAIZU).grid()
    last = next(i for i, row in enumerate(grid.rows[1:], start=1) if row[3] != "さつき")
    shared = {"stops": "A", "direction": 0, "route": "line"}
    tables = [
        shared | {"times": f"E2:N{last}", "day_type": "weekday"},
        shared | {"times": f"O2:V{last}", "day_type": "holiday"},
    ]
    feed = Feed.model_validate(
        declaration(tables, YAIZU)
        | {
            "day_types": {
                "weekday": {"title": {"ja": "平日"}, "runs": WEEK[:5], "but_not": ["holiday"]},
                "holiday": {"title": {"ja": "土日祝"}, "runs": [*WEEK[5:], "holiday"]},
            },
            "stops": {
                "file": YAIZU,
                "fields": {"id": "item1", "name": "item3", "lat": "緯度", "lon": "経度"},
            },
        }
    )
    built = build_feed("yaizu", feed, root=real / "yaizu", publisher=publisher)
    assert not built.blocked, [f.line("ja") for f in built.findings if f.severity == "error"]
    trips = built.tables["trips"].groupby("service_id")["trip_id"].count()
    assert dict(trips) == {"holiday": 8, "weekday": 10}
    filled = sum(bool(cell) for row in grid.rows[1:last] for cell in row[4:22])
    assert built.reconciliation.time_cells_matched == filled
    assert len(built.tables["stop_times"]) == filled
