"""What is documented is what is there: routes, sentences, OpenAPI."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tiles_server.app import flask_app
from tiles_server.language import messages
from tiles_server.releases import Releases
from tiles_server.routes.data import api_description
from tonari.transit import Transit

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "tiles_server" / "templates"


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("none")
    app = flask_app(Releases(folder), partial(Transit, folder), folder)
    return sorted(
        {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    )


def test_every_route_is_in_the_integrators_guide_and_nothing_else(routes):
    guide = (ROOT / "docs" / "integrator.md").read_text("utf-8")
    addresses = guide.split("## Addresses")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(/[^`]*)` \|", addresses, re.MULTILINE)
    assert sorted(listed) == routes


def test_every_route_is_in_the_openapi_description_and_nothing_else(routes):
    assert sorted(api_description()["paths"]) == routes


def test_every_path_parameter_is_described():
    description = api_description()
    shared = description["components"]["parameters"]
    operations = [
        (path, operation)
        for path, methods in description["paths"].items()
        for operation in methods.values()
    ]
    for path, operation in operations:
        given = operation.get("parameters", [])
        named = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p for p in given]
        in_path = {p["name"] for p in named if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), path


def test_the_openapi_document_names_the_server(client, server):
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": server.address}]


def test_every_sentence_is_said_in_both_languages_with_the_same_words():
    for key, sentence in messages().items():
        assert set(sentence) == {"ja", "en"}, key
        words = [sorted(re.findall(r"{(\w+)}", text)) for text in sentence.values()]
        assert words[0] == words[1], key
        assert all(sentence.values()), key


def test_every_sentence_a_page_uses_exists_and_none_is_left_over():
    pages = "".join(path.read_text("utf-8") for path in TEMPLATES.glob("*.html"))
    used = set(re.findall(r"\bt\('(\w+)'", pages)) - {
        "error_",
        "file_",
        "act_",
        "cause_",
        "effect_",
        "border_kind_",
        "nav_",
        "theme_",
        "change_",
        "compare_",
        "swipe_",
    }
    assert used <= set(messages())
    code = "".join(path.read_text("utf-8") for path in (ROOT / "tiles_server").rglob("*.py"))
    indirect = (
        "type_",
        "geometry_",
        "error_",
        "transit_",
        "day_",
        "file_",
        "act_",
        "cause_",
        "effect_",
        "border_kind_",
        "nav_",
        "theme_",
        "change_",
        "compare_",
        "swipe_",
        "refused_",
        "said_",
        "stops",
        "routes",
        "trips",
    )
    unused = [
        key
        for key in messages()
        if key not in used and f'"{key}"' not in code and not key.startswith(indirect)
    ]
    assert unused == []


def test_examples_of_the_guide_name_addresses_that_answer(client):
    guide = (ROOT / "docs" / "integrator.md").read_text("utf-8")
    named = set(re.findall(r"https://data\.example\.lg\.jp(/[\w./-]+)", guide))
    found = {path.replace("/kanmon", "/kanmon_safety") for path in named} - {"/map"}
    assert len(found) >= 5
    for path in found:
        assert client.get(path).status_code == 200, path


def test_the_server_starts_without_the_libraries_of_the_pipeline():
    """A worker that compiles kernels and opens geometry libraries starts late and eats memory."""
    heavy = ["geopandas", "numba", "pandas", "pyarrow", "shapely"]
    program = f"import sys, tiles_server.run; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "[]\n"
