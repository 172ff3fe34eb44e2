"""Datasets made from others: what is kept, added up and joined, and what found no partner."""

import geopandas as gpd
import pandas as pd
import pytest
from pydantic import TypeAdapter
from shapely.geometry import box

from pipeline.config.operations import OPERATIONS, Origin
from pipeline.derive.aggregate import aggregate
from pipeline.derive.join import join_table
from pipeline.derive.registry import FUNCTIONS
from pipeline.derive.select import select
from pipeline.derive.tables import Given
from pipeline.errors import OperationError
from pipeline.graph.step import resolve
from pipeline.standardise.columns import Field
from pipeline.standardise.values import DTYPES

KINDS = {
    "block": "string",
    "use": "string",
    "area": "number",
    "floors": "integer",
    "old": "boolean",
}
ROWS = [
    ("戸畑1", "住宅", 100.5, 2, False),
    ("戸畑1", "店舗", 50.0, 1, True),
    ("若松2", "住宅", None, 3, True),
    (None, "住宅", 10.0, None, None),
]


def given(rows=ROWS, kinds=KINDS, codes=None, shapes=True):
    columns = {
        name: pd.Series([row[i] for row in rows], dtype=DTYPES[kind])
        for i, (name, kind) in enumerate(kinds.items())
    }
    codes = codes or ["401005"] * len(rows)
    frame = pd.DataFrame({"municipality_code": pd.Series(codes, dtype=object)} | columns)
    fields = {name: Field(name, f"題{name}", "", kind) for name, kind in kinds.items()}
    if shapes:
        squares = [box(130 + i, 33, 131 + i, 34) for i in range(len(rows))]
        frame = gpd.GeoDataFrame(frame, geometry=squares, crs="EPSG:6668")
    return Given(frame, fields)


def options(**declared):
    return TypeAdapter(Origin).validate_python({"records": "buildings"} | declared)


def findings(derived):
    return {f.code: [p.feature for p in f.places] or [f.feature] for f in derived.findings}


def test_every_operation_has_a_function_that_can_be_imported():
    assert set(FUNCTIONS) == set(OPERATIONS)
    assert all(callable(resolve(function)) for function in FUNCTIONS.values())


# ---- select


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ([{"field": "use", "values": ["住宅"]}], [0, 2, 3]),
        ([{"field": "area", "minimum": 50}], [0, 1]),
        ([{"field": "area", "minimum": 20, "maximum": 60}], [1]),
        ([{"field": "use", "values": ["住宅"]}, {"field": "floors", "minimum": 3}], [2]),
        ([{"field": "old", "values": [True]}], [1, 2]),
        ([{"field": "municipality_code", "values": ["401005"]}], [0, 1, 2, 3]),
    ],
)
def test_rows_that_fulfil_every_condition_are_kept(where, kept):
    derived = select(options(operation="select", where=where), given())
    assert derived.frame.index.tolist() == kept
    assert derived.counts == {"rows": 4, "kept": len(kept)}


def test_a_selection_of_nothing_is_said():
    where = [{"field": "use", "values": ["城"]}]
    assert "select-nothing" in findings(select(options(operation="select", where=where), given()))


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ({"field": "usage", "values": ["住宅"]}, "operation-field-absent"),
        ({"field": "use", "minimum": 3}, "operation-not-numeric"),
        ({"field": "floors", "values": ["2"]}, "select-value-type"),
        ({"field": "floors", "values": [True]}, "select-value-type"),
        ({"field": "use", "values": [2]}, "select-value-type"),
    ],
)
def test_a_condition_no_row_could_fulfil_is_an_error(where, code):
    with pytest.raises(OperationError) as caught:
        select(options(operation="select", where=[where]), given())
    assert {f.code for f in caught.value.findings} == {code}


# ---- aggregate


def test_rows_of_one_value_are_counted_added_up_and_dissolved():
    asked = options(operation="aggregate", by=["block"], count="houses", sums={"total": "area"})
    derived = aggregate(asked, given())
    frame = derived.frame
    assert frame["block"].tolist()[:2] == ["戸畑1", "若松2"]
    assert frame["houses"].tolist() == [2, 1, 1]
    assert frame["total"].tolist()[0] == 150.5
    assert pd.isna(frame["total"].tolist()[1])
    assert frame.geometry.iloc[0].equals(box(130, 33, 132, 34))
    assert [(f.name, f.type) for f in derived.fields] == [
        ("block", "string"), ("houses", "integer"), ("total", "number"),
    ]  # fmt: skip


def test_rows_without_a_group_or_a_number_are_named():
    asked = options(operation="aggregate", by=["block"], sums={"total": "area"})
    found = findings(aggregate(asked, given()))
    assert found == {"aggregate-key-empty": ["4"], "aggregate-number-missing": ["3"]}


def test_nothing_is_lost_in_groups():
    asked = options(operation="aggregate", by=["use", "old"], sums={"total": "area"})
    frame = aggregate(asked, given()).frame
    assert frame["count"].sum() == len(ROWS)
    assert frame["total"].sum() == pytest.approx(160.5)


def test_a_group_of_two_municipalities_belongs_to_none_of_them():
    codes = ["401005", "352012", "401005", "401005"]
    asked = options(operation="aggregate", by=["block"], shapes="none")
    frame = aggregate(asked, given(codes=codes)).frame
    assert frame["municipality_code"].tolist() == [None, "401005", "401005"]
    assert not isinstance(frame, gpd.GeoDataFrame)


def test_groups_by_municipality_keep_them_apart():
    codes = ["401005", "352012", "401005", "401005"]
    asked = options(operation="aggregate", by=["municipality_code"], shapes="none")
    derived = aggregate(asked, given(codes=codes))
    assert derived.frame["municipality_code"].tolist() == ["352012", "401005"]
    assert [f.name for f in derived.fields] == ["count"]


def test_the_order_of_rows_does_not_change_the_groups():
    asked = options(operation="aggregate", by=["block"], sums={"n": "floors"})
    one = aggregate(asked, given()).frame
    other = aggregate(asked, given(rows=ROWS[::-1])).frame
    assert one.drop(columns="geometry").equals(other.drop(columns="geometry"))


def test_a_new_field_may_not_take_a_name_that_is_there():
    asked = options(operation="aggregate", by=["block"], count="block")
    with pytest.raises(OperationError):
        aggregate(asked, given())


# ---- join

TABLE = {"code": "string", "people": "integer"}


def joined(rows, **more):
    asked = options(operation="join", table={"records": "people"}, on={"block": "code"}, **more)
    return join_table(asked, given(), given(rows, TABLE, shapes=False))


def test_columns_of_the_partner_stand_beside_every_row():
    frame = joined([("若松2", 5), ("戸畑1", 7)]).frame
    assert frame["people"].tolist()[:3] == [7, 7, 5]
    assert str(frame["people"].dtype) == "Int64"
    assert len(frame) == len(ROWS)


def test_what_finds_no_partner_is_named_on_both_sides():
    derived = joined([("戸畑1", 7), ("八幡3", 1), (None, 2)])
    assert findings(derived) == {"join-row-alone": ["3", "4"], "join-table-row-alone": ["2", "3"]}
    assert derived.counts == {"rows": 4, "joined": 2, "table_rows": 3, "table_rows_joined": 1}


def test_full_width_keys_meet_plain_ones():
    assert joined([("戸畑１", 7), ("若松２", 5)]).counts["joined"] == 3


def test_a_key_that_occurs_twice_in_the_table_is_an_error():
    with pytest.raises(OperationError) as caught:
        joined([("戸畑1", 7), ("戸畑１", 8)])
    assert [f.code for f in caught.value.findings] == ["join-key-repeated"]


def test_a_column_that_is_there_already_is_an_error():
    with pytest.raises(OperationError) as caught:
        asked = options(operation="join", table={"layer": "x"}, on={"block": "block"})
        join_table(asked, given(), given(shapes=False))
    assert {f.code for f in caught.value.findings} == {"join-name-taken"}
