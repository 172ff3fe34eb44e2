"""The map page's modules as one file: nothing missing, nothing twice, names kept apart."""

from __future__ import annotations

import re

from tiles_server.bundling import FOLDER, script, styles


def modules(text):
    return re.findall(r"^const (module_\w+) = \(\(\) => \{$", text, re.MULTILINE)


def test_every_module_stands_once_and_before_those_that_use_it():
    text = script("map").decode()
    found = modules(text)
    assert found[-1] == "module_map"
    assert len(found) == len(set(found)) > 4
    for name in found[:-1]:
        assert text.index(f"const {name} = ") < text.index(f"}} = {name};")


def test_no_module_form_is_left_inside_the_functions():
    text = script("map").decode()
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == [
        'import * as maplibregl from "./vendor/maplibre-gl/maplibre-gl.mjs";'
    ]


def test_our_modules_use_only_the_forms_the_bundle_understands():
    for path in FOLDER.glob("map*.js"):
        for line in re.findall(r"^(?:import|export) .*", path.read_text("utf-8"), re.MULTILINE):
            understood = (
                r'import \{[^}]*\} from "\./[\w-]+\.js";|import \* as \w+ from "[^"]+";|'
                r"export (async )?(function|class|const) \w+.*"
            )
            assert re.fullmatch(understood, line), (path.name, line)


def test_styles_follow_each_other_in_order():
    both = styles("site.css", "map.css")
    assert both.index((FOLDER / "map.css").read_bytes()) > both.index(b":root")


def test_the_bundle_is_served_as_any_other_file(client):
    html = client.get("/maps/kanmon_safety").text
    for kind, media in (("js", "text/javascript"), ("css", "text/css")):
        address = re.search(rf'"([^"]*map\.bundle\.{kind})"', html)[1]
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(media)
        assert "immutable" in answer.headers["Cache-Control"]
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
