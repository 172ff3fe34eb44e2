"""What each kind of change costs: which steps run, and which are used again."""

import json

import pytest

from tests.pipeline.conftest import csv_text

TOBATA = (130.818836, 33.901292)


@pytest.fixture
def city(project):
    """Build two layers, the first of two sources, once."""
    project.layer("parks").layer("shelters", rows=[("一枝小学校", 130.84, 33.88)])
    second = project.folder / "parks2.csv"
    second.write_text(csv_text([("若松", 130.8144, 33.9022)]), encoding="cp932")
    source = dict(project.declared["layers"]["parks"]["sources"][0]) | {"path": "parks2.csv"}
    project.declared["layers"]["parks"]["sources"].append(source)
    project.declared["layers"]["parks"]["outputs"] = ["geojson", "csv", "pmtiles"]
    assert not project.build().failed
    return project


def ran(result, name="parks"):
    """Return the steps of a layer that ran, without the layer's own name."""
    (outcome,) = (o for o in result.outcomes if o.name == name)
    return [step.name.partition(": ")[2] for step in outcome.steps if step.state == "ran"]


WRITTEN = [
    "write parquet",
    "write features",
    "write search",
    "write geojson",
    "write csv",
    "cut tiles",
]


def test_nothing_changed_runs_nothing(city):
    result = city.build()
    assert not result.published
    assert [ran(result), ran(result, "shelters")] == [[], []]


CREDITED = ["write geojson", "write csv"]
"""Files that carry title, licence and credit with them."""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": {"ja": "公園（新）"}}, [*CREDITED, "label tiles"]),
        ({"licence": "CC0-1.0"}, CREDITED),
        ({"style": {"color": "#ff0000"}}, []),
        ({"attribution": "みどり課"}, [*CREDITED, "label tiles"]),
        ({"tiles": {"maxzoom": 10}}, ["cut tiles", "label tiles"]),
        ({"outputs": ["csv"]}, []),
    ],
    ids=["title", "licence", "colour", "attribution", "zooms", "outputs"],
)
def test_words_and_colours_run_no_data_step(city, change, expected):
    city.declared["layers"]["parks"].update(change)
    result = city.build()
    assert result.published
    assert ran(result) == expected
    assert ran(result, "shelters") == []


def test_a_new_title_stands_in_the_archive_as_if_it_had_been_cut_with_it(city):
    city.declared["layers"]["parks"]["title"] = {"ja": "公園（新しい題）"}
    city.build()
    relabelled = city.releases.joinpath("current/layers/parks/parks.pmtiles").read_bytes()
    for entry in (city.data / "cache" / "steps").iterdir():
        (entry / "parks.pmtiles").unlink(missing_ok=True)
    city.declared["layers"]["parks"]["licence"] = "CC0-1.0"
    assert "cut tiles" in ran(city.build())
    assert city.releases.joinpath("current/layers/parks/parks.pmtiles").read_bytes() == relabelled


def test_one_source_edited_is_read_and_the_layer_joined_and_written(city):
    (city.folder / "parks2.csv").write_text(csv_text([("藤ノ木", 130.80, 33.91)]), "cp932")
    result = city.build()
    assert ran(result) == [
        "read 2", "standardise 2", "check 2", "join", "protect", "detect", "compare", *WRITTEN,
        "label tiles",
    ]  # fmt: skip
    assert ran(result, "shelters") == []


def test_a_field_made_required_is_checked_without_reading(city):
    city.declared["layers"]["parks"]["fields"] = {
        "name": {"title": {"ja": "名称"}, "required": True}
    }
    steps = set(ran(city.build()))
    assert {"standardise 1", "standardise 2"} <= steps
    assert not {"read 1", "read 2"} & steps


def test_a_source_put_back_makes_nothing_again(city):
    before = (city.folder / "parks2.csv").read_bytes()
    (city.folder / "parks2.csv").write_text(csv_text([("藤ノ木", 130.80, 33.91)]), "cp932")
    city.build()
    (city.folder / "parks2.csv").write_bytes(before)
    result = city.build()
    assert result.published
    assert ran(result) == ["compare"]  # with what was served meanwhile


def test_the_account_says_why_a_step_ran(city):
    (city.folder / "parks2.csv").write_text(csv_text([("藤ノ木", 130.80, 33.91)]), "cp932")
    (outcome,) = (o for o in city.build().outcomes if o.name == "parks")
    why = {step.name.partition(": ")[2]: step.why for step in outcome.steps}
    assert why["read 1"] == ""
    assert why["read 2"] == "files, options or code are new"
    assert why["join"] == "after layers.parks: check 2"


def test_layers_of_equal_sources_read_them_once(city):
    city.declared["layers"]["copy"] = dict(city.declared["layers"]["parks"])
    assert "read 1" not in ran(city.build(), "copy")


def test_a_pruned_cache_costs_nothing_while_nothing_changed(city):
    from pipeline.graph.store import StepStore

    StepStore(city.data / "cache").prune(0)
    assert ran(city.build()) == []
    city.declared["layers"]["parks"]["licence"] = "CC0-1.0"
    result = city.build()
    assert result.published
    assert not result.failed


def test_what_is_made_does_not_depend_on_what_was_made_before(city, tmp_path_factory):
    """The release of a history of changes is that of a first build."""
    (city.folder / "parks2.csv").write_text(csv_text([("藤ノ木", 130.80, 33.91)]), "cp932")
    city.build()
    city.data = tmp_path_factory.mktemp("anew")
    city.releases, old = city.data / "releases", city.releases
    city.build()
    artefacts = [
        json.loads((folder / "current/manifest.json").read_text("utf-8"))["artefacts"]
        for folder in (old, city.releases)
    ]
    assert artefacts[0] == artefacts[1]
