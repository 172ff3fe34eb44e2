"""Findings: one line each for a planner, in two languages, whatever the ledger holds."""

import pytest
from ruamel.yaml import YAML

from pipeline.findings import Catalogue, Finding, Severity, count_by_severity, has_error
from pipeline.jobs import undeclared

CATALOGUES = ["pipeline", "pipeline.config", "pipeline.federation", "pipeline.licences"]
CODES = [(package, code) for package in CATALOGUES for code in Catalogue.of(package).entries]


@pytest.mark.parametrize(("package", "code"), CODES)
def test_every_sentence_exists_in_both_languages_and_ends_like_one(package, code):
    entry = Catalogue.of(package).entries[code]
    assert entry["severity"] in set(Severity)
    for part in ("message", "remedy"):
        for language in ("ja", "en"):
            sentence = entry[part][language]
            assert sentence
            assert "\n" not in sentence


@pytest.mark.parametrize("package", CATALOGUES)
def test_codes_are_names_in_alphabetic_kebab_case(package):
    for code in Catalogue.of(package).entries:
        assert code == code.lower()
        assert code.replace("-", "").isalnum()


def finding(**place):
    return Catalogue.of("pipeline").finding("source-empty", **place)


def test_a_line_names_place_message_remedy_and_code():
    line = finding(file="a.csv", row=317, field="経度", value="13.08", count=2).line("ja")
    assert line.startswith("a.csv 317 行目 項目「経度」 値「13.08」: データが 1 件もありません。")
    assert "（計 2 件）" in line
    assert line.endswith("[source-empty]")


def test_values_of_several_lines_stay_one_line():
    made = finding(file="a.csv", field="経度\n(10進)", value="一枝\r\n公園")
    assert (made.field, made.value) == ("経度 (10進)", "一枝 公園")
    assert "\n" not in made.line("ja") + made.line("en")


def test_a_value_as_long_as_a_book_is_shortened():
    assert finding(value="あ" * 100_000).value == "あ" * 119 + "…"


def test_braces_in_a_ledger_are_not_taken_for_our_own():
    made = Catalogue.of("pipeline").finding("encoding-assumed", value="{0.__class__} {x}")
    assert "{0.__class__} {x}" in made.remedy_ja


def test_a_sentence_without_its_detail_is_a_programming_error():
    with pytest.raises(KeyError):
        Catalogue.of("pipeline").finding("source-unreadable", file="a.csv")
    with pytest.raises(KeyError):
        Catalogue.of("pipeline").finding("no-such-code")


def test_a_finding_as_json_leaves_out_what_is_unknown_and_comes_back():
    made = finding(file="a.csv", row=3)
    record = made.as_dict()
    assert "sheet" not in record
    assert record["severity"] == "error"
    assert Finding(**(record | {"severity": Severity(record["severity"])})) == made


def test_counting_and_blocking():
    warning = Catalogue.of("pipeline").finding("geometry-missing", file="a.shp")
    assert count_by_severity([warning, warning]) == {"error": 0, "warning": 2, "info": 0}
    assert not has_error([warning])
    assert has_error([warning, finding()])


def test_no_code_of_the_catalogue_is_unused(root):
    """A sentence nobody says is dead text: delete it or say it."""
    for package, folders in (("pipeline", ["pipeline"]), ("pipeline.config", ["pipeline"])):
        path = root / package.replace(".", "/") / "findings.yaml"
        source = "".join(
            p.read_text(encoding="utf-8") for f in folders for p in (root / f).rglob("*.py")
        )
        unused = [
            code
            for code in YAML(typ="safe").load(path.read_text(encoding="utf-8"))
            if f'"{code}"' not in source and not code.startswith("value-not-")
        ]
        assert unused == []


TITLES = {
    "parks": {"ja": "都市公園", "en": "City parks"},
    "shelters": {"ja": "避難場所", "en": "Shelters"},
}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("praks", "parks"), ("公園", "parks"), ("Shelter", "shelters"), ("避難場", "shelters")],
)
def test_a_name_that_is_not_declared_finds_the_one_that_was_meant(asked, meant):
    (found,) = undeclared(asked, TITLES).findings
    assert found.value == asked
    assert f"「{meant} ({TITLES[meant]['ja']})」" in found.remedy_ja
    assert "layers and feeds: parks, shelters" in found.message_en


def test_a_name_like_none_lists_all_with_their_titles():
    (found,) = undeclared("zzz", TITLES).findings
    assert found.remedy_ja == "宣言されているもの: parks (都市公園)、shelters (避難場所)"
