"""``tonari gtfs`` as a person and as a program use it."""

import json
import zipfile

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from gtfs.build.feed import build_feed
from gtfs.feed.ids import rename
from gtfs.feed.read import read_feed
from gtfs.feed.write import write_zip
from pipeline.config.feeds import Feed
from tonari.commands.gtfs import command


@pytest.fixture
def run():
    def invoke(*arguments):
        return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)

    return invoke


@pytest.fixture
def declaration(root, tmp_path, sample_declaration):
    """Write a declaration with the sample ferry only, beside a copy of its files."""
    folder = tmp_path / "data/sample/transit"
    folder.mkdir(parents=True)
    for name in ("wakato.xlsx", "wakato_lane.geojson"):
        (folder / name).write_bytes((root / "data/sample/transit" / name).read_bytes())
    text = YAML(typ="safe").load((root / "layers.yaml").read_text(encoding="utf-8"))
    document = {
        "publisher": text["publisher"],
        "municipalities": text["municipalities"],
        "feeds": {"wakato_ferry": sample_declaration["wakato_ferry"]},
    }
    path = tmp_path / "layers.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
    return path


def test_build_writes_a_zip_and_tells_the_counts(run, declaration, tmp_path):
    result = run("build", "wakato_ferry", "-c", declaration, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0
    feed = json.loads(result.stdout)["feeds"]["wakato_ferry"]
    assert feed["reconciliation"]["time_cells_matched"] == 540
    assert "stop_times.txt" in zipfile.ZipFile(feed["file"]).namelist()


def test_build_registers_the_ids_of_the_stops(run, declaration, tmp_path):
    run("build", "-c", declaration, "-o", tmp_path / "out")
    register = (tmp_path / "data/registry/wakato_ferry.csv").read_text(encoding="utf-8")
    assert [line.split(",")[1] for line in register.splitlines()[1:]] == ["TO", "WA"]


def test_check_asks_the_validators_and_writes_nothing(run, declaration, tmp_path):
    result = run("check", "-c", declaration, "--on", "2026-11-23", "--json")
    assert result.exit_code == 0, result.output
    findings = json.loads(result.stdout)["feeds"]["wakato_ferry"]["findings"]
    assert [f["code"] for f in findings] == ["fare-riders-in-v2"]
    assert not (tmp_path / "data/registry").exists()


def test_a_blocked_feed_is_exit_1_and_no_zip(run, declaration, tmp_path):
    (tmp_path / "data/sample/transit/wakato.xlsx").unlink()
    result = run("build", "-c", declaration, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 1
    feed = json.loads(result.stdout)["feeds"]["wakato_ferry"]
    assert [f["code"] for f in feed["findings"]] == ["file-missing"]
    assert not (tmp_path / "out").exists()


def test_an_undeclared_name_is_told_with_the_declared_ones(run, declaration):
    result = run("build", "wakatto", "-c", declaration, "--json")
    assert result.exit_code == 2
    assert "wakato_ferry" in json.loads(result.stdout)["error"]


@pytest.mark.parametrize("command", ["check", "diff", "export", "renew"])
def test_a_zip_that_is_none_is_one_line_with_a_remedy(run, tmp_path, command):
    path = tmp_path / "feed.zip"
    path.write_bytes(b"no zip")
    more = {"diff": [path], "export": ["-o", tmp_path], "renew": ["-o", tmp_path / "new.zip"]}
    result = run(command, path, *more.get(command, []), "--json")
    assert result.exit_code == 1
    [finding] = json.loads(result.stdout)["findings"]
    assert (finding["code"], finding["file"]) == ("feed-unreadable", path.as_posix())


def test_a_zip_that_is_not_there_is_told_in_the_same_words(run, tmp_path):
    result = run("check", tmp_path / "feed.zip", "--json")
    assert [f["code"] for f in json.loads(result.stdout)["findings"]] == ["feed-unreadable"]


def test_a_declaration_without_feeds_says_so(run, declaration):
    document = YAML(typ="safe").load(declaration.read_text(encoding="utf-8"))
    del document["feeds"]
    with declaration.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
    assert "no-feeds-declared" in run("build", "-c", declaration).stderr


def test_inspect_proposes_what_the_sample_declares(run, root, sample_declaration):
    result = run("inspect", root / "data/sample/transit/wakato.xlsx")
    assert result.exit_code == 0
    [proposed] = YAML(typ="safe").load(result.stdout)["timetables"]
    [declared] = sample_declaration["wakato_ferry"]["timetables"]
    assert [dict(t) for t in proposed["tables"]] == declared["tables"]


def test_inspect_lists_what_a_person_must_still_say(run, write_book, tmp_path):
    rows = [
        ["", "1便", "2便"],
        ["記号", "", "★"],
        ["市役所前", "9:00", "10:00"],
        ["病院", "9:05", "10:05"],
        ["駅前", "9:20", "10:20"],
    ]
    write_book({"平日": rows})
    document = json.loads(run("inspect", tmp_path / "book.xlsx", "--json").stdout)
    assert document["marks"] == ["★"]
    assert document["stop_names"] == ["市役所前", "病院", "駅前"]
    assert document["tables"] == [
        {
            "sheet": "平日",
            "times": "B3:C5",
            "stops": "A",
            "trip_names": "1",
            "marks": ["2"],
            "day_type": "weekday",
            "direction": 0,
        }
    ]


def test_inspect_sees_the_transpose(run, write_book, tmp_path):
    rows = [
        ["", "市役所前", "病院", "駅前"],
        ["1便", "9:00", "9:05", "9:20"],
        ["2便", "10:00", "10:05", "10:20"],
    ]
    write_book({"土日祝": rows})
    [table] = json.loads(run("inspect", tmp_path / "book.xlsx", "--json").stdout)["tables"]
    assert (table["trips"], table["stops"], table["times"]) == ("down", "1", "B2:D3")


def test_inspect_proposes_demand_where_cells_are_windows(run, root):
    result = run("inspect", root / "data/sample/transit/takatoyama_odekake.xlsx")
    [table] = YAML(typ="safe").load(result.stdout)["demand"]["tables"]
    assert (table["times"], table["stops"], table["trip_names"]) == ("C5:E10", "B", "4")


def test_a_workbook_without_a_timetable_is_exit_1(run, write_book, tmp_path):
    write_book({"名簿": [["氏名", "電話"], ["山田", "090"]]})
    result = run("inspect", tmp_path / "book.xlsx")
    assert result.exit_code == 1
    assert "no-timetable-found" in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_no_workbook_is_one_line(run, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(b"not a workbook")
    result = run("inspect", tmp_path / "book.xlsx", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"][0]["code"] == "source-unreadable"


def test_diff_of_a_feed_with_itself_is_nothing(run, declaration, tmp_path):
    run("build", "-c", declaration, "-o", tmp_path)
    path = tmp_path / "wakato_ferry.zip"
    assert json.loads(run("diff", path, path, "--json").stdout)["changes"] == []


def test_export_gives_the_workbook_of_a_feed(run, declaration, tmp_path):
    run("build", "-c", declaration, "-o", tmp_path)
    out = tmp_path / "exported"
    result = run("export", tmp_path / "wakato_ferry.zip", "-o", out, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["findings"] == []
    assert {p.name for p in out.iterdir()} == {"timetable.xlsx", "feed.yaml"}


def test_an_exported_feed_is_built_by_including_it_where_it_lies(run, declaration, tmp_path):
    run("build", "-c", declaration, "-o", tmp_path)
    run("export", tmp_path / "wakato_ferry.zip", "-o", tmp_path / "saved", "-c", declaration)
    document = YAML(typ="safe").load(declaration.read_text(encoding="utf-8"))
    del document["feeds"]
    document["include"] = ["saved/feed.yaml"]
    with declaration.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
    result = run("build", "-c", declaration, "-o", tmp_path / "again", "--json")
    assert result.exit_code == 0, result.output
    zips = [tmp_path / "wakato_ferry.zip", tmp_path / "again/wakato_ferry.zip"]
    changes = json.loads(run("diff", *zips, "--json").stdout)["changes"]
    assert [change["area"] for change in changes if change["area"] != "stop"] == []


def test_an_operator_without_a_corporate_number_is_told_when_exporting(run, declaration, tmp_path):
    run("build", "-c", declaration, "-o", tmp_path)
    feed = read_feed(tmp_path / "wakato_ferry.zip").feed
    rename(feed, "agency", {"8000020401005": "ferry"})
    write_zip(feed, tmp_path / "other.zip")
    result = run("export", tmp_path / "other.zip", "-o", tmp_path / "saved", "--json")
    found = [(f["code"], f["value"]) for f in json.loads(result.stdout)["findings"]]
    assert found == [("export-no-corporate-number", "ferry")]


def test_a_feed_on_demand_alone_has_no_timetable_to_export(
    run, root, tmp_path, sample_declaration, publisher
):
    feed = Feed.model_validate(sample_declaration["takatoyama_odekake"])
    built = build_feed("takatoyama_odekake", feed, root=root, publisher=publisher)
    write_zip(built.tables, tmp_path / "odekake.zip")
    result = run("export", tmp_path / "odekake.zip", "-o", tmp_path / "saved", "--json")
    assert result.exit_code == 1
    codes = {f["code"] for f in json.loads(result.stdout)["findings"]}
    assert codes == {"export-on-demand", "export-empty"}
