"""One thing broken at a time in a copy of the sample, seen from outside.

Each gives one error with its place, value and remedy in two languages; everything else is
built; the served version of what is broken stays untouched; the exit status is 1.
"""

import csv
import hashlib
import io
import json
import os
import shutil
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).resolve().parents[2]
CSV = "data/sample/kitakyushu/hinanbasho.csv"
TIMETABLE = "data/sample/transit/wakato.xlsx"
PARKS = "data/sample/kitakyushu/koen_daicho.xlsx"

pytestmark = pytest.mark.slow


@pytest.fixture
def sample(tmp_path, sample_data):
    """Lend a copy of the sample as an office has it: published once, its steps in the cache."""
    shutil.copy(ROOT / "layers.yaml", tmp_path)
    for part in ("sample", "registry"):
        shutil.copytree(ROOT / "data" / part, tmp_path / "data" / part)
    releases = tmp_path / "data" / "releases"
    shutil.copytree(sample_data / "releases", releases, symlinks=True, copy_function=os.link)
    for part in ("office", "cache"):
        shutil.copytree(sample_data / part, tmp_path / "data" / part)
    return tmp_path


def edit_csv(sample, change):
    path = sample / CSV
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="cp932"))))
    change(rows)
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), encoding="cp932")


def missing_file(sample):
    (sample / "data/sample/shimonoseki/hinan.shp").unlink()


def wrong_encoding(sample):
    text = (sample / CSV).read_text(encoding="cp932")
    (sample / CSV).write_text(text, encoding="utf-8")


def outside_japan(sample):
    def change(rows):
        rows[4][rows[0].index("経度")] = "13.084"

    edit_csv(sample, change)


def absent_field(sample):
    def change(rows):
        rows[0][rows[0].index("管理番号")] = "整理番号"

    edit_csv(sample, change)


def unknown_crs(sample):
    path = sample / "layers.yaml"
    text = path.read_text(encoding="utf-8")
    assert "EPSG:30163" in text
    path.write_text(text.replace("EPSG:30163", "EPSG:39999"), encoding="utf-8")


def empty_source(sample):
    edit_csv(sample, lambda rows: rows.__delitem__(slice(1, None)))


def times_backwards(sample):
    book = openpyxl.load_workbook(sample / TIMETABLE)
    sheet = book["平日"]
    sheet["D6"].value = sheet["C5"].value
    book.save(sample / TIMETABLE)


def missing_sheet(sample):
    book = openpyxl.load_workbook(sample / PARKS)
    book.create_sheet("別表").append(["x"])
    del book["公園台帳"]
    book.save(sample / PARKS)


def missing_timetable_sheet(sample):
    book = openpyxl.load_workbook(sample / TIMETABLE)
    book["土日祝"].title = "休日"
    book.save(sample / TIMETABLE)


CASES = {
    missing_file: (
        "evacuation_sites",
        {"code": "source-missing", "file": "data/sample/shimonoseki/hinan.shp"},
    ),
    wrong_encoding: ("evacuation_sites", {"code": "encoding-wrong", "file": CSV, "value": "cp932"}),
    outside_japan: (
        "evacuation_sites",
        {"code": "coordinate-outside", "file": CSV, "row": 5, "value": "13.084000, 33.883470"},
    ),
    absent_field: ("evacuation_sites", {"code": "field-absent", "file": CSV, "field": "管理番号"}),
    unknown_crs: (
        "parks",
        {"code": "crs-unknown", "file": "data/sample/shimonoseki/koen.shp", "value": "EPSG:39999"},
    ),
    empty_source: ("evacuation_sites", {"code": "source-empty", "file": CSV}),
    times_backwards: ("wakato_ferry", {"file": TIMETABLE, "sheet": "平日", "cell": "D6"}),
    missing_sheet: ("parks", {"code": "sheet-missing", "file": PARKS, "sheet": "公園台帳"}),
    missing_timetable_sheet: ("wakato_ferry", {"file": TIMETABLE, "sheet": "土日祝"}),
}


def sums(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def only_progress(stderr):
    """Tell that nothing but lines of progress was written beside the document."""
    return all(set(json.loads(line)) == {"step", "done", "total"} for line in stderr.splitlines())


@pytest.mark.parametrize("break_it", CASES, ids=lambda function: function.__name__)
def test_bad_input_is_one_finding_and_the_rest_is_published(sample, run_tonari, break_it):
    name, expected = CASES[break_it]
    current = sample / "data" / "releases" / "current"
    before = json.loads((current / "manifest.json").read_text(encoding="utf-8"))
    kind = "feeds" if name in before["feeds"] else "layers"
    good = sums(current / kind / name)
    break_it(sample)

    done = run_tonari("build", "--json", cwd=sample)

    assert done.returncode == 1, done.stderr
    assert only_progress(done.stderr)
    outcomes = {o["name"]: o for o in json.loads(done.stdout)["outcomes"]}
    assert {n for n, o in outcomes.items() if o["status"] in ("built", "linked")} == (
        set(outcomes) - {name}
    )
    assert outcomes[name]["status"] == "kept"
    (error,) = [f for f in outcomes[name]["findings"] if f["severity"] == "error"]
    assert expected.items() <= error.items()
    for sentence in ("message_ja", "message_en", "remedy_ja", "remedy_en"):
        assert error[sentence]
    assert sums(current / kind / name) == good
    after = json.loads((current / "manifest.json").read_text(encoding="utf-8"))
    assert after[kind][name]["built_in"] == before[kind][name]["built_in"]
    assert after["findings"]["error"] == 1


def test_a_person_is_told_on_stderr_with_a_summary_table(sample, run_tonari):
    missing_file(sample)
    done = run_tonari("build", cwd=sample)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "hinan.shp: ファイルがありません。" in done.stderr
    assert "The file does not exist." in done.stderr
    assert "kept" in done.stderr
    assert "report.html" in done.stderr


def test_checking_says_the_same_and_publishes_nothing(sample, run_tonari):
    outside_japan(sample)
    before = sums(sample / "data" / "releases")
    done = run_tonari("check", "evacuation_sites", "--json", cwd=sample)
    assert done.returncode == 1
    errors = [f for f in json.loads(done.stdout)["findings"] if f["severity"] == "error"]
    assert [f["code"] for f in errors] == ["coordinate-outside"]
    assert sums(sample / "data" / "releases") == before


def test_the_sample_itself_builds_again_without_change(sample, run_tonari):
    shutil.rmtree(sample / "data" / "cache")  # what is linked comes from the served release
    done = run_tonari("build", "--json", cwd=sample)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["published"] is False
    assert {o["status"] for o in document["outcomes"]} == {"linked"}
    assert only_progress(done.stderr)


def test_releases_are_listed_rolled_back_and_pruned(sample, run_tonari):
    (sample / CSV).write_bytes((sample / CSV).read_bytes() + b"\r\n")
    assert run_tonari("build", "--only", "evacuation_sites", cwd=sample).returncode == 0
    listed = json.loads(run_tonari("releases", "list", "--json", cwd=sample).stdout)
    first, second = (r["release"] for r in listed["releases"])
    assert listed["current"] == second
    back = json.loads(run_tonari("releases", "rollback", "--json", cwd=sample).stdout)
    assert back == {"current": first}
    pruned = run_tonari("releases", "prune", "--keep", "1", "--json", cwd=sample)
    assert json.loads(pruned.stdout) == {"deleted": []}
