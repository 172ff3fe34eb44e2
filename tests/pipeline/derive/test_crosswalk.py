"""Codes of one list put to another's: what is mapped, and what never is."""

import geopandas as gpd
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError
from shapely.geometry import box

from pipeline.config.operations import Origin
from pipeline.derive.crosswalk import UNMAPPED, crosswalk
from pipeline.derive.tables import Given
from pipeline.errors import OperationError
from pipeline.standardise.codelists import (
    Row,
    by_code,
    check_crosswalk,
    code_key,
    code_list,
    crosswalk_names,
    crosswalk_rows,
    list_names,
)
from pipeline.standardise.columns import Field

LEADS_TO = {
    "building-use-plateau": "building-use",
    "fireproof-plateau": "fireproof",
    "landuse-fukuoka": "landuse",
    "landuse-national": "landuse",
    "landuse-plateau": "landuse",
    "landuse-yamaguchi": "landuse",
    "structure-plateau": "structure",
    "use-district-a29-a55": "use-district-a55",
}


def given(codes, municipalities=None, widths=None):
    frame = pd.DataFrame(
        {
            "municipality_code": municipalities or ["401005"] * len(codes),
            "use": pd.Series(codes, dtype=object),
        }
    )
    if widths:
        shapes = [box(130, 33, 130 + width, 34) for width in widths]
        frame = gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:6668")
    return Given(frame, {"use": Field("use", "用途", "Use", "string")})


def mapped(codes, using="landuse-fukuoka", **more):
    options = {"records": "r", "operation": "crosswalk", "field": "use", "to": "national"}
    options |= {"using": using} if using else {}
    table = more.pop("table", None)
    if table is not None:
        options["table"] = {"records": "t"}
    made = TypeAdapter(Origin).validate_python(options)
    return crosswalk(made, given(codes, **more), *([table] if table is not None else []))


def test_the_original_and_the_national_code_stand_side_by_side():
    frame = mapped(["1", "5"]).frame
    assert frame["use"].tolist() == ["1", "5"]
    assert frame["national"].tolist() == ["201", "205"]
    assert frame["national_label"].tolist() == ["田", "その他自然地"]
    assert frame["national_kind"].tolist() == ["exact", "narrower"]


def test_what_cannot_be_mapped_stays_visible_and_is_counted():
    made = mapped(["17", "17", "77", None, "1"])
    assert made.frame["national"].tolist() == [UNMAPPED] * 4 + ["201"]
    said = {(f.code, f.value) for f in made.findings}
    assert said >= {
        ("crosswalk-ambiguous", "17"),
        ("crosswalk-unmapped", "77"),
        ("crosswalk-unmapped", ""),
    }
    (ambiguous,) = [f for f in made.findings if f.code == "crosswalk-ambiguous"]
    assert "2 件" in ambiguous.message_ja
    assert "220, 223" in ambiguous.message_ja


def test_coverage_is_by_rows_and_by_area():
    made = mapped(["1", "77"], widths=[3, 1])
    assert made.counts == {"rows": 2, "mapped": 1, "per mille of area mapped": 750}
    assert "50.0 %、面積の 75.0 %" in made.findings[0].message_ja


def test_each_municipality_has_its_own_table():
    using = {"401005": "landuse-fukuoka", "352012": "landuse-yamaguchi"}
    made = mapped(["8", "8", "8"], using, municipalities=["401005", "352012", "402133"])
    assert made.frame["national"].tolist() == ["212", "211", UNMAPPED]


def test_the_same_code_in_other_digits_is_the_same_code():
    assert mapped(["01", "１", "1.0", " 1"]).frame["national"].tolist() == ["201"] * 4
    assert code_key("000") == "0"


def own(*rows):
    frame = pd.DataFrame(rows, columns=["code", "to", "kind"])
    frame.insert(0, "municipality_code", "401005")
    return Given(frame, {n: Field(n, n, "", "string") for n in ("code", "to", "kind")})


def test_a_city_brings_its_own_table():
    made = mapped(["甲", "乙"], "", table=own(("甲", "201", "exact"), ("乙", "", "none")))
    assert made.frame["national"].tolist() == ["201", UNMAPPED]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("甲", "201", "same")], "crosswalk-kind"),
        ([("甲", "", "exact")], "crosswalk-target"),
        ([("甲", "201", "none")], "crosswalk-target"),
        ([("甲", "201", "exact"), ("甲", "202", "exact")], "crosswalk-several"),
        ([("1", "201", "exact"), ("01", "202", "narrower")], "crosswalk-several"),
    ],
)
def test_a_table_that_says_two_things_is_refused(rows, code):
    with pytest.raises(OperationError) as caught:
        mapped(["甲"], "", table=own(*rows))
    assert [f.code for f in caught.value.findings] == [code]


def test_a_table_there_is_not_is_named_with_those_there_are():
    with pytest.raises(OperationError, match="landuse-fukuoka"):
        mapped(["1"], "landuse-fukouka")


def test_one_table_is_named_and_not_two():
    with pytest.raises(ValidationError):
        mapped(["1"], "landuse-fukuoka", table=own(("1", "201", "exact")))


@pytest.mark.parametrize("name", crosswalk_names())
def test_our_crosswalks_lead_to_codes_there_are(name):
    wrong = check_crosswalk(crosswalk_rows(name), code_list(LEADS_TO[name]), name)
    assert [f.code for f in wrong if f.severity == "error"] == []
    assert all(row.source for row in crosswalk_rows(name))


@pytest.mark.parametrize("name", list_names())
def test_our_code_lists_have_each_code_once_with_its_source(name):
    assert all(code.source and code.label_ja for code in code_list(name).values())
    assert len(code_list(name)) > 3


def test_land_that_is_several_things_becomes_none_of_them():
    rows = by_code(crosswalk_rows("landuse-yamaguchi"))
    assert {row.kind for row in rows["17"]} == {"broader"}
    assert len(rows["17"]) == 4


def test_the_two_numbers_of_unused_land_meet():
    (row,) = by_code(crosswalk_rows("landuse-plateau"))["224"]
    assert row == Row("224", "低未利用土地", "253", "exact", row.source)
