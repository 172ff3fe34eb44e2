"""One file handed in twice under two names counts everything twice: it is named."""

import shutil

import pytest

TOBATA, WAKAMATSU = (130.818836, 33.901292), (130.814440, 33.902258)
ROWS = [("一枝公園", *TOBATA), ("若松公園", *WAKAMATSU)]


@pytest.fixture
def two(project):
    project.layer("parks", rows=ROWS)
    shutil.copy(project.ledger("parks"), project.ledger("copy"))
    sources = project.declared["layers"]["parks"]["sources"]
    sources.append(sources[0] | {"path": "copy.csv"})
    return project


def told(project):
    (outcome,) = project.build().outcomes
    return [(f.file, f.count) for f in outcome.findings if f.code == "source-twice"]


def test_the_same_records_under_another_name_are_named(two):
    assert told(two) == [("copy.csv", 2)]


def test_one_record_more_or_in_another_order_is_another_ledger(two):
    text = two.ledger("copy").read_text("cp932").splitlines()
    two.ledger("copy").write_text("\n".join([*text, "浅生公園,130.82,33.9", ""]), "cp932")
    assert told(two) == []


def test_the_same_file_for_two_towns_is_not_the_same_records(two):
    two.declared["municipalities"]["other"] = {"code": "352012", "name": {"ja": "下関市"}}
    two.declared["layers"]["parks"]["sources"][1]["municipality"] = "other"
    assert told(two) == []
