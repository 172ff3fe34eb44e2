"""What may be published together, under what, and who must be named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences import Credit, combine, known
from pipeline.licences.combine import OPERATIONS, licences, rules, survey_finding

IDS = sorted(licences())


def credit(licence, code="406210", name="苅田町", **said):
    return Credit(licence, code, name, **said)


def combined(*names, operation="same layer", declared=""):
    credits = [credit(name, str(100000 + i), f"市{i}") for i, name in enumerate(names)]
    return combine(credits, operation, place="layers.parks", declared=declared)


def test_the_table_has_every_licence_under_every_operation():
    assert set(rules()) == {(name, operation) for name in IDS for operation in OPERATIONS}
    for rule in rules().values():
        assert rule.clause
        assert set(rule.results) <= {"*", *IDS}


@pytest.mark.parametrize(
    ("names", "result"),
    [
        (("CC0-1.0", "CC-BY-4.0"), "CC-BY-4.0"),
        (("CC-BY-4.0", "PDL-1.0"), "CC-BY-4.0"),
        (("政府標準利用規約2.0", "PDL1.0"), "CC-BY-4.0"),
        (("CC-BY-4.0", "CC-BY-SA-4.0"), "CC-BY-SA-4.0"),
        (("CC-BY-2.1-JP", "CC-BY-4.0"), "CC-BY-4.0"),
        (("CC0-1.0", "ODbL-1.0"), "ODbL-1.0"),
        (("国土数値情報", "CC BY 4.0"), "CC-BY-4.0"),
    ],
)
def test_the_least_demanding_licence_that_keeps_all_is_proposed(names, result):
    assert combined(*names).licence == result
    assert combined(*names).findings == ()


@pytest.mark.parametrize("operation", ["same layer", "altered"])
@pytest.mark.parametrize(
    ("names", "clauses"),
    [
        (("CC-BY-SA-4.0", "ODbL-1.0"), ("3(b)(1)", "4.4")),
        (("CC-BY-4.0", "ODbL-1.0"), ("CC BY 4.0 Section 3", "4.4")),
    ],
)
def test_a_mix_that_cannot_be_kept_names_both_clauses(names, clauses, operation):
    (found,) = combined(*names, operation=operation).findings
    assert found.code == "licence-mix"
    for clause in clauses:
        assert clause in found.message_ja
        assert clause in found.message_en


def test_side_by_side_each_keeps_its_own_terms():
    assert combined("CC-BY-SA-4.0", "ODbL-1.0", operation="beside").findings == ()


def test_a_licence_that_is_declared_must_be_possible():
    (found,) = combined("CC-BY-4.0", "CC-BY-4.0", declared="CC0-1.0").findings
    assert found.code == "licence-not-possible"
    assert "3(a)(1)" in found.message_en
    assert combined("CC0-1.0", "CC0-1.0", declared="CC-BY-4.0").licence == "CC-BY-4.0"


def test_what_nobody_states_or_knows_is_an_error_beside_others():
    assert [f.code for f in combined("", "CC-BY-4.0").findings] == ["licence-unstated"]
    assert [f.code for f in combined("市の独自", "CC-BY-4.0").findings] == ["licence-unknown"]


def test_one_licence_alone_stays_what_it_is_even_if_nobody_knows_it():
    assert combined("市の独自", "市の独自").licence == "市の独自"


def test_a_clause_that_was_not_checked_says_so():
    (found,) = combined("CC-BY-2.1-JP", "ODbL-1.0").findings
    assert "原文未確認" in found.message_ja


def test_sources_are_named_once_in_order_of_code_and_changes_apart():
    credits = [
        credit("PDL-1.0", "406210", "苅田町", altered=True),
        credit("CC-BY-4.0", "401005", "北九州市"),
        credit("CC-BY-4.0", "401005", "北九州市"),
    ]
    said = combine(credits, "same layer", place="layers.parks").attribution
    named = ["北九州市（CC BY 4.0）", "苅田町（公共データ利用規約（第1.0版））"]
    assert said.split("／") == [*named, "苅田町のデータを加工して作成"]


@given(st.lists(st.sampled_from(IDS), min_size=1, max_size=5), st.sampled_from(OPERATIONS))
def test_the_order_of_sources_decides_nothing(names, operation):
    credits = [credit(name, str(100000 + i), name) for i, name in enumerate(names)]
    one = combine(credits, operation, place="x")
    two = combine(credits[::-1], operation, place="x")
    assert one.attribution == two.attribution
    assert bool(one.findings) == bool(two.findings)
    if operation != "beside":
        assert one.licence == two.licence


@given(st.lists(st.sampled_from(IDS), min_size=2, max_size=5))
def test_share_alike_is_never_lost(names):
    result = combined(*names).licence
    if result:
        alike = {n for n in names if licences()[n].share_alike}
        assert alike <= {result}


@pytest.mark.parametrize("text", ["CC-BY-4.0", "cc by 4.0", "CC BY", "CC_BY_4.0"])
def test_a_licence_is_known_by_its_usual_spellings(text):
    assert known(text).id == "CC-BY-4.0"


def test_an_unknown_approval_under_the_survey_act_is_a_warning():
    assert survey_finding("unknown", "a.shp", "layers.a").code == "survey-approval-unknown"
    assert survey_finding("not needed", "a.shp", "layers.a") is None
