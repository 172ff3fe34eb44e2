"""What is another in a layer: every difference listed, none invented, and shown on a map."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from pipeline.check.change_map import MOST_MARKS, draw
from pipeline.check.changes import Comparison
from pipeline.check.differences import differences
from pipeline.check.told import words, write_table
from pipeline.standardise.columns import Field

FIELDS = (Field("name", "名称", "Name", "string"), Field("area", "面積", "Area", "number"))
NAMES = {"401005": ("北九州市", "Kitakyushu"), "352012": ("下関市", "Shimonoseki")}
TITLES = {"name": ("名称", "Name"), "area": ("面積", "Area")}


def version(rows):
    """Return a layer of ``(id, code, name, area, lon)``."""
    ids, codes, names, areas, lons = zip(*rows, strict=True) if rows else [()] * 5
    return gpd.GeoDataFrame(
        {
            "id": np.array(ids, np.int64),
            "municipality_code": pd.Series(codes, dtype=object),
            "name": pd.Series(names, dtype=object),
            "area": pd.array(areas, dtype="Float64"),
        },
        geometry=[Point(lon, 33.9) for lon in lons],
        crs="EPSG:6668",
    )


def compared(before, after):
    return Comparison(version(before), version(after), "parks", (), FIELDS, {}, meant=True)


def kinds(found):
    return {kind: sum(of.values()) for kind, of in found.counts.items()}


OLD = [(1, "401005", "夜宮公園", 100, 130.80), (2, "401005", "中央公園", 200, 130.81)]


def test_each_kind_is_told_apart_and_counted_by_town():
    new = [(1, "401005", "夜宮公園", 120, 130.80), (3, "352012", "火の山公園", 5, 130.95)]
    found = differences(compared(OLD, new))
    assert found.counts == {
        "added": {"352012": 1}, "removed": {"401005": 1}, "changed": {"401005": 1},
    }  # fmt: skip
    (changed,) = found.rows[found.rows["kind"] == "changed"].itertuples()
    assert (changed.field, changed.was, changed.now) == ("area", "100", "120")
    said = words(found, NAMES, TITLES)
    assert [line["ja"] for line in said] == [
        "追加 1 件（下関市 1）", "削除 1 件（北九州市 1）", "変更 1 件（北九州市 1）",
        "変わった項目：面積 1",
    ]  # fmt: skip
    assert "Shimonoseki 1" in said[0]["en"]


def test_a_feature_that_moved_and_changed_counts_under_both_and_once_each():
    new = [(1, "401005", "夜宮公園（新）", 120, 130.81), OLD[1]]
    found = differences(compared(OLD, new))
    assert kinds(found) == {"changed": 1, "moved": 1}
    assert found.fields == {"name": 1, "area": 1}
    (moved,) = found.rows[found.rows["kind"] == "moved"].itertuples()
    assert moved.metres == pytest.approx(923, abs=2)


def test_equal_versions_have_no_difference_and_say_so():
    found = differences(compared(OLD, OLD))
    assert (len(found.rows), draw(compared(OLD, OLD), found, ("公園", "Parks"))) == (0, "")
    assert words(found, NAMES, TITLES)[0]["en"] == "It is the same as the served version."


def test_other_ids_alone_are_no_change_of_a_feature():
    new = [(id_ + 70, *rest) for id_, *rest in OLD]
    assert kinds(differences(compared(OLD, new))) == {"renumbered": 2}


ROW = st.tuples(
    st.sampled_from(["401005", "352012"]),
    st.sampled_from(["甲", "乙", "=丙", ""]),
    st.none() | st.integers(0, 3),
    st.integers(0, 3).map(lambda step: 130 + step / 100),
)
VERSION = st.dictionaries(st.integers(1, 9), ROW, max_size=9).map(
    lambda rows: [(id_, *row) for id_, row in rows.items()]
)


def text(cell):
    return "" if pd.isna(cell) else f"{cell:g}"


@given(VERSION, VERSION)
@settings(max_examples=150, deadline=None)
def test_the_differences_applied_to_the_old_version_give_the_new_one(old, new):
    both = compared(old, new)
    found = differences(both)
    state = {
        at: [str(code), str(name), text(area), lon]
        for at, (_, code, name, area, lon) in enumerate(old)
    }
    arrived = dict(zip(found.matched.after.tolist(), found.matched.before.tolist(), strict=True))
    position = {"municipality_code": 0, "name": 1, "area": 2}
    for row in found.rows.itertuples():
        if row.kind == "removed":
            del state[row.before]
        elif row.kind == "changed":
            assert state[row.before][position[row.field]] == row.was
            state[row.before][position[row.field]] = row.now
        elif row.kind == "moved":
            state[row.before][3] = both.after.geometry.iloc[row.after].x
        elif row.kind == "added":
            _, code, name, area, lon = new[row.after]
            arrived[row.after] = state_key = f"new {row.after}"
            state[state_key] = [str(code), str(name), text(area), lon]
    result = [state[arrived[at]] for at in range(len(new))]
    assert result == [[str(c), str(n), text(a), lon] for _, c, n, a, lon in new]
    assert len(state) == len(new)


def test_the_table_opens_in_a_spreadsheet_and_runs_no_formula(tmp_path):
    both = compared(OLD, [(1, "401005", "=1+1", 100, 130.80), OLD[1]])
    write_table(tmp_path / "c.csv", both, differences(both), NAMES)
    raw = (tmp_path / "c.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(raw.decode("utf-8-sig").splitlines())
    assert row["違い kind"] == "変更 changed"
    assert (row["項目 field"], row["前 before"], row["後 after"]) == (
        "名称 name", "夜宮公園", "'=1+1",
    )  # fmt: skip


def test_the_map_is_a_picture_with_words_and_bounded(tmp_path):
    many = [(i, "401005", f"園{i}", 1, 130 + i / 1e4) for i in range(MOST_MARKS + 500)]
    both = compared(many, [])
    drawn = draw(both, differences(both), ("公園 <&>", "Parks"))
    svg = ET.fromstring(re.search(r"<svg.*</svg>", drawn)[0])
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "公園 <&> の違い：削除 1,500。 Parks: 1,500 removed."
    assert drawn.count("m-5 -5") == MOST_MARKS
    assert f"{MOST_MARKS:,} 件まで" in drawn
    assert len(drawn) < 100_000
    assert re.search(r">\d+ k?m</text>", drawn)


def test_a_table_without_places_is_compared_too():
    without = compared(OLD, [(1, "401005", "夜宮公園", 1, 130.8)])
    for frame in (without.before, without.after):
        frame.geometry = gpd.GeoSeries([None] * len(frame), crs="EPSG:6668")
    found = differences(without)
    assert kinds(found) == {"removed": 1, "changed": 1}
    assert draw(without, found, ("表", "Table")) == ""


# ---- as the planner meets it


@pytest.fixture
def parks(project):
    project.layer(
        "parks",
        fields={"name": {"title": {"ja": "名称"}}, "tel": {"title": {"ja": "電話"}}},
        privacy={"publish": ["name"]},
    )
    project.declared["layers"]["parks"]["sources"][0]["fields"]["電話"] = "tel"

    def ledger(*rows):
        lines = [f"{name},{tel},{lon},33.9" for name, tel, lon in rows]
        text = "\n".join(["名称,電話,経度,緯度", *lines, ""])
        project.ledger("parks").write_text(text, encoding="cp932")

    project.rows = ledger
    ledger(*((f"公園{i}", "093-1", 130.8 + i / 100) for i in range(10)))
    assert not project.build().failed
    return project


def served(project):
    return project.releases / (project.releases / "current").readlink()


def test_the_report_of_the_office_lists_what_is_another_and_the_release_only_counts(parks):
    parks.rows(
        ("岬公園", "093-2", 130.8), *((f"公園{i}", "", 130.8 + i / 100) for i in range(1, 10))
    )
    (outcome,) = parks.build().outcomes
    assert outcome.status == "built"
    table = (parks.office() / "changes/parks.csv").read_text("utf-8-sig")
    assert "岬公園" in table
    page = (parks.office() / "report.html").read_text("utf-8")
    assert "<svg" in page
    assert "changes/parks.csv" in page
    public = (served(parks) / "report.html").read_text("utf-8")
    assert "変更 1 件（北九州市 1）" in public
    assert "<svg" not in public
    assert not (served(parks) / "changes").exists()
    entry = json.loads((served(parks) / "manifest.json").read_text("utf-8"))["layers"]["parks"]
    assert entry["difference"][0]["en"].startswith("1 changed")
    for path in (parks.office() / "changes").iterdir():
        assert "093-" not in path.read_text("utf-8-sig"), "what is not published is not compared"


def test_a_version_that_was_stopped_is_listed_for_the_office_and_told_to_nobody_else(parks):
    parks.rows(("公園0", "", 130.8))
    (outcome,) = parks.build(accept=False).outcomes
    assert outcome.status == "kept"
    table = (parks.office() / "changes/parks.csv").read_text("utf-8-sig")
    assert table.count("削除 removed") == 9
    assert "削除 9 件" in (parks.office() / "report.html").read_text("utf-8")
    assert "削除 9 件" not in (served(parks) / "report.html").read_text("utf-8")


def test_what_has_not_changed_is_not_told_again(parks):
    parks.rows(*((f"公園{i}", "", 130.8 + i / 100) for i in range(9)))
    parks.build()
    parks.declared["layers"]["parks"]["title"] = {"ja": "都市公園"}
    (outcome,) = parks.build().outcomes
    assert outcome.changes is None
    assert "difference" not in outcome.entry
