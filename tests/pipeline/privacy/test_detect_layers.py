"""A layer that seems to publish personal information is not published until that is waived."""

import datetime as dt

import pytest

from pipeline.errors import DeclarationError
from pipeline.layers.job import LayerJob
from pipeline.layers.plan import Planner

LEDGER = "名称,連絡,経度,緯度\n桜広場,担当は佐々木 健一,130.81,33.9\n梅広場,なし,130.82,33.9\n"
WAIVER = {
    "field": "note",
    "detector": "name",
    "reason": "consent",
    "author": "公園緑地課",
    "date": "2026-01-01",
    "expires": "2999-12-31",
    "count": 1,
}


@pytest.fixture
def squares(project):
    def build(publish=("name", "note"), ledger=LEDGER, **privacy):
        project.layer("squares", privacy={"publish": list(publish)} | privacy)
        source = project.declared["layers"]["squares"]["sources"][0]
        source["fields"] = {"名称": "name", "連絡": "note"}
        project.ledger("squares").write_text(ledger, encoding="cp932")
        (outcome,) = project.build().outcomes
        return outcome

    return build


def codes(outcome):
    return {f.code for f in outcome.findings}


def test_a_name_in_a_remark_stops_the_layer_and_the_finding_does_not_repeat_it(squares):
    outcome = squares()
    assert outcome.artefacts == {}
    (finding,) = [f for f in outcome.findings if f.code == "personal-information"]
    assert (finding.field, finding.row, finding.count) == ("note", 2, 1)
    assert "佐々木" not in str(finding.as_dict())


def test_what_is_not_published_does_not_stop_it(squares):
    assert squares(publish=["name"]).status == "built"


def test_a_waiver_lets_it_be_published_and_is_told_with_its_author(squares):
    outcome = squares(waivers=[WAIVER])
    assert outcome.status == "built"
    (told,) = [f for f in outcome.findings if f.code == "personal-information-waived"]
    assert "公園緑地課" in told.message_ja


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"count": 2}, "waiver-count-changed"),
        ({"expires": "2026-01-02"}, "waiver-expired"),
        ({"detector": "phone"}, "personal-information"),
    ],
)
def test_a_waiver_that_does_not_fit_asks_again(squares, change, code):
    outcome = squares(waivers=[WAIVER | change])
    assert outcome.artefacts == {}
    assert code in codes(outcome)


def test_a_waiver_of_nothing_is_told(squares):
    outcome = squares(ledger=LEDGER.replace("担当は佐々木 健一", "あり"), waivers=[WAIVER])
    assert outcome.status == "built"
    assert "waiver-idle" in codes(outcome)


def test_a_waiver_for_a_field_that_is_not_published_is_refused(squares):
    with pytest.raises(DeclarationError) as refused:
        squares(publish=["name"], waivers=[WAIVER])
    assert "waiver-field-missing" in str(refused.value.findings)


def test_a_waiver_ends_by_itself_though_nothing_else_changed(squares, project):
    squares(waivers=[WAIVER | {"expires": "2030-06-30"}])
    loaded = project.load()
    keys = set()
    for day in (dt.date(2030, 6, 30), dt.date(2030, 7, 1)):
        planner = Planner(loaded.declaration, loaded.root, day)
        assert LayerJob("squares", loaded.declaration, planner)
        keys.add(planner.layer("squares").data.detect.options.waivers[0].expired)
    assert keys == {False, True}
