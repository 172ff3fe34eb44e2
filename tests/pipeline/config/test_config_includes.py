"""A file that one municipality keeps may declare its own sources and nothing else."""

import pytest

from pipeline.config.load import load
from pipeline.errors import DeclarationError

MAIN = """
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities: {own: {code: "401005", name: {ja: 北九州市}}}
layers:
  parks:
    title: {ja: 公園}
    sources: [{municipality: own, path: a.geojson}]
    privacy: {publish: [name]}
include: [{path: ../kanda/kanda.yaml, municipality: kanda}]
"""
TOWN = 'municipalities: {kanda: {code: "406210", name: {ja: 苅田町}}}\n'


@pytest.fixture
def beside(tmp_path):
    """``beside(text)``: what is found with this text as the file of 苅田町."""
    (tmp_path / "main").mkdir()
    (tmp_path / "kanda").mkdir()
    (tmp_path / "main" / "layers.yaml").write_text(MAIN, encoding="utf-8")

    def loaded(text):
        (tmp_path / "kanda" / "kanda.yaml").write_text(text, encoding="utf-8")
        return load(tmp_path / "main" / "layers.yaml")

    return loaded


def found(beside, text):
    with pytest.raises(DeclarationError) as error:
        beside(text)
    return [(f.code, f.row) for f in error.value.findings]


def test_it_adds_its_sources_to_a_shared_layer(beside):
    loaded = beside(TOWN + "sources:\n  parks:\n    - {path: data/b.geojson}\n")
    own, added = loaded.declaration.layers["parks"].sources
    assert (added.municipality, added.path) == ("kanda", "../kanda/data/b.geojson")
    assert own.municipality == "own"


def test_it_declares_layers_of_its_own(beside):
    text = TOWN + "layers:\n  shelters:\n    title: {ja: 避難所}\n    privacy: {publish: [name]}\n"
    loaded = beside(text + "    sources: [{path: c.geojson}]\n")
    assert loaded.declaration.layers["shelters"].sources[0].municipality == "kanda"


@pytest.mark.parametrize(
    "text",
    [
        "publisher: {name: {ja: 苅田町}, code: '406210', licence: CC0-1.0}\n",
        "maps: {m: {title: {ja: 地図}, layers: [parks], center: [130, 33]}}\n",
        "neighbours: {x: {url: https://x.example, unsigned: accept, layers: [a]}}\n",
        "signing: {keys: [a.key]}\n",
        "feeds: {}\n",
        "include: [other.yaml]\n",
        'municipalities: {own: {code: "401005", name: {ja: 北九州市}}}\n',
        "sources: {parks: [{municipality: own, path: b.geojson}]}\n",
        "sources: {parks: [{neighbour: x, layer: y}]}\n",
        "layers: {a: {title: {ja: あ}, from: {layer: parks}, privacy: {publish: [name]}}}\n",
    ],
)
def test_what_is_not_its_own_is_refused_at_its_line(beside, text):
    complaints = found(beside, text)
    assert {(code, row) for code, row in complaints} == {("include-foreign", 1)}


@pytest.mark.parametrize("path", ["../main/secret.csv", "/etc/passwd", "~/a.csv", "a/../../b.csv"])
def test_a_path_that_leaves_its_folder_is_refused(beside, path):
    text = f"sources: {{parks: [{{path: {path}}}]}}\n"
    assert found(beside, text) == [("include-outside", 1)]


def test_a_link_that_leaves_its_folder_is_refused(beside, tmp_path):
    (tmp_path / "kanda" / "link").symlink_to(tmp_path / "main")
    assert found(beside, "sources: {parks: [{path: link/secret.csv}]}\n") == [
        ("include-outside", 1)
    ]


def test_a_layer_that_nobody_shares_takes_no_sources(beside):
    assert found(beside, TOWN + "sources: {roads: [{path: b.geojson}]}\n") == [
        ("reference-dangling", 2)
    ]
