"""Sums that few make up: hidden, not computable, and who makes them up stays inside."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipeline.config.disclosure import Disclosure
from pipeline.derive.contributions import largest
from pipeline.errors import DeclarationError
from pipeline.privacy.layout import TOTAL, Layout, contribution_column
from pipeline.privacy.protect import protect_counts

CLASSES = ("house", "shop", "plant")
PARTS = st.tuples(
    st.integers(0, 3), st.integers(0, 2), st.integers(0, 6), st.integers(0, 40).map(float)
)
"""Zone, class, contributor and value of a record."""


def naive(records, most):
    owners = defaultdict(lambda: defaultdict(float))
    for cell, whose, value in records:
        owners[cell][whose] += value
    return {c: (sorted(o.values(), reverse=True) + [0.0] * most)[:most] for c, o in owners.items()}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 99).map(float))))
def test_the_largest_contributions_are_those_of_owners_not_of_records(records):
    cell, whose, value = (np.array([r[i] for r in records]) for i in range(3))
    made = largest(value.astype(float), cell.astype(int), whose.astype(int), 6, 3)
    expected = naive(records, 3)
    assert made.tolist() == [expected.get(c, [0.0] * 3) for c in range(6)]


def table_of(records, most):
    """Return a table of zones with floor area by class, and its largest contributions."""
    zones = sorted({r[0] for r in records})
    table = pd.DataFrame({"municipality_code": "401005", "zone": [f"z{z}" for z in zones]})

    def put(name, chosen):
        of = [[r for r in records if r[0] == z and chosen(r)] for z in zones]
        table[f"n{name}"] = pd.array([len(rows) for rows in of], "Int64")
        table[f"area{name}"] = pd.array([sum(r[3] for r in rows) for rows in of], "Float64")
        tops = [naive([(0, r[2], r[3]) for r in rows], most).get(0, [0.0] * most) for rows in of]
        for rank in range(most):
            column = contribution_column(f"area{name}", rank)
            table[column] = [top[rank] for top in tops]

    for number, group in enumerate(CLASSES):
        put(f"_{group}", lambda r, number=number: r[1] == number)
    put("", lambda r: True)
    return table


LAYOUT = Layout(
    "n",
    {group: f"n_{group}" for group in CLASSES},
    beside={f"area_{g}": g for g in CLASSES} | {"area": TOTAL},
    sums=(*(f"area_{g}" for g in CLASSES), "area"),
    values={"area": {g: f"area_{g}" for g in CLASSES} | {TOTAL: "area"}},
)


def reach(published, zone, column):
    """Return the least and the most a hidden sum of a zone can be, by its row of the table."""
    columns = LAYOUT.values["area"].values()
    known = {c: published.loc[zone, c] for c in columns}
    hidden = [c for c, value in known.items() if pd.isna(value)]
    equation = [(-1.0 if c == "area" else 1.0) for c in hidden]
    shown = sum((-1 if c == "area" else 1) * v for c, v in known.items() if c not in hidden)
    goal = np.array([1.0 if c == column else 0.0 for c in hidden])
    ends = []
    for sign in (1, -1):
        found = linprog(sign * goal, A_eq=[equation], b_eq=[-float(shown)], bounds=(0, None))
        ends.append(np.inf if found.status == 3 else sign * found.fun)
    return ends


def levels(row, column, rules):
    """Return how far from the truth an outsider must stay, by the rules themselves."""
    total = row[column]
    tops = [row[contribution_column(column, rank)] for rank in range(rules.largest)]
    asked = [0.0]
    if rules.dominance and sum(tops[: rules.dominance.n]) > rules.dominance.k / 100 * total:
        asked.append(100 / rules.dominance.k * sum(tops[: rules.dominance.n]) - total)
    if rules.p_percent:
        asked.append(rules.p_percent / 100 * tops[0] - (total - tops[0] - tops[1]))
    return max(asked) if tops[0] > 0 else 0.0


RULES = [
    {"dominance": {"n": 1, "k": 70}},
    {"dominance": {"n": 2, "k": 85}},
    {"p_percent": 20},
    {"dominance": {"n": 1, "k": 75}, "p_percent": 15, "min_count": 3},
]


@pytest.mark.parametrize("declared", RULES, ids=["n1", "n2", "p", "all"])
@given(records=st.lists(PARTS, min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_no_sum_under_a_rule_is_shown_or_can_be_computed(declared, records):
    rules = Disclosure(**({"min_count": 1} | declared))
    table = table_of(records, rules.largest)
    made = protect_counts(table, LAYOUT, ("zone",), rules, "layers.x")
    if {f.code for f in made.findings} & {"disclosure-impossible"}:
        assert len(made.frame) == 0
        return
    for zone, row in table.iterrows():
        for column in LAYOUT.values["area"].values():
            level = levels(row, column, rules)
            if level <= 1e-9:
                continue
            assert pd.isna(made.frame.loc[zone, column]), (column, level)
            assert made.frame.loc[zone, "suppressed"]
            least, most = reach(made.frame, zone, column)
            assert least <= row[column] - level + 1e-4 or least <= 1e-4
            assert most >= row[column] + level - 1e-4


@given(records=st.lists(PARTS, min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_sums_of_many_equal_contributors_are_shown(records):
    """Under a rule that nobody breaks, all is published as it is."""
    wide = [(z, c, 100 + i, 10.0) for z, c, *_ in records for i in range(9)]
    rules = Disclosure(min_count=1, dominance={"n": 1, "k": 70}, p_percent=10)
    table = table_of(wide, rules.largest)
    made = protect_counts(table, LAYOUT, ("zone",), rules, "layers.x")
    assert not made.frame["suppressed"].any()
    columns = [*LAYOUT.columns.values(), *LAYOUT.beside]
    pd.testing.assert_frame_equal(made.frame[columns], table[columns])


def test_what_is_made_of_a_hidden_sum_is_hidden_with_it():
    records = [(0, 0, 1, 90.0), (0, 0, 2, 5.0), (0, 1, 3, 40.0), (0, 1, 4, 40.0), (0, 1, 5, 40.0)]
    table = table_of(records, 1).assign(
        share_house=0.44, share_shop=0.56, share_plant=0.0, density=1.5, people=3
    )
    related = {f"share_{g}": ("area",) for g in CLASSES} | {"density": ("area",)}
    beside = (
        LAYOUT.beside | {f"share_{g}": g for g in CLASSES} | {"density": TOTAL, "people": TOTAL}
    )
    layout = Layout(**{**vars(LAYOUT), "related": related, "beside": beside})
    rules = Disclosure(min_count=1, dominance={"n": 1, "k": 75})
    (row,) = protect_counts(table, layout, ("zone",), rules, "layers.x").frame.to_dict("records")
    assert pd.isna(row["area_house"])
    assert pd.isna(row["share_house"])
    assert row["n_house"] == 2
    assert row["people"] == 3
    hidden = {g for g in CLASSES if pd.isna(row[f"area_{g}"])}
    assert len(hidden) > 1 or pd.isna(row["area"]), "one alone is the total less the rest"
    assert {g for g in CLASSES if pd.isna(row[f"share_{g}"])} >= hidden
    assert not pd.isna(row["area"]) or pd.isna(row["density"])


# ---- from end to end

EAST, NORTH = 130.8203125, 33.9010417
LEDGER = [("甲社", 900), ("甲社", 50), ("乙", 20), ("丙", 20), ("丁", 10)]


@pytest.fixture
def factories(project):
    """Declare floor area by cell of 250 m: in one of two cells a company owns nearly all."""
    project.layer("factories")
    ledger = project.declared["layers"].pop("factories")
    rows = [f"{whose},{area},{EAST + 0.001},{NORTH + 0.001}" for whose, area in LEDGER]
    rows += [f"戊{i},100,{EAST + 0.004},{NORTH + 0.001}" for i in range(8)]
    text = "\n".join(["所有者,延床面積,経度,緯度", *rows, ""])
    project.ledger("factories").write_text(text, encoding="cp932")
    ledger["sources"][0]["fields"] = {"所有者": "owner", "延床面積": "area"}
    area = {"title": {"ja": "延床面積"}, "type": "number"}
    project.declared["records"] = {"all": {"sources": ledger["sources"], "fields": {"area": area}}}
    measures = {
        "count": {"kind": "count"},
        "floor": {"kind": "sum", "of": "area"},
        "density": {"kind": "density", "of": "floor"},
    }
    project.declared["layers"]["use"] = {
        "title": {"ja": "延床面積"},
        "from": {"records": "all", "operation": "zones", "mesh": "250m", "measures": measures},
        "privacy": {
            "publish": ["mesh_code", "count", "floor", "density"],
            "min_count": 3, "dominance": {"n": 1, "k": 75}, "contributor": "owner",
        },
        "outputs": ["geojson", "csv"],
    }  # fmt: skip
    return project


def release(project):
    return project.releases / (project.releases / "current").readlink()


def served(project):
    text = (release(project) / "layers/use/use.geojson").read_text("utf-8")
    return {f["properties"]["mesh_code"]: f["properties"] for f in json.loads(text)["features"]}


def test_the_sum_one_owner_makes_up_is_hidden_and_its_count_is_not(factories):
    result = factories.build()
    assert not result.failed, result.failed
    rows = sorted(served(factories).values(), key=lambda row: row["count"])
    assert [row["count"] for row in rows] == [5, 8]
    assert (rows[0]["floor"], rows[0]["density"], rows[0]["suppressed"]) == (None, None, True)
    (outcome,) = result.outcomes
    assert "disclosure-sums" in {f.code for f in outcome.findings}


def test_without_the_owner_no_record_dominates(factories):
    """The largest record alone has 900 of 1000: over 75 %; two records of 500 would not be."""
    text = factories.ledger("factories").read_text("cp932")
    factories.ledger("factories").write_text(
        text.replace("甲社,900", "甲社,500").replace("甲社,50,", "甲社,450,"), encoding="cp932"
    )
    del factories.declared["layers"]["use"]["privacy"]["contributor"]
    factories.build()
    assert [r["floor"] for r in served(factories).values()] != [None, None]
    assert None not in [r["floor"] for r in served(factories).values()]
    factories.declared["layers"]["use"]["privacy"]["contributor"] = "owner"
    factories.build()
    assert None in [r["floor"] for r in served(factories).values()]


def test_nothing_of_owners_and_contributions_is_in_the_release(factories):
    factories.build()
    for path in release(factories).rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            for word in ("owner", "甲社", "\x1f0", "900"):
                assert word.encode() not in raw or (word == "900" and path.suffix != ".csv"), path


@pytest.mark.parametrize(
    ("privacy", "code"),
    [
        ({"dominance": {"n": 1, "k": 75}, "remedy": "merge"}, "disclosure-other-remedy"),
        ({"p_percent": 10, "remedy": "round"}, "disclosure-other-remedy"),
        ({"contributor": "owner", "min_count": 3}, "contributor-of-nothing"),
        ({"dominance": {"n": 0, "k": 75}}, ""),
        ({"dominance": {"n": 1, "k": 100}}, ""),
    ],
)
def test_rules_that_cannot_be_are_refused(factories, privacy, code):
    declared = factories.declared["layers"]["use"]["privacy"]
    factories.declared["layers"]["use"]["privacy"] = {"publish": declared["publish"]} | privacy
    with pytest.raises(DeclarationError) as caught:
        factories.build()
    assert not code or code in {f.code for f in caught.value.findings}


def test_negative_parts_and_tables_without_sums_are_refused(factories):
    text = factories.ledger("factories").read_text("cp932")
    factories.ledger("factories").write_text(text.replace("乙,20", "乙,-20"), encoding="cp932")
    (outcome,) = factories.build().failed
    assert "contribution-negative" in {f.code for f in (*outcome.findings, *outcome.inside)}
    made = factories.declared["layers"]["use"]["from"]
    made["measures"] = {"count": {"kind": "count"}}
    factories.declared["layers"]["use"]["privacy"]["publish"] = ["mesh_code", "count"]
    (outcome,) = factories.build().failed
    assert "dominance-without-sums" in {f.code for f in outcome.findings}
