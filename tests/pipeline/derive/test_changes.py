"""Two years of a survey: converted, built, demolished, and matched by a stated rule."""

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from shapely.geometry import box

from pipeline.config.operations import Origin
from pipeline.derive.changes import changes
from pipeline.derive.tables import Given
from pipeline.errors import OperationError
from pipeline.standardise.columns import Field


def year(*rows):
    """Return a year of ``(use, x, width, id)``: houses in a row, in units of about 10 m."""
    frame = pd.DataFrame(
        {
            "municipality_code": ["401005"] * len(rows),
            "use": pd.Series([r[0] for r in rows], dtype=object),
            "house": pd.Series([r[3] if len(r) > 3 else None for r in rows], dtype=object),
        }
    )
    shapes = [box(130 + r[1] / 1e4, 33, 130 + (r[1] + r[2]) / 1e4, 33.0001) for r in rows]
    fields = {n: Field(n, n, "", "string") for n in ("use", "house")}
    return Given(gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:6668"), fields)


def made(before, after, **more):
    options = {"records": "a", "operation": "changes", "after": {"records": "b"}, "field": "use"}
    return changes(TypeAdapter(Origin).validate_python(options | more), before, after)


def rows(derived):
    names = ["change", "before", "after"]
    return [tuple(r) for r in derived.frame[names].itertuples(index=False)]


def test_a_house_that_became_a_shop_one_that_is_new_and_one_that_is_gone():
    before = year(("住宅", 0, 1), ("住宅", 5, 1), ("工場", 9, 1))
    after = year(("店舗", 0, 1), ("住宅", 5, 1), ("住宅", 20, 1))
    assert rows(made(before, after)) == [
        ("converted", "住宅", "店舗"),
        ("unchanged", "住宅", "住宅"),
        ("built", None, "住宅"),
        ("demolished", "工場", None),
    ]


def test_less_than_half_in_common_is_another_house():
    before, after = year(("住宅", 0, 1)), year(("住宅", 0.6, 1))
    assert [r[0] for r in rows(made(before, after))] == ["built", "demolished"]
    assert [r[0] for r in rows(made(before, after, overlap=0.3))] == ["unchanged"]


def test_the_same_id_is_the_same_house_wherever_it_stands():
    before, after = year(("住宅", 0, 1, "7")), year(("店舗", 50, 1, "7"))
    assert rows(made(before, after, id="house")) == [("converted", "住宅", "店舗")]


def test_an_id_that_stands_twice_names_nobody():
    before, after = year(("住宅", 0, 1, "7"), ("住宅", 3, 1, "7")), year(("店舗", 50, 1, "7"))
    assert [r[0] for r in rows(made(before, after, id="house"))] == [
        "built", "demolished", "demolished",
    ]  # fmt: skip


def test_blocks_of_other_boundaries_are_named():
    derived = made(year(("田", 0, 10)), year(("田", 0, 6), ("畑", 6, 4)))
    assert [r[0] for r in rows(derived)] == ["unchanged", "built"]
    (finding,) = derived.findings
    assert (finding.code, finding.feature) == ("changes-boundaries", "1")


def test_a_pair_without_a_value_is_neither_converted_nor_built():
    before = year(("住宅", 0, 1), (None, 5, 1), (None, 9, 1))
    after = year((None, 0, 1), ("店舗", 5, 1), (None, 9, 1), ("店舗", 20, 1))
    derived = made(before, after)
    assert [r[0] for r in rows(derived)] == ["unknown", "unknown", "unknown", "built"]
    (finding,) = derived.findings
    assert (finding.code, [p.feature for p in finding.places]) == (
        "changes-undecided", ["1", "2", "3"],
    )  # fmt: skip
    table = made(before, after, result="matrix").frame
    kinds = {(r.before, r.after, r.change, r.rows) for r in table.itertuples()}
    assert kinds == {
        (None, None, "unknown", 1), (None, "店舗", "built", 1),
        (None, "店舗", "unknown", 1), ("住宅", None, "unknown", 1),
    }  # fmt: skip


def test_the_matrix_counts_and_measures_every_change():
    before = year(("住宅", 0, 1), ("住宅", 5, 1), ("工場", 9, 1))
    after = year(("店舗", 0, 1), ("店舗", 5, 1), ("住宅", 20, 1))
    derived = made(before, after, result="matrix")
    found = derived.frame.astype(object).where(derived.frame.notna(), None)
    assert list(zip(found["before"], found["after"], found["rows"], strict=True)) == [
        (None, "住宅", 1), ("住宅", "店舗", 2), ("工場", None, 1),
    ]  # fmt: skip
    assert derived.frame["area"].tolist()[0] == pytest.approx(103.6, abs=0.5)
    assert [f.name for f in derived.fields] == list(derived.frame.columns)[1:]


def test_a_year_without_places_cannot_be_compared():
    table = year(("田", 0, 1))
    with pytest.raises(OperationError):
        made(table, Given(pd.DataFrame(table.frame.drop(columns="geometry")), table.fields))


HOUSES = st.lists(
    st.tuples(st.sampled_from("住店工"), st.floats(0, 20), st.floats(0.5, 3)), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(HOUSES, HOUSES)
def test_every_house_of_both_years_is_in_one_row(before, after):
    derived = made(year(*before), year(*after))
    kinds = [r[0] for r in rows(derived)]
    stayed = kinds.count("unchanged") + kinds.count("converted")
    assert stayed + kinds.count("demolished") == len(before)
    assert stayed + kinds.count("built") == len(after)
