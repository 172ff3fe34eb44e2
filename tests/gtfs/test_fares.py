"""Fares: flat, by category, 三角表, zones; what is missing or contradicts itself is found."""

import datetime as dt

import pytest

T = dt.time
TIMES = [["", "1便"], ["市役所前", T(9, 0)], ["中央公民館", T(9, 5)], ["駅前", T(9, 20)]]
TRIANGLE = [
    ["市役所前", "", "", ""],
    ["中央公民館", 160, "", ""],
    ["駅前", 210, "180円", ""],
]
TABLE = {"sheet": "表", "times": "B2", "stops": "A", "trip_names": "1", "day_type": "daily"}
FARES = {"kind": "triangle", "file": "book.xlsx", "sheet": "三角表", "stops": "A", "fares": "B1:D3"}


@pytest.fixture
def with_triangle(write_book, bus, build):
    def run(triangle, **fare):
        book = write_book({"表": TIMES, "三角表": triangle})
        return build(bus(book, [TABLE], fares=[FARES | fare]))

    return run


def pairs(built):
    prices = dict(built.tables["fare_attributes"][["fare_id", "price"]].to_numpy())
    rules = built.tables["fare_rules"]
    return {(r.origin_id, r.destination_id): prices[r.fare_id] for r in rules.itertuples()}


def test_a_triangle_prices_every_pair_both_ways(with_triangle):
    built = with_triangle(TRIANGLE)
    assert pairs(built) == {
        ("A", "B"): 160,
        ("B", "A"): 160,
        ("A", "D"): 210,
        ("D", "A"): 210,
        ("B", "D"): 180,
        ("D", "B"): 180,
    }
    assert built.reconciliation.fare_cells == built.reconciliation.fare_cells_matched == 6


def test_with_distance_fares_the_zone_is_the_stop(with_triangle):
    stops = with_triangle(TRIANGLE).tables["stops"]
    assert list(stops["zone_id"]) == list(stops["stop_id"])


def test_a_gap_in_the_triangle_names_its_cell(with_triangle):
    built = with_triangle([TRIANGLE[0], TRIANGLE[1], ["駅前", "", 180, ""]])
    assert [(f.code, f.cell) for f in built.findings if f.severity == "error"] == [
        ("fare-missing", "B3"),
    ]


def test_a_stop_the_triangle_forgets_leaves_rides_without_a_fare(with_triangle):
    built = with_triangle(TRIANGLE[:2], fares="B1:C2")
    [finding] = [f for f in built.findings if f.severity == "error"]
    assert (finding.code, finding.value, finding.count) == (
        "fare-pair-missing",
        "市役所前 → 駅前",
        2,
    )


def test_a_fare_that_is_no_number_names_its_cell(with_triangle):
    built = with_triangle([TRIANGLE[0], ["中央公民館", "応談", "", ""], TRIANGLE[2]])
    assert ("fare-unreadable", "B2") in {(f.code, f.cell) for f in built.findings}


LOOP = [["市役所前", "", "", ""], ["駅前", 210, "", ""], ["市役所前", 100, 250, ""]]


def test_a_stop_passed_twice_has_two_fares_which_is_refused(with_triangle):
    built = with_triangle(LOOP)
    assert "fare-conflict" in {f.code for f in built.findings}
    assert built.blocked


@pytest.mark.parametrize(("rule", "price"), [("lowest", 210), ("highest", 250)])
def test_or_one_of_the_two_is_declared_to_count(with_triangle, write_book, bus, build, rule, price):
    times = [TIMES[0], TIMES[1], TIMES[3]]
    book = write_book({"表": times, "三角表": LOOP})
    built = build(bus(book, [TABLE], fares=[FARES | {"repeats": rule}]))
    assert not built.blocked
    assert pairs(built)["A", "D"] == price
    assert "fare-superseded" in {f.code for f in built.findings}


ZONED = """名称,よみ,緯度,経度,乗り場,親,番号,区間
市役所前,しやくしょまえ,33.88,130.87,,,A,1区
中央公民館,ちゅうおうこうみんかん,33.882,130.872,,,B,1区
駅前,えきまえ,33.886,130.876,,,D,2区
"""


@pytest.fixture
def with_zones(write_book, bus, build):
    def run(rows):
        book = write_book({"表": TIMES, "区間": [["から", "まで", "運賃"], *rows]})
        fare = {
            "kind": "zones",
            "file": book,
            "sheet": "区間",
            "origin": "から",
            "destination": "まで",
            "price": "運賃",
        }
        declaration = bus(book, [TABLE], stops=ZONED, fares=[fare])
        declaration["stops"]["fields"]["zone"] = "区間"
        return build(declaration)

    return run


def test_zones_price_pairs_of_zones(with_zones):
    built = with_zones([["1区", "1区", 100], ["1区", "2区", 200]])
    assert pairs(built) == {("1区", "1区"): 100, ("1区", "2区"): 200, ("2区", "1区"): 200}
    assert list(built.tables["stops"]["zone_id"]) == ["1区", "1区", "2区"]


def test_a_zone_no_stop_is_in_names_its_cell(with_zones):
    built = with_zones([["1区", "1区", 100], ["1区", "2区", 200], ["1区", "３区", 300]])
    assert ("zone-unknown", "B4", "３区") in {(f.code, f.cell, f.value) for f in built.findings}


def test_a_pair_of_zones_without_a_fare_is_found(with_zones):
    built = with_zones([["1区", "1区", 100]])
    assert "fare-pair-missing" in {f.code for f in built.findings}


def test_child_fares_are_text_and_on_demand_fares_v2(write_book, bus, build):
    book = write_book({"表": TIMES})
    fares = [{"kind": "flat", "price": 200, "child": 100}]
    built = build(bus(book, [TABLE], fares=fares, fares_v2=True))
    assert list(built.tables["routes"]["route_desc"]) == ["小児 100円"]
    products = built.tables["fare_products"]
    assert dict(products[["rider_category_id", "amount"]].to_numpy()) == {
        "adult": "200",
        "child": "100",
    }


def test_a_price_of_nothing_is_published_too(write_book, bus, build):
    built = build(bus(write_book({"表": TIMES}), [TABLE], fares=[{"kind": "flat", "price": 0}]))
    assert list(built.tables["fare_attributes"]["price"]) == [0]
