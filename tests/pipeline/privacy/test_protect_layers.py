"""Layers of counts: what is too small is merged, suppressed or rounded from end to end."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from pipeline.config.disclosure import Disclosure
from pipeline.errors import DeclarationError
from pipeline.privacy.layout import TOTAL, Layout
from pipeline.privacy.protect import protect_counts

EAST, NORTH = 130.8203125, 33.9010417
"""A corner of the 250 m grid near Tobata, and the steps to the next cells."""
STEP = (0.003125, 0.0020833333)


def _houses(counts: dict[tuple[int, int], dict[str, int]]) -> list[tuple[str, float, float]]:
    rows = []
    for (column, row), uses in counts.items():
        x, y = EAST + (column + 0.5) * STEP[0], NORTH + (row + 0.5) * STEP[1]
        rows += [(use, x, y) for use, count in uses.items() for _ in range(count)]
    return rows


SMALL = {
    (0, 0): {"住宅": 30, "商店": 3},
    (1, 0): {"住宅": 25, "商店": 14},
    (0, 1): {"住宅": 18, "商店": 12},
    (1, 1): {"住宅": 40, "商店": 22},
    (2, 0): {"住宅": 13, "商店": 21},
    (2, 1): {"住宅": 15, "商店": 11},
}


@pytest.fixture
def survey(project):
    def declare(counts, *, classes=True, **privacy):
        project.layer("buildings", rows=_houses(counts))
        ledger = project.declared["layers"].pop("buildings")
        project.declared["records"] = {"all": {"sources": ledger["sources"]}}
        made = {"records": "all", "operation": "zones", "mesh": "250m"}
        made["measures"] = {"count": {"kind": "count"}}
        publish = ["mesh_code", "count"]
        if classes:
            made["classes"] = {"field": "name", "groups": {"house": ["住宅"]}, "rest": "shop"}
            publish += ["count_house", "count_shop"]
        project.declared["layers"]["use"] = {
            "title": {"ja": "用途"},
            "from": made,
            "privacy": {"publish": publish} | privacy,
            "outputs": ["geojson", "csv"],
        }
        return project

    return declare


def served(project):
    folder = project.releases / (project.releases / "current").readlink()
    text = (folder / "layers/use/use.geojson").read_text("utf-8")
    return [f["properties"] for f in json.loads(text)["features"]]


def test_a_small_number_and_what_would_give_it_away_are_suppressed(survey):
    result = (project := survey(SMALL, min_count=10, remedy="suppress")).build()
    assert not result.failed, result.failed
    rows = served(project)
    assert all(p["count_shop"] != 3 for p in rows)
    hidden = [p for p in rows if p["count_shop"] is None or p["count_house"] is None]
    assert len(hidden) >= 2
    assert all(p["suppressed"] is True for p in hidden)
    assert len(rows) == len(SMALL)
    assert all(v != 0 for p in hidden for v in p.values() if not isinstance(v, bool))


def test_a_small_area_is_put_into_a_neighbour_that_says_so(survey):
    few = {(0, 0): {"住宅": 4}, (1, 0): {"住宅": 20}, (0, 1): {"住宅": 15}}
    project = survey(few, classes=False, min_count=10, remedy="merge")
    assert not project.build().failed
    rows = {p["mesh_code"]: p for p in served(project)}
    (member,) = [p for p in rows.values() if p["merge_treatment"] == 2]
    host = rows[member["merged_into"]]
    assert host["merge_treatment"] == 1
    assert host["merged_from"] == member["mesh_code"]
    assert member["count"] is None
    assert sum(p["count"] or 0 for p in rows.values()) == 39


def test_rounded_counts_still_add_up(survey):
    project = survey(SMALL, min_count=10, remedy="round", base=5)
    assert not project.build().failed
    for p in served(project):
        assert p["count"] == p["count_house"] + p["count_shop"]
        assert p["count"] % 5 == 0


def test_a_layer_that_counts_nothing_has_nothing_to_protect(project):
    project.layer("parks")
    project.declared["layers"]["parks"]["privacy"]["min_count"] = 10
    result = project.build()
    assert {f.code for o in result.failed for f in o.findings} == {"disclosure-uncounted"}


def test_a_base_belongs_to_rounding(survey):
    with pytest.raises(DeclarationError, match="round"):
        survey(SMALL, remedy="suppress", base=3).build()


def test_a_layer_of_records_says_how_few_of_them_may_be_told_of(survey):
    with pytest.raises(DeclarationError) as refused:
        survey(SMALL).build()
    assert [f.code for f in refused.value.findings] == ["records-unprotected"]


def test_every_record_may_be_shown_where_that_is_said(survey):
    assert not (project := survey(SMALL, min_count=1)).build().failed
    assert 3 in [row["count_shop"] for row in served(project)]


def test_a_part_of_a_record_is_hidden_where_the_count_is_none():
    frame = pd.DataFrame(
        {
            "mesh_code": ["5030675011", "5030675012", "5030675013"],
            "count": pd.array([20, 0, 0], dtype="Int64"),
            "floor": [900.0, 12.5, 0.0],
        }
    )
    layout = Layout("count", beside={"floor": TOTAL}, sums=("floor",), zones="mesh")
    made = protect_counts(frame, layout, ("mesh_code",), Disclosure(min_count=10), "layers.use")
    assert made.frame["floor"].isna().tolist() == [False, True, False]
    assert made.frame["suppressed"].tolist() == [False, True, False]
    assert [f.code for f in made.findings] == ["disclosure-parts"]
