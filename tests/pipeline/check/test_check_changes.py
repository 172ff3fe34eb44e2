"""A layer that loses, moves or empties much of what is served is stopped until it is meant."""

import pytest

from pipeline.progress import silent
from pipeline.run import check

TOTAL = 20
PARKS = [(f"公園{i:02}", 130.80 + i / 500, 33.88) for i in range(TOTAL)]


@pytest.fixture(params=["keyed", "by content"])
def parks(request, project):
    """Serve twenty parks, identified by a key or by their content; build again with others."""
    key = {"id": ["no"]} if request.param == "keyed" else {}
    project.layer(
        "parks",
        fields={
            "no": {"title": {"ja": "番号"}},
            "name": {"title": {"ja": "名称"}},
            "area": {"title": {"ja": "面積"}, "type": "number"},
        },
        privacy={"publish": ["no", "name", "area"]},
        **key,
    )

    def build(rows, area="100", **how):
        lines = [f"P-{name[-2:]},{name},{area},{lon},{lat}" for name, lon, lat in rows]
        text = "\n".join(["番号,名称,面積,経度,緯度", *lines, ""])
        project.ledger("parks").write_text(text, encoding="cp932")
        (outcome,) = project.build(**({"accept": False} | how)).outcomes
        return outcome, {f.code: f for f in outcome.findings if f.code.startswith("changes")}

    outcome, told = build(PARKS)
    assert (outcome.status, told) == ("built", {})
    return build


def test_a_fifth_may_go_without_a_word(parks):
    outcome, told = parks(PARKS[4:])
    assert (outcome.status, told) == ("built", {})


def test_more_than_a_fifth_is_stopped_and_named(parks):
    outcome, told = parks(PARKS[:15])
    finding = told["changes-gone"]
    assert (outcome.status, finding.severity, finding.count) == ("kept", "error", 5)
    assert "20 件が 15 件になり" in finding.message_ja
    assert "P-15 公園15" in finding.message_ja
    assert len(finding.places) == 5


def test_what_is_meant_is_published_and_still_told(parks):
    parks(PARKS[:15])
    outcome, told = parks(PARKS[:15], accept=True)
    assert (outcome.status, told["changes-gone"].severity) == ("built", "warning")
    outcome, told = parks(PARKS[:14])
    assert (outcome.status, told) == ("built", {}), "compared with what is served now"


def test_a_shift_of_the_datum_is_stopped_with_its_way(parks):
    shifted = [(name, lon - 0.0024, lat + 0.0033) for name, lon, lat in PARKS]
    outcome, told = parks(shifted)
    finding = told["changes-moved"]
    assert (outcome.status, finding.count) == ("kept", 20)
    assert list(told) == ["changes-moved"]
    assert "all to the north-west" in finding.message_en
    assert "429 m" in finding.message_ja


def test_a_correction_of_a_survey_is_none(parks):
    outcome, told = parks([(name, lon + 0.0001, lat) for name, lon, lat in PARKS])
    assert (outcome.status, told) == ("built", {})


def test_a_field_that_is_empty_now_is_stopped(parks):
    outcome, told = parks(PARKS, area="")
    finding = told["changes-emptied"]
    assert (outcome.status, finding.count) == ("kept", 20)
    assert "面積" in finding.field


def test_new_values_and_new_features_are_free(parks):
    more = [(f"公園{i}", 130.9, 33.80 + i / 500) for i in range(30, 60)]
    outcome, told = parks([*PARKS, *more])
    assert (outcome.status, told) == ("built", {})


def test_checking_says_the_same_as_building(parks, project):
    outcome, _ = parks(PARKS[:15])
    (job,) = project.jobs(project.load(), accept=False)
    (checked,) = check([job], project.data, silent)
    assert checked.findings == outcome.findings


def test_a_declared_layer_may_change_as_it_likes(project):
    for rows in (PARKS, PARKS[:3]):
        project.layer("parks", rows=rows, changes="report")
        (outcome,) = project.build(accept=False).outcomes
    assert outcome.status == "built"
    (told,) = [f for f in outcome.findings if f.code == "changes-gone"]
    assert told.severity == "warning"


def test_one_municipality_that_is_gone_is_seen_among_many_that_are_not(project):
    project.declared["municipalities"]["shimonoseki"] = {
        "code": "352012", "name": {"ja": "下関市"},
    }  # fmt: skip
    project.layer("parks", rows=PARKS * 2)
    source = project.declared["layers"]["parks"]["sources"][0]
    other = source | {"municipality": "shimonoseki", "path": "other.csv"}
    project.declared["layers"]["parks"]["sources"].append(other)
    over_there = [f"下関{i},{130.9 + i / 500},33.96" for i in range(6)]
    for rows in (over_there, over_there[:4]):
        text = "\n".join(["名称,経度,緯度", *rows, ""])
        (project.folder / "other.csv").write_text(text, encoding="cp932")
        (outcome,) = project.build(accept=False).outcomes
    (told,) = [f for f in outcome.findings if f.code == "changes-gone"]
    assert "下関市の 6 件が 4 件" in told.message_ja
    assert (outcome.status, told.count) == ("kept", 2)


def test_ids_that_all_change_are_told_though_nothing_is_gone(project):
    fields = {n: {"title": {"ja": t}} for n, t in (("name", "名称"), ("no", "番号"))}
    project.layer("parks", rows=PARKS, fields=fields)
    project.build(accept=False)
    project.layer("parks", rows=PARKS, fields=fields, id=["name"])
    (outcome,) = project.build(accept=False).outcomes
    assert [f.code for f in outcome.findings if f.severity == "error"] == ["changes-ids"]


def test_values_that_all_change_are_what_a_ledger_is_for(parks):
    outcome, told = parks([(f"新{name}", lon, lat) for name, lon, lat in PARKS], area="200")
    assert (outcome.status, told) == ("built", {})


def test_a_served_version_that_cannot_be_read_is_told(project):
    project.layer("parks", rows=PARKS)
    project.build()
    for served in project.releases.glob("*/layers/parks/parks.parquet"):
        served.write_bytes(b"PAR1")
    project.layer("parks", rows=PARKS[:3])
    (outcome,) = project.build(accept=False).outcomes
    assert "changes-unknown" in {f.code for f in outcome.findings}
