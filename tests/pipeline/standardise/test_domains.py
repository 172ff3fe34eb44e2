"""What a schema allows: codes, bounds, margins, units, and rows of totals."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from pipeline.config.sources import Source
from pipeline.standardise.codelists import list_names
from pipeline.standardise.columns import ROW, Field
from pipeline.standardise.domains import domain_findings, without_totals
from pipeline.standardise.schemas import schema, schema_names
from pipeline.standardise.values import DTYPES


def frame(field, values, shapes=None):
    table = pd.DataFrame({field.name: pd.Series(values, dtype=DTYPES[field.type])})
    table[ROW] = range(2, len(values) + 2)
    return gpd.GeoDataFrame(table, geometry=shapes or [None] * len(values), crs="EPSG:6668")


def rows(findings):
    return {f.code: [p.row for p in f.places] or [f.row] for f in findings}


def said(field, values, shapes=None):
    return rows(domain_findings(frame(field, values, shapes), [field], "a.csv"))


STRUCTURE = Field("structure", "構造", type="string", codes="structure")
STOREYS = Field("storeys", "階数", type="integer", minimum=0, maximum=99)
AREA = Field("area", "面積", type="number", unit="m²")


def test_a_code_that_is_not_in_the_list_is_named():
    assert said(STRUCTURE, ["601", "699", None, "６０１"]) == {"code-not-in-list": [3]}


def test_negative_storeys_are_named():
    assert said(STOREYS, [2, -1, None, 0, 100]) == {"value-out-of-bounds": [3, 6]}


@pytest.mark.parametrize(
    "values",
    [
        [120.5, 300.0, 0.02, 250.0, 0.031, 90.0],
        [5000.0, 12000.0, 0.9, 1.3, 8000.0],
    ],
)
def test_hectares_among_square_metres_are_named(values):
    found = said(AREA, values)
    assert found == {"units-mixed": [i + 2 for i, v in enumerate(values) if v < 2]}


@pytest.mark.parametrize(
    "values", [[3.0, 40.0, 200.0, 900.0, 20000.0], [120.0] * 5, [0.0, 1.0, 2.0], [1.0, 1e4]]
)
def test_small_and_large_areas_are_no_mixture(values):
    assert said(AREA, values) == {}


def test_units_are_told_from_the_shapes_where_there_are_any():
    shapes = [box(130, 33, 130 + w, 33.001) for w in (0.001, 0.01, 0.1, 0.2)]
    true = [10_390.0, 103_900.0, 1_039_000.0, 207.8]
    assert said(AREA, true, shapes) == {"units-mixed": [5]}


def test_a_margin_that_does_not_add_up_is_named_and_nothing_is_changed():
    total = Field("total", "合計", type="integer", parts=("a", "b"))
    parts = [Field(n, n, type="integer") for n in "ab"]
    table = frame(total, [3, 5, 0, None, 7])
    table["a"], table["b"] = pd.array([1, 2, None, 1, None], "Int64"), pd.array([2, 2, None, 1, 7])
    assert rows(domain_findings(table, [total, *parts], "a.csv")) == {"margin-differs": [3]}
    assert table["total"].tolist()[:3] == [3, 5, 0]


NAME = Field("town", "町名", type="string")
TOWNS = ["一枝", "合 計", "計画町", "小計", "Ｔｏｔａｌ", None]


def source(**more):
    return Source(municipality="m", path="a.csv", **more)


def test_rows_of_totals_stop_a_source_until_it_is_said_what_to_do():
    table = frame(NAME, TOWNS)
    kept, findings = without_totals(table, [NAME], source())
    assert rows(findings) == {"total-rows": [3, 5, 6]}
    assert findings[0].severity == "error"
    assert len(kept) == 6
    kept, findings = without_totals(table, [NAME], source(totals="drop"))
    assert kept["town"].tolist() == ["一枝", "計画町", None]
    assert rows(findings) == {"total-rows-dropped": [3, 5, 6]}
    kept, findings = without_totals(table, [NAME], source(totals="keep"))
    assert (len(kept), findings) == (6, [])


@pytest.mark.parametrize("name", schema_names())
def test_every_schema_can_be_read_and_names_lists_and_parts_there_are(name):
    one = schema(name)
    assert {f.codes for f in one.fields.values()} - {""} <= set(list_names())
    assert {part for f in one.fields.values() for part in f.parts} <= set(one.fields)
    assert all(f.title_ja and f.title_en for f in one.fields.values())
    assert one.verified or one.note.ja


@pytest.mark.parametrize("name", [n for n in schema_names() if n.startswith("basic-survey/")])
def test_every_item_of_the_survey_names_its_number_and_source(name):
    assert schema(name).item
    assert schema(name).source


@pytest.mark.parametrize("name", schema_names())
def test_no_heading_leads_to_two_fields(name):
    fields = schema(name).fields.values()
    headings = [h for f in fields for h in {f.name, f.title_ja, *f.headings}]
    assert sorted({h for h in headings if headings.count(h) > 1}) == []
