"""Every place of every finding is in the report and in findings.csv, whatever the console shows."""

import csv
import json

import pytest

from pipeline.findings import Catalogue, Finding, Place

ROWS = [(f"公園{i}", f"令和元年13月{i}日", 130.81, 33.9) for i in range(1, 13)]


@pytest.fixture
def built(project):
    """Build a layer of twelve parks none of which has a date that exists."""
    project.layer(
        "parks",
        fields={
            "name": {"title": {"ja": "名称"}},
            "opened": {"title": {"ja": "開園"}, "type": "date"},
        },
        privacy={"publish": ["name", "opened"]},
    )
    lines = ["名称,開園,経度,緯度", *(",".join(map(str, row)) for row in ROWS)]
    project.ledger("parks").write_text("\n".join(lines), encoding="cp932")
    project.build()
    return project.office()


def rows_of(release):
    with (release / "findings.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_table_has_one_row_for_each_place_with_its_value(built):
    dates = [row for row in rows_of(built) if row["規則 code"] == "value-not-date"]
    assert [(row["行 row"], row["値 value"]) for row in dates] == [
        (str(i + 1), f"令和元年13月{i}日") for i in range(1, 13)
    ]


def test_the_table_opens_in_a_spreadsheet_of_a_japanese_office(built):
    raw = (built / "findings.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_the_report_folds_out_every_place(built):
    page = (built / "report.html").read_text(encoding="utf-8")
    assert all(f"{i + 1} 行目 値「令和元年13月{i}日」" in page for i in range(1, 13))


def test_findings_come_back_from_json_with_their_places(built):
    recorded = json.loads((built / "findings.json").read_text(encoding="utf-8"))
    (finding,) = [
        Finding.from_dict(record)
        for record in recorded["layers"]["parks"]
        if record["code"] == "value-not-date"
    ]
    assert [place.row for place in finding.places] == list(range(2, 14))
    assert finding.as_dict() in recorded["layers"]["parks"]


def test_the_line_for_the_console_names_the_first_ten_and_the_count(built):
    recorded = json.loads((built / "findings.json").read_text(encoding="utf-8"))
    lines = [Finding.from_dict(record).line("ja") for record in recorded["layers"]["parks"]]
    assert any("（計 12 件：2、3、4、5、6、7、8、9、10、11…）" in line for line in lines)


def test_a_value_that_a_spreadsheet_would_run_is_disarmed_in_the_table(project):
    project.layer(
        "parks",
        fields={"area": {"title": {"ja": "面積"}, "type": "number"}},
        privacy={"publish": ["area"]},
    )
    text = '名称,面積,経度,緯度\n一枝,"=1+1",130.81,33.9\n'
    project.ledger("parks").write_text(text, encoding="cp932")
    project.build()
    (row,) = [r for r in rows_of(project.office()) if r["規則 code"] == "value-not-number"]
    assert row["値 value"] == "'=1+1"


def test_the_report_calls_a_crs_by_our_own_name(built):
    page = (built / "report.html").read_text(encoding="utf-8")
    assert 'EPSG:6668<br><!--ja--><span lang="ja">JGD2011 緯度経度' in page


def test_a_finding_about_cells_and_features_lists_them_as_well():
    """Whatever names the place: a row, a cell, a feature."""
    made = Catalogue.of("pipeline").finding(
        "cell-without-value",
        file="a.xlsx",
        places=[Place(cell="B3", value="#N/A"), Place(cell="C4", value="#REF!")],
    )
    assert (made.cell, made.value, made.count) == ("B3", "#N/A", 2)
    assert "2 件：B3、C4" in made.line("ja")
    assert Finding.from_dict(made.as_dict()) == made
