"""What others than adults pay: half fares and their rounding, own tables, bicycles; Fares v2."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gtfs.export import export_feed
from gtfs.fares.riders import rider_price
from gtfs.pages import timetable_pages
from gtfs.reconcile.fares import _worked_out
from pipeline.config.fares import Rider
from pipeline.config.feeds import Feed

T = dt.time
TIMES = [["", "1便"], ["市役所前", T(9, 0)], ["中央公民館", T(9, 5)], ["駅前", T(9, 20)]]
TRIANGLE = [["市役所前", "", "", ""], ["中央公民館", 150, "", ""], ["駅前", 210, "190円", ""]]
TABLE = {"sheet": "表", "times": "B2", "stops": "A", "trip_names": "1", "day_type": "daily"}
FARES = {"kind": "triangle", "file": "book.xlsx", "sheet": "三角表", "stops": "A", "fares": "B1:D3"}
CHILD = {"title": {"ja": "小児", "en": "Child"}, "percent": 50}
TITLE = {"ja": "障害者", "en": "Persons with disabilities"}


@pytest.fixture
def with_riders(write_book, bus, build):
    """Build a line with a triangle of fares and riders; more sheets may be given."""

    def run(riders, sheets=(), *, fares_v2=True, triangle=TRIANGLE, **fare):
        book = write_book({"表": TIMES, "三角表": triangle} | dict(sheets))
        fares = [FARES | fare | {"riders": riders}]
        return build(bus(book, [TABLE], fares=fares, fares_v2=fares_v2))

    return run


def amounts(built, rider):
    """Return what a rider pays by the tables of Fares v2, by areas."""
    assert not built.blocked, [f.line("ja") for f in built.findings]
    products = built.tables["fare_products"]
    products = products[products["rider_category_id"] == rider]
    amount = dict(products[["fare_product_id", "amount"]].to_numpy())
    legs = built.tables["fare_leg_rules"]
    return {
        (leg.from_area_id, leg.to_area_id): int(amount[leg.fare_product_id])
        for leg in legs.itertuples()
    }


def both_ways(prices):
    return prices | {pair[::-1]: yen for pair, yen in prices.items()}


def errors(built):
    return [(f.code, f.sheet, f.cell) for f in built.findings if f.severity == "error"]


# 小児運賃: half the adult fare, odd yen rounded up to 10 yen (150 → 80, 210 → 110, 190 → 100).
def test_half_of_a_fare_is_rounded_up_to_ten_yen(with_riders):
    built = with_riders({"child": CHILD})
    halves = {("A", "B"): 80, ("A", "D"): 110, ("B", "D"): 100}
    assert amounts(built, "child") == both_ways(halves)


@pytest.mark.parametrize(
    ("rule", "half_of_150"),
    [
        ({"rounding": "down"}, 70),
        ({"rounding": "nearest"}, 80),
        ({"round_to": 1}, 75),
        ({"round_to": 50}, 100),
    ],
)
def test_or_as_the_operator_declares(with_riders, rule, half_of_150):
    built = with_riders({"child": CHILD | rule})
    assert amounts(built, "child")["A", "B"] == half_of_150


def test_half_of_the_half_for_children_with_disabilities(with_riders):
    riders = {"child": CHILD, "disabled_child": {"title": TITLE, "percent": 50, "of": "child"}}
    assert amounts(with_riders(riders), "disabled_child")["A", "D"] == 60  # 210 → 110 → 60


def test_a_passenger_with_a_bicycle_pays_for_both(with_riders):
    bicycle = {"title": {"ja": "自転車持込", "en": "With a bicycle"}, "adds": 100}
    assert amounts(with_riders({"bicycle": bicycle}), "bicycle")["A", "D"] == 310


def test_one_price_whatever_the_ride(with_riders):
    senior = {"title": {"ja": "高齢者", "en": "Seniors"}, "price": 100}
    assert set(amounts(with_riders({"senior": senior}), "senior").values()) == {100}


OWN = [["市役所前", "", "", ""], ["中央公民館", 70, "", ""], ["駅前", 100, 95, ""]]
OWN_CHILD = {"title": {"ja": "小児"}, "fares": "B1:D3", "sheet": "小児"}


def test_children_may_have_a_triangle_of_their_own(with_riders):
    built = with_riders({"child": OWN_CHILD}, {"小児": OWN})
    assert amounts(built, "child")["D", "B"] == 95
    assert amounts(built, "adult")["D", "B"] == 190


def test_a_ride_their_triangle_lacks_names_the_adults_cell(with_riders):
    built = with_riders({"child": OWN_CHILD | {"fares": "B1:C2"}}, {"小児": OWN[:2]})
    assert errors(built) == [("fare-rider-missing", "三角表", "B3")]


def test_every_price_of_every_rider_is_reconciled(with_riders):
    counts = with_riders({"child": CHILD, "disabled": CHILD | {"title": TITLE}}).reconciliation
    assert counts.fare_cells == counts.fare_cells_matched == 3 * 6


def test_without_fares_v2_they_are_words_and_a_note_says_so(with_riders):
    built = with_riders({"child": CHILD}, fares_v2=False)
    [note] = [f for f in built.findings if f.code == "fare-riders-as-text"]
    assert (note.severity, note.value) == ("info", "小児")
    assert list(built.tables["routes"]["route_desc"]) == ["小児 大人の50%（10円未満切り上げ）"]
    assert "rider_categories" not in built.tables
    assert sorted(built.tables["fare_attributes"]["price"]) == [150, 190, 210]


def test_fares_v2_name_areas_media_and_one_default_rider(with_riders):
    tables = with_riders({"child": CHILD}, media=["cash", "ic_card"]).tables
    assert set(tables["stop_areas"]["stop_id"]) == set(tables["areas"]["area_id"]) == {*"ABD"}
    assert list(tables["fare_media"]["fare_media_type"]) == [0, 2]
    riders = tables["rider_categories"]
    assert list(riders[riders["is_default_fare_category"] == 1]["rider_category_id"]) == ["adult"]


def test_a_flat_fare_beside_fares_by_distance_keeps_its_stops(write_book, bus, build):
    book = write_book({"表": TIMES, "三角表": TRIANGLE})
    fares = [FARES | {"routes": ["line"]}, {"kind": "flat", "price": 100, "routes": ["other"]}]
    declaration = bus(book, [TABLE], fares=fares, fares_v2=True)
    declaration["routes"]["other"] = {"title": {"ja": "別の線"}}
    declaration["timetables"].append({"file": book, "route": "other", "tables": [TABLE]})
    legs = build(declaration).tables["fare_leg_rules"]
    # With priorities an empty area is any area; without, any that no other rule names.
    assert dict(legs[["network_id", "rule_priority"]].to_numpy()) == {"line": 1, "other": 0}


def test_the_printed_page_has_a_triangle_for_each_rider(with_riders):
    page = timetable_pages(with_riders({"child": CHILD}).tables)["timetable-line.html"]
    assert "小児 大人の50%（10円未満切り上げ）" in page
    for title, prices in (("大人", [150, 210, 190]), ("小児", [80, 110, 100])):
        table = page.split(f'aria-label="{title} 運賃表')[1].split("</table>")[0]
        assert [f"<td>{p}</td>" in table for p in prices] == [True] * 3


def test_exported_and_built_again_riders_pay_the_same(with_riders, publisher, tmp_path):
    from gtfs.build.feed import build_feed

    first = with_riders({"child": CHILD, "disabled": CHILD | {"title": TITLE}})
    declaration = export_feed(first.tables, "line", tmp_path / "saved").declaration
    second = build_feed(
        "line",
        Feed.model_validate(declaration),
        root=tmp_path / "saved",
        publisher=publisher,
    )
    for rider in ("adult", "child", "disabled"):
        assert amounts(second, rider) == amounts(first, rider)


def test_a_price_inside_the_triangle_that_becomes_no_fare_is_found(with_riders):
    wide = [[*TRIANGLE[0], ""], [*TRIANGLE[1], 999], [*TRIANGLE[2], ""]]
    built = with_riders({}, triangle=wide, fares="B1:E3")
    assert errors(built) == [("fare-cell-unused", "三角表", "E2")]


ZONES = [["から", "まで", "大人", "小児"], ["A", "B", 150, 70], ["A", "D", 210, 100]]


def test_a_table_of_zones_has_a_column_for_children(write_book, bus, build):
    book = write_book({"表": TIMES, "区間": [*ZONES, ["B", "D", 190, "半額"]]})
    fare = {"kind": "zones", "file": book, "sheet": "区間", "origin": "から", "destination": "まで"}
    fare |= {"price": "大人", "riders": {"child": {"title": {"ja": "小児"}, "column": "小児"}}}
    declaration = bus(book, [TABLE], fares=[fare], fares_v2=True)
    declaration["stops"]["fields"]["zone"] = "番号"
    assert ("fare-unreadable", "区間", "D4") in errors(build(declaration))


CATEGORIES = [
    ["区分", "運賃"],
    ["大人", 100],
    ["小児", 50],
    ["障害者", 50],
    ["自転車", 50],
    ["犬", 30],
]
FLAT = {"kind": "flat", "table": {"file": "book.xlsx", "sheet": "運賃", "category": "区分"}}
FLAT["table"] |= {"price": "運賃", "adult": "大人", "child": "小児"}


def test_a_table_says_which_categories_are_riders_and_which_extras(write_book, bus, build):
    book = write_book({"表": TIMES, "運賃": CATEGORIES})
    table = FLAT["table"] | {"riders": ["障害者"], "extras": ["自転車"]}
    table["english"] = {"障害者": "Disabled", "自転車": "Bicycle"}
    built = build(bus(book, [TABLE], fares=[FLAT | {"table": table}], fares_v2=True))
    found = {r: amounts(built, r)["", ""] for r in ("adult", "child", "disabled", "bicycle")}
    assert found == {"adult": 100, "child": 50, "disabled": 50, "bicycle": 150}
    # Nobody has said what 犬 is: it is told in words, and that is said.
    assert [f.value for f in built.findings if f.code == "fare-as-text"] == ["犬"]
    assert "犬 30円" in built.tables["routes"]["route_desc"].iloc[0]


@pytest.mark.parametrize(
    "riders",
    [
        {"child": {"title": {"ja": "小児"}}},
        {"child": CHILD | {"price": 100}},
        {"child": CHILD | {"of": "pupil"}},
        {"adult": CHILD},
        {"child": {"title": {"ja": "小児"}, "column": "小児"}},  # only zones have columns
    ],
)
def test_riders_that_say_nothing_or_two_things_are_refused(with_riders, riders):
    with pytest.raises(ValidationError):
        with_riders(riders)


@given(
    base=st.integers(0, 20_000),
    percent=st.integers(0, 100),
    step=st.sampled_from([1, 5, 10, 50, 100]),
    rounding=st.sampled_from(["up", "down", "nearest"]),
)
def test_build_and_reconciliation_work_percentages_out_alike(base, percent, step, rounding):
    rider = Rider.model_validate(
        {"title": {"ja": "小児"}, "percent": percent, "round_to": step, "rounding": rounding}
    )
    price = rider_price(base, rider)
    assert price == _worked_out({"child": rider}, "child", base)
    assert price % step == 0
    assert abs(price - base * percent / 100) < step
