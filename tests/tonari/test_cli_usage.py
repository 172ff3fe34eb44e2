"""The command line as a contract: help at once, exit codes, one JSON document."""

import json
import subprocess
import sys

import pytest

from tonari.cli import COMMANDS, main

HEAVY = ("geopandas", "pandas", "numpy", "pyogrio", "shapely", "numba", "flask")
PRESENT = main.list_commands(None)


def modules_loaded_by(*arguments):
    program = (
        "import sys; from tonari.cli import main\n"
        "try: main(sys.argv[1:], standalone_mode=False)\n"
        "finally: print(' '.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout, set(done.stderr.split())


def test_help_lists_every_command_and_loads_no_geometry_library():
    text, loaded = modules_loaded_by("--help")
    for name in PRESENT:
        assert f"  {name} " in text
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["build", "check", "inspect", "releases", "serve"])
def test_help_of_a_command_is_in_both_languages_and_loads_nothing_heavy(name):
    text, loaded = modules_loaded_by(name, "--help")
    assert text.startswith("Usage:")
    assert any("぀" < character < "鿿" for character in text)
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", PRESENT)
def test_every_command_knows_where_it_lives(name):
    assert COMMANDS[name] == f"tonari.commands.{name}"
    assert main.get_command(None, name).help


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"],
        ["build", "--nosuch"],
        ["build", "parks"],
        ["releases", "prune", "--keep", "0"],
        ["inspect", "nothing.csv"],
        ["build", "--only", "nosuch"],
        ["check", "nosuch"],
    ],
)
def test_wrong_use_exits_2_with_words_on_stderr(run_tonari, arguments):
    done = run_tonari(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


def test_a_missing_declaration_exits_1_and_says_how_to_name_it(run_tonari, tmp_path):
    done = run_tonari("build", cwd=tmp_path)
    assert done.returncode == 1
    assert "layers.yaml" in done.stderr
    assert "-c" in done.stderr


def test_a_broken_declaration_is_one_json_document(run_tonari, tmp_path):
    (tmp_path / "layers.yaml").write_text("layer: {}\n", encoding="utf-8")
    done = run_tonari("build", "--json", cwd=tmp_path)
    assert done.returncode == 1
    codes = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    assert codes == {"key-missing", "key-unknown"}
    assert done.stderr == ""


def test_rolling_back_without_a_release_exits_1(run_tonari, tmp_path):
    done = run_tonari("releases", "rollback", "--data", tmp_path, "--json")
    assert done.returncode == 1
    assert "no release" in json.loads(done.stdout)["error"]


CANCEL = ("gtfs", "alert", "cancel", "ferry", "--date", "2026-11-27", "--by", "船舶課")


def test_what_stops_a_command_is_told_in_both_languages(run_tonari, tmp_path):
    for arguments, ja, en in (
        (CANCEL, "まだ何も公開されていません", "nothing has been published"),
        (("releases", "rollback"), "前の版はありません", "no release before"),
    ):
        done = run_tonari(*arguments, "--data", tmp_path)
        assert done.returncode == 1
        assert ja in done.stderr
        assert en in done.stderr
