"""``tonari schema``: what a planner sees of schemas and crosswalks."""

import json

import pytest
from click.testing import CliRunner

from tonari.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["schema", *arguments])


def test_schemas_lists_and_crosswalks_are_listed():
    listed = json.loads(run("list", "--json").stdout)
    assert "basic-survey/building" in {s["name"] for s in listed["schemas"]}
    assert "landuse" in listed["codes"]
    assert "landuse-fukuoka" in listed["crosswalks"]


@pytest.mark.parametrize("name", ["basic-survey/land_use", "landuse", "landuse-yamaguchi"])
def test_each_can_be_looked_at(name):
    assert run("show", name).exit_code == 0
    assert json.loads(run("show", name, "--json").stdout)


def test_what_is_unknown_is_answered_with_what_is_known():
    answer = run("show", "landuze")
    assert answer.exit_code == 2
    assert "landuse-fukuoka" in answer.stderr


def test_a_table_of_ones_own_is_checked(tmp_path):
    table = tmp_path / "対応.csv"
    table.write_text("code,to,kind\n1,201,exact\n1,999,exact\n", encoding="cp932")
    answer = run("crosswalk", str(table), "--to", "landuse", "--json")
    assert answer.exit_code == 1
    codes = {f["code"] for f in json.loads(answer.stdout)["findings"]}
    assert codes >= {"crosswalk-several", "crosswalk-target"}


def test_ours_pass():
    assert run("crosswalk", "landuse-fukuoka", "landuse-plateau", "--to", "landuse").exit_code == 0


def test_the_docs_say_what_is_unverified():
    text = run("docs").stdout
    assert "### `basic-survey/population`" in text
    assert "未確認 unverified" in text
