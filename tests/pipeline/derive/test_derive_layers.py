"""Layers made from records and other layers: what is published, and what never is."""

import json

import pytest

from pipeline.errors import DeclarationError

TOBATA, WAKAMATSU = (130.818836, 33.901292), (130.814440, 33.902258)
HOUSES = [("秘密荘", *TOBATA), ("秘密荘", *WAKAMATSU), ("内緒亭", *WAKAMATSU)]


@pytest.fixture
def inside(project):
    """Declare records of houses, and a layer of how many there are of each name."""
    project.layer("houses_ledger", rows=HOUSES)
    layer = project.declared["layers"].pop("houses_ledger")
    project.declared["records"] = {"hidden_houses": {"sources": layer["sources"]}}
    project.declared["layers"]["names"] = derived("aggregate", by=["name"], count="houses")
    return project


def derived(operation, publish=("name", "houses"), **options):
    return {
        "title": {"ja": "名前ごとの数"},
        "from": {"records": "hidden_houses", "operation": operation} | options,
        "privacy": {"publish": list(publish), "min_count": 1},
        "outputs": ["geojson", "csv"],
    }


def release(project):
    return project.releases / (project.releases / "current").readlink()


def served(project, name="names"):
    text = (release(project) / f"layers/{name}/{name}.geojson").read_text("utf-8")
    return [f["properties"] for f in json.loads(text)["features"]]


def test_a_layer_is_made_of_records(inside):
    result = inside.build()
    assert not result.failed, result.failed
    found = {p["name"]: p["houses"] for p in served(inside)}
    assert found == {"内緒亭": 1, "秘密荘": 2}


def test_nothing_of_records_is_in_a_release_not_even_their_names(inside):
    inside.declared["records"]["hidden_houses"]["fields"] = {
        "memo": {"title": {"ja": "覚え書き"}, "required": True}
    }
    result = inside.build()
    for path in release(inside).rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            for word in ("hidden_houses", "houses_ledger", "覚え書き"):
                assert word.encode() not in raw, path.name
    (outcome,) = result.outcomes
    assert outcome.findings == [] or all("覚え" not in f.line("ja") for f in outcome.findings)


def test_an_error_in_records_stops_what_is_made_of_them_and_says_so_without_a_name(inside):
    inside.layer("parks")
    inside.ledger("houses_ledger").write_text("名称,経度,緯度\n海の外,0,0\n", encoding="cp932")
    result = inside.build()
    assert {o.name: o.status for o in result.outcomes} == {"names": "failed", "parks": "built"}
    (outcome,) = result.failed
    assert [f.code for f in outcome.findings] == ["made-from-failed"]
    assert "houses_ledger.csv" in {f.file for f in outcome.inside}
    text = (release(inside) / "findings.json").read_text("utf-8")
    assert "houses_ledger" not in text


def test_a_layer_made_from_a_layer_has_only_what_that_one_publishes(inside):
    inside.layer("parks", rows=[("一枝", *TOBATA), ("若松", *WAKAMATSU)])
    chosen = derived("select", ["name"], where=[{"field": "name", "values": ["若松"]}])
    chosen["from"] = {"layer": "parks"} | {
        k: v for k, v in chosen["from"].items() if k != "records"
    }
    inside.declared["layers"]["west"] = chosen
    assert not inside.build().failed
    assert [p["name"] for p in served(inside, "west")] == ["若松"]


def test_records_of_records_are_records(inside):
    inside.declared["records"]["some"] = {
        "from": {
            "records": "hidden_houses",
            "operation": "select",
            "where": [{"field": "name", "values": ["秘密荘"]}],
        }
    }
    inside.declared["layers"]["names"]["from"]["records"] = "some"
    assert not inside.build().failed
    assert [p["houses"] for p in served(inside)] == [2]


def test_a_changed_record_runs_the_layer_made_of_it(inside):
    inside.build()
    rows = "".join(f"{n},{x},{y}\n" for n, x, y in HOUSES[1:])
    inside.ledger("houses_ledger").write_text(f"名称,経度,緯度\n{rows}", encoding="cp932")
    inside.build()
    assert {p["name"]: p["houses"] for p in served(inside)} == {"内緒亭": 1, "秘密荘": 1}


def test_a_table_is_a_layer_without_places(inside):
    table = derived("aggregate", by=["name"], count="houses", shapes="none")
    table["geometry"] = "none"
    del table["outputs"]
    inside.declared["layers"]["names"] = table
    result = inside.build()
    assert not result.failed, result.failed
    (outcome,) = result.outcomes
    assert set(outcome.artefacts) == {"parquet", "features", "csv", "csv-metadata"}
    text = (release(inside) / "layers/names/names.csv").read_text("utf-8-sig")
    assert text.splitlines()[0] == "id,municipality_code,name,houses"
    assert (outcome.entry["geometry"], outcome.entry["extent"]) == ("", None)


def test_a_layer_made_of_a_table_has_to_be_called_one(inside):
    inside.declared["layers"]["names"]["from"]["shapes"] = "none"
    (outcome,) = inside.build().failed
    assert [f.code for f in outcome.findings] == ["layer-without-places"]


def test_a_ledger_without_coordinates_is_a_table(project):
    project.layer("prices", geometry="none")
    project.declared["layers"]["prices"]["sources"][0].pop("geometry")
    project.declared["layers"]["prices"].pop("outputs")
    result = project.build()
    assert not result.failed, [f.line("en") for o in result.failed for f in o.findings]


# ---- the declaration


def complaints(project):
    with pytest.raises(DeclarationError) as caught:
        project.load()
    return [(f.code, f.field) for f in caught.value.findings]


def test_a_dataset_that_is_not_declared_is_named_with_its_line(inside):
    inside.declared["layers"]["names"]["from"]["records"] = "hidden_huoses"
    assert complaints(inside) == [("reference-dangling", "layers.names.from.records")]


def test_the_second_dataset_of_a_join_is_looked_up_too(inside):
    inside.declared["layers"]["names"]["from"] = {
        "records": "hidden_houses",
        "operation": "join",
        "table": {"layer": "prices"},
        "on": {"name": "name"},
    }
    assert complaints(inside) == [("reference-dangling", "layers.names.from.table.layer")]


def test_datasets_made_from_each_other_are_an_error(inside):
    where = [{"field": "name", "values": ["x"]}]
    for name, other in (("one", "two"), ("two", "one")):
        inside.declared["records"][name] = {
            "from": {"records": other, "operation": "select", "where": where}
        }
    (found,) = complaints(inside)
    assert found[0] == "from-circle"


def test_a_dataset_made_from_itself_is_an_error(inside):
    inside.declared["layers"]["names"]["from"] = {
        "layer": "names",
        "operation": "aggregate",
        "by": ["name"],
    }
    assert [code for code, _ in complaints(inside)] == ["from-circle"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sources": [{"municipality": "kitakyushu", "path": "a.csv"}]}, "dataset-one-origin"),
        ({"from": None}, "dataset-one-origin"),
        ({"geometry": "none", "outputs": ["pmtiles"]}, "table-not-drawn"),
        ({"schema": "municipal-standard/evacuation_space"}, "derived-with-schema"),
        ({"from": {"operation": "aggregate", "by": ["name"]}}, "from-one-dataset"),
    ],
)
def test_what_cannot_be_made_is_said(inside, change, code):
    inside.declared["layers"]["names"].update(change)
    inside.declared["layers"]["names"] = {
        k: v for k, v in inside.declared["layers"]["names"].items() if v is not None
    }
    assert code in [found for found, _ in complaints(inside)]


def test_an_unknown_operation_lists_those_there_are(inside):
    inside.declared["layers"]["names"]["from"]["operation"] = "agregate"
    with pytest.raises(DeclarationError) as caught:
        inside.load()
    assert "aggregate" in caught.value.findings[0].line("en")


def test_a_table_cannot_be_laid_on_a_map(project):
    project.layer("prices", geometry="none")
    project.declared["layers"]["prices"]["sources"][0].pop("geometry")
    project.declared["layers"]["prices"].pop("outputs")
    project.declared["maps"] = {
        "m": {"title": {"ja": "図"}, "layers": ["prices"], "center": [130.8, 33.9]}
    }
    assert complaints(project) == [("table-on-map", "maps.m.layers.0")]


def test_every_output_a_declaration_may_ask_for_can_be_written():
    from typing import get_args

    from pipeline.config.layers import Output
    from pipeline.layers.plan import WRITERS

    assert set(get_args(Output)) - {"pmtiles"} <= set(WRITERS)


def test_a_field_with_the_name_of_the_mark_that_is_none_is_refused(inside):
    (source,) = inside.declared["records"]["hidden_houses"]["sources"]
    source["fields"] = {"名称": "suppressed"}
    inside.declared["layers"]["names"] = derived(
        "aggregate", ["suppressed", "houses"], by=["suppressed"], count="houses"
    )
    (outcome,) = inside.build().failed
    assert "marker-misnamed" in {f.code for f in (*outcome.findings, *outcome.inside)}
