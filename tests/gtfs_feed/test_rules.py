"""What is said of the validators is what they say of themselves."""

from __future__ import annotations

import json
from importlib import metadata, resources
from pathlib import Path

import gtfs_guru
import pytest

from gtfs.validate.rules import RULES_VERSION, markdown, rules, tools
from gtfs.validate.tools import TOOLS
from pipeline.findings import Catalogue

DOCS = Path(__file__).resolve().parents[2] / "docs" / "feeds.md"
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"


@pytest.fixture(scope="module")
def canonical():
    data = resources.files("gtfs_validator.data").joinpath("canonical_notices.json")
    return json.loads(data.read_text(encoding="utf-8"))


def test_the_table_lists_the_rules_of_the_version_it_names(canonical):
    assert canonical["_meta"]["tag"] == f"v{RULES_VERSION}"
    known = {code: notice["severity"].lower() for code, notice in canonical["notices"].items()}
    assert {rule.code: rule.severity for rule in rules()} == known


def test_what_gtfs_guru_checks_is_what_it_says():
    codes = set(gtfs_guru.notice_codes())
    assert {rule.code for rule in rules() if "gtfs-guru" in rule.tools} == codes & {
        rule.code for rule in rules()
    }


def test_our_own_findings_exist():
    known = {*Catalogue("gtfs.data").entries, *Catalogue("gtfs.validate").entries}
    assert {rule.own for rule in rules() if rule.own} <= known


def test_every_tool_is_described_and_none_is_mobilitydatas_own():
    assert {tool.name for tool in tools()} == set(TOOLS)
    for name in TOOLS:
        links = " ".join(metadata.metadata(name).get_all("Project-URL") or ())
        assert "MobilityData" not in links
    said = {tool.name: tool.en for tool in tools()}
    assert "not MobilityData's" in said["gtfs-validator"]


def test_the_guide_says_the_same():
    text = DOCS.read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == markdown()
