"""A share beside its count tells the whole: then no count of the whole may be hidden alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.disclosure import Disclosure
from pipeline.privacy.audit.intervals import narrow
from pipeline.privacy.audit.knowledge import Knowledge, Table
from pipeline.privacy.layout import Layout, contribution_column, described
from pipeline.privacy.protect import protect_counts

LAYOUT = Layout(
    "parcels",
    per=("year", "use"),
    beside={"share": "*"},
    shares={"share": ("parcels", ("use",))},
)
USES = ["住宅", "商業", "工業", "田", "畑"]


def table(counts):
    """Return ``{(town, year): [parcels by use]}`` as a table with the share of each use."""
    rows = [
        (town, year, use, count, round(count / sum(of), 6) if sum(of) else None)
        for (town, year), of in counts.items()
        for use, count in zip(USES, of, strict=False)
        if count
    ]
    frame = pd.DataFrame(rows, columns=["municipality_code", "year", "use", "parcels", "share"])
    return frame.astype({"parcels": "Int64", "share": "Float64"})


def protected(frame, layout=LAYOUT, k=10):
    rules = Disclosure(min_count=k, remedy="suppress")
    return protect_counts(frame, layout, ("municipality_code",), rules, "layers.x")


def derived(frame):
    """Reckon as an outsider: the whole from one share, and what one hidden count must then be."""
    found = {}
    for key, group in frame.groupby(["municipality_code", "year"]):
        known = group.dropna(subset=["parcels", "share"])
        known = known[known["share"] > 0]
        hidden = group[group["parcels"].isna()]
        if len(known) and len(hidden) == 1:
            whole = round(float(known["parcels"].iloc[0]) / float(known["share"].iloc[0]))
            found[*key, hidden["use"].iloc[0]] = whole - int(group["parcels"].sum())
    return found


def test_the_leak_that_was_11_of_0_152778_is_closed():
    frame = table({("401005", "R4"): [11, 30, 20, 8, 3]})
    frame = frame[frame["use"] != "畑"].reset_index(drop=True)
    naive = frame.copy()
    naive.loc[naive["parcels"] < 10, ["parcels", "share"]] = pd.NA
    assert derived(naive)
    assert derived(protected(frame).frame) == {}


COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["401005", "352012"]), st.sampled_from(["H29", "R4"])),
    st.lists(st.integers(0, 30), min_size=1, max_size=5),
    min_size=1,
)


@given(COUNTS)
@settings(max_examples=80, deadline=None)
def test_no_small_count_can_be_computed_from_shares(counts):
    frame = table(counts)
    made = protected(frame)
    if {f.code for f in made.findings} & {"disclosure-impossible"}:
        return
    assert derived(made.frame) == {}
    kept = made.frame.merge(frame, on=["municipality_code", "year", "use"], suffixes=("", "_true"))
    shown = kept["parcels"].notna()
    assert (kept["parcels_true"][shown] >= 10).all()
    assert (kept["share"].notna() <= shown).all()
    assert not kept["suppressed"][shown & kept["share"].notna()].any()


@given(COUNTS)
@settings(max_examples=40, deadline=None)
def test_the_audit_knows_the_whole_and_passes_what_is_protected(counts):
    frame = table(counts)
    made = protected(frame)
    if {f.code for f in made.findings} & {"disclosure-impossible"} or made.frame.empty:
        return
    assert not narrowed(made.frame, made.described)


def narrowed(frame, told):
    said = described(LAYOUT, ("municipality_code",), "records 0", "0" * 16)
    knowledge = Knowledge()
    knowledge.learn(Table("r", "x", said | told, frame))
    found = narrow(knowledge)
    return {n: ends for n, ends in found.items() if ends[0] < knowledge.targets[n].fewest}


def test_the_audit_finds_a_count_that_a_share_tells():
    frame = table({("401005", "R4"): [40, 30, 20, 8]})
    frame.loc[frame["parcels"] < 10, ["parcels", "share"]] = pd.NA
    told = {"fewest": 10, "width": 10.0, "remedy": "suppress"}
    (ends,) = narrowed(frame, told).values()
    assert ends[0] == pytest.approx(8)
    assert narrowed(frame.assign(share=pd.NA), told) == {}, "without shares nobody knows the whole"


def test_shares_over_other_fields_are_emptied_where_anything_is_hidden():
    """Two kinds of wholes at once are not reckoned with: then no share stands by a hidden count."""
    shares = {"share": ("parcels", ("use",)), "of_years": ("parcels", ("year",))}
    layout = Layout(**vars(LAYOUT) | {"shares": shares, "beside": {"share": "*", "of_years": "*"}})
    frame = table({("401005", "H29"): [40, 30, 4], ("401005", "R4"): [40, 30, 20]})
    frame["of_years"] = frame["share"]
    made = protected(frame, layout).frame
    hidden = made[made["parcels"].isna()]
    for year in hidden["year"].unique():
        assert made.loc[made["year"] == year, "share"].isna().all()
    for use in hidden["use"].unique():
        assert made.loc[made["use"] == use, "of_years"].isna().all()


def test_where_nothing_is_small_every_share_stays():
    frame = table({("401005", "R4"): [40, 30, 20], ("352012", "R4"): [12, 13, 14]})
    made = protected(frame).frame
    assert made["share"].notna().all()
    assert np.array_equal(made["share"].to_numpy(float), frame["share"].to_numpy(float))


def test_shares_of_sums_tell_wholes_too():
    """One owner has nearly all floor area of one use; its sum must not follow from shares."""
    frame = pd.DataFrame(
        {
            "municipality_code": "401005", "use": USES[:4], "parcels": [20, 20, 20, 20],
            "area": [1000.0, 800.0, 900.0, 700.0],
        }
    )  # fmt: skip
    frame["share"] = (frame["area"] / frame["area"].sum()).round(6)
    frame[contribution_column("area", 0)] = [950.0, 50.0, 50.0, 50.0]
    layout = Layout(
        "parcels",
        per=("use",),
        beside={"area": "*", "share": "*"},
        sums=("area",),
        values={"area": {"*": "area"}},
        related={"share": ("area",)},
        shares={"share": ("area", ("use",))},
    )
    rules = Disclosure(min_count=1, dominance={"n": 1, "k": 75})
    typed = frame.astype({"parcels": "Int64", "area": "Float64", "share": "Float64"})
    made = protect_counts(typed, layout, ("municipality_code",), rules, "layers.x").frame
    assert made["parcels"].notna().all()
    assert pd.isna(made["area"].iloc[0])
    assert made["area"].isna().sum() >= 2 or made["share"].isna().all()
    assert (made["share"].notna() <= made["area"].notna()).all()
    assert (made["suppressed"] == made["area"].isna() | made["share"].isna()).all()
