"""Colours that somebody takes for each other are said, with another that would do."""

from __future__ import annotations

from pipeline.config.declaration import Declaration
from pipeline.layers.appearance import AREA_OPACITY, colour_findings
from tiles_server.style import CLASS_OPACITY


def declared(styles, **maps):
    layer = {
        "title": {"ja": "層"},
        "fields": {"kind": {"title": {"ja": "種別"}}},
        "sources": [{"municipality": "a", "path": "a.csv"}],
        "privacy": {"publish": ["kind"]},
    }
    return Declaration.model_validate(
        {
            "publisher": {"name": {"ja": "市"}, "code": "401005", "licence": "CC-BY-4.0"},
            "municipalities": {"a": {"code": "401005", "name": {"ja": "市"}}},
            "layers": {name: layer | {"style": style} for name, style in styles.items()},
            "maps": {
                name: {"title": {"ja": "図"}, "layers": layers, "center": [130, 33]}
                for name, layers in maps.items()
            },
        }
    )


def classes(*colors):
    return {
        "by": "kind",
        "classes": [{"value": f"第{i}", "color": c} for i, c in enumerate(colors)],
    }


def codes(found):
    return [(finding.code, finding.value) for finding in found]


def test_classes_too_close_are_named_with_a_proposal():
    found = colour_findings(
        "x", declared({"x": classes("#ADFFD6", "#A5F7C6", "#EA5F78")}), "Polygon"
    )
    assert codes(found) == [("classes-confused", "第0 / 第1")]
    assert "#" in found[0].remedy_ja


def test_areas_are_compared_as_they_are_drawn():
    barely = declared({"x": classes("#ff9191", "#d891a3")})
    assert codes(colour_findings("x", barely, "Point")) == []
    assert codes(colour_findings("x", barely, "Polygon")) == [("classes-confused", "第0 / 第1")]


def test_layers_of_one_map_are_compared_once():
    styles = {"x": {"color": "#1B7F3B"}, "y": {"color": "#1C7E3C"}, "z": {"color": "#C2410C"}}
    found = declared(styles, one=["x", "y", "z"], two=["x", "y"])
    assert codes(colour_findings("y", found, "Point")) == [("layers-confused", "x / y")]
    assert colour_findings("x", found, "Point") == []
    assert colour_findings("z", found, "Point") == []


def test_layers_of_different_maps_are_not_compared():
    styles = {"x": {"color": "#1B7F3B"}, "y": {"color": "#1C7E3C"}}
    assert colour_findings("y", declared(styles, one=["x"], two=["y"]), "Point") == []


def test_the_opacity_that_is_checked_is_the_one_that_is_drawn():
    assert CLASS_OPACITY == AREA_OPACITY
