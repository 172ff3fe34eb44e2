"""What is made of suppressed numbers is suppressed; what was not provided is never zero."""

import pandas as pd
import pytest
from pydantic import TypeAdapter

from pipeline.config.disclosure import Disclosure
from pipeline.config.operations import Origin
from pipeline.derive.aggregate import aggregate
from pipeline.derive.join import join_table
from pipeline.derive.tables import Given
from pipeline.derive.zones import zones
from pipeline.privacy.layout import Layout
from pipeline.privacy.protect import protect_counts
from pipeline.standardise.columns import Field
from pipeline.standardise.values import DTYPES

KINDS = {"town": "string", "use": "string", "people": "integer", "suppressed": "boolean"}
ROWS = [
    ("一枝", "住宅", 30, False),
    ("一枝", "店舗", None, True),
    ("浅生", "住宅", 12, False),
    ("浅生", "店舗", None, False),
    ("沢見", "住宅", None, False),
]


def given(rows=ROWS, kinds=KINDS):
    columns = {
        name: pd.Series([row[i] for row in rows], dtype=DTYPES[kind])
        for i, (name, kind) in enumerate(kinds.items())
    }
    frame = pd.DataFrame({"municipality_code": ["401005"] * len(rows)} | columns)
    return Given(frame, {n: Field(n, n, n, kind) for n, kind in kinds.items()})


def asked(**declared):
    return TypeAdapter(Origin).validate_python({"records": "b"} | declared)


def cells(derived, name):
    column = derived.frame[name].astype(object)
    return column.where(column.notna(), None).tolist()


def in_zones(**more):
    measures = {"all": {"kind": "sum", "of": "people"}}
    groups = {"house": ["住宅"]}
    return asked(
        operation="zones", per=["town"], measures=measures | more,
        classes={"field": "use", "groups": groups, "rest": "shop"},
    )  # fmt: skip


def added(how, table):
    if how == "zones":
        measures = {"all": {"kind": "sum", "of": "people"}}
        return zones(asked(operation="zones", per=["town"], measures=measures), table)
    sums = {"all": "people"}
    return aggregate(asked(operation="aggregate", by=["town"], sums=sums, shapes="none"), table)


@pytest.mark.parametrize("how", ["zones", "aggregate"])
def test_a_sum_with_a_suppressed_part_is_suppressed_and_one_of_nothing_is_empty(how):
    made = added(how, given())
    names = ("town", "all", "suppressed")
    found = {town: rest for town, *rest in zip(*(cells(made, n) for n in names), strict=True)}
    assert found == {"一枝": [None, True], "浅生": [12, False], "沢見": [None, False]}
    assert made.marked
    said = {f.code: [p.feature for p in f.places] for f in made.findings}
    assert said["aggregate-number-missing"] == ["4", "5"]
    assert "sum-withheld" in said


@pytest.mark.parametrize("how", ["zones", "aggregate"])
def test_numbers_merged_into_a_row_of_another_group_are_not_added_up_apart(how):
    kinds = {"cell": "string", "town": "string", "people": "integer", "merged_into": "string"}
    apart = [("a", "一枝", None, "b"), ("b", "浅生", 20, None), ("c", "浅生", 5, None)]
    together = [("a", "浅生", None, "b"), *apart[1:]]
    assert set(cells(added(how, given(apart, kinds)), "all")) == {None}
    assert cells(added(how, given(together, kinds)), "all") == [25]
    assert cells(added(how, given(together, kinds)), "suppressed") == [False]


def test_classes_shares_and_ratios_of_withheld_sums_are_empty():
    more = {"part": {"kind": "share", "of": "all"}, "count": {"kind": "count"}}
    made = zones(in_zones(**more, per_row={"kind": "ratio", "of": "all", "to": "count"}), given())
    town = cells(made, "town").index("一枝")
    assert cells(made, "all_house")[town] == 30
    for name in ("all", "all_shop", "part_house", "part_shop", "per_row"):
        assert cells(made, name)[town] is None, name
    assert cells(made, "count")[town] == 2


def test_a_table_that_says_nothing_of_suppression_gets_no_mark():
    kinds = {k: v for k, v in KINDS.items() if k != "suppressed"}
    made = added("zones", given([r[:3] for r in ROWS], kinds))
    assert "suppressed" not in made.frame
    assert not made.marked
    assert sorted(cells(made, "all"), key=str) == [12, 30, None]


def test_a_join_takes_the_mark_along_with_the_number():
    towns = given([("一枝", "a"), ("浅生", "b")], {"name": "string", "kind": "string"})
    table = given([("一枝", "x", None, True), ("浅生", "x", 12, False)])
    options = asked(operation="join", table={"records": "t"}, on={"name": "town"}, take=["people"])
    made = join_table(options, towns, table)
    assert cells(made, "people") == [None, 12]
    assert cells(made, "suppressed") == [True, False]


def test_counts_that_are_empty_are_named_and_not_rounded():
    frame = given([("一枝", "", 13, False), ("浅生", "", None, False)]).frame[["town", "people"]]
    rules = Disclosure(remedy="round")
    made = protect_counts(frame, Layout("people"), ("town",), rules, "layers.use")
    assert pd.isna(made.frame["people"].iloc[1])
    (told,) = [f for f in made.findings if f.code == "disclosure-unknown"]
    assert "浅生 people" in (told.feature, *(p.feature for p in told.places))
