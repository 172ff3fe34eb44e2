"""Formulas in ledgers are told before a spreadsheet runs them; the values stay."""

import pytest

from pipeline.check.formulas import starts_formula


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("http://example.com","x")', "@SUM(A1:A9)", "+81-93-582-0000", "-2+3", "\t=1",
     "＝１＋１", "-cmd|' /C calc'!A0"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run(text):
    assert starts_formula(text)


@pytest.mark.parametrize(
    "text", ["-12.5", "+3", "-1e3", "－５", "-", "−", "+", "a=1", "093-582", ""]
)
def test_numbers_and_lone_signs_are_harmless(text):
    assert not starts_formula(text)


@pytest.fixture
def told(layer_of, tmp_path):
    def of(**declared):
        text = "name,memo,lon,lat\n=1+1,x,130.81,33.88\n公園,=2+2,130.82,33.88\n@x,y,130.83,33.88\n"
        (tmp_path / "a.csv").write_text(text, encoding="utf-8")
        source = {"path": "a.csv", "geometry": {"x": "lon", "y": "lat"}}
        fields = {name: {"title": {"ja": name}} for name in ("name", "memo")}
        return layer_of(source, publish=["name"], fields=fields, **declared)

    return of


def test_every_row_is_told_and_the_value_stays(told):
    made = told()
    (finding,) = [f for f in made.findings if f.code == "value-formula"]
    assert [(p.row, p.value) for p in finding.places] == [(2, "=1+1"), (4, "@x")]
    assert made.frame["name"].tolist() == ["=1+1", "公園", "@x"]


def test_a_field_that_stays_inside_and_a_layer_without_csv_are_not(told):
    assert "memo" not in {f.field for f in told().findings if f.code == "value-formula"}
    assert "value-formula" not in {f.code for f in told(outputs=["geojson"]).findings}
