"""Base maps: what a map declares is drawn beneath the data, credited, and the only host opened."""

from __future__ import annotations

import pytest
from flask import Flask
from release_maker import make_release

from tiles_server.base_maps import base_maps, ground, origins
from tiles_server.manifest import BaseLayer, BaseTiles, Map, Words
from tiles_server.releases import Release
from tiles_server.security import PAGE_POLICY, page_policy
from tiles_server.style import build_style, first_tiles

RELEASE = "20261123T160000Z-0000000d"
OTHER = BaseTiles(
    title=Words(ja="白図"),
    url="https://maps.example.lg.jp:8443/white/{z}/{x}/{y}.png",
    attribution="例示市",
    maxzoom=17,
)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    base = ("gsi/pale", "gsi/vector", OTHER.model_dump(), {"layer": "flood"}, "none")
    return Release.open(make_release(folder, RELEASE, base=base))


@pytest.fixture(autouse=True)
def request_context():
    with Flask("test").test_request_context("/", base_url="https://tonari.example/"):
        yield


def directive(policy, name):
    return next(part for part in policy if part.split()[0] == name).split()[1:]


def test_only_declared_hosts_are_opened_and_only_for_tiles(release):
    policy = page_policy(origins(release.map("kanmon_safety")))
    hosts = ["https://cyberjapandata.gsi.go.jp", "https://maps.example.lg.jp:8443"]
    for name in ("img-src", "connect-src"):
        assert directive(policy, name)[-2:] == hosts
    for name in ("default-src", "script-src", "worker-src", "style-src", "font-src"):
        assert directive(policy, name) == directive(PAGE_POLICY, name)


def test_a_map_without_base_keeps_the_closed_policy():
    assert page_policy(origins(Map(base=("none",)))) == PAGE_POLICY


def test_the_first_base_is_shown_and_the_others_wait(release):
    style = build_style(release, "kanmon_safety", "ja")
    shown = {}
    for layer in style["layers"]:
        if name := layer.get("metadata", {}).get("tonari:base"):
            shown.setdefault(name, layer.get("layout", {}).get("visibility", "visible"))
    assert shown == {
        "gsi/pale": "visible", "gsi/vector": "none", "tiles-2": "none", "flood": "none",
    }  # fmt: skip


def test_base_maps_lie_beneath_every_shape(release):
    layers = build_style(release, "kanmon_safety", "ja")["layers"]
    bases = [i for i, one in enumerate(layers) if "tonari:base" in one.get("metadata", {})]
    data = [i for i, one in enumerate(layers) if "tonari:layer" in one.get("metadata", {})]
    assert max(bases) < min(data)


def test_tiles_of_gsi_are_credited_as_their_terms_want(release):
    sources = build_style(release, "kanmon_safety", "ja")["sources"]
    for name in ("base:gsi/pale", "base:gsi/vector"):
        assert "https://maps.gsi.go.jp/development/ichiran.html" in sources[name]["attribution"]
    assert sources["base:gsi/pale"]["tileSize"] == 256
    assert sources["base:gsi/pale"]["minzoom"] >= 9  # coarser ones need further credits


def test_what_is_fetched_early_is_ours_alone(release):
    style = build_style(release, "kanmon_safety", "ja")
    early = first_tiles(release, style)
    assert early
    assert all(address.startswith("https://tonari.example/tiles/") for address in early)


def test_a_base_of_ours_that_was_not_built_is_left_out(release):
    chart = Map(base=(BaseLayer(layer="nothing"), "gsi/unheard_of", "none"), ground=("nothing",))
    assert [base.id for base in base_maps(release, chart, "ja")] == ["none"]
    assert ground(release, chart) == ({}, [])


def test_ground_is_drawn_even_where_no_base_is(release):
    sources, layers = ground(release, Map(ground=("flood",)))
    assert list(sources) == ["ground:flood"]
    assert {layer["type"] for layer in layers} == {"fill", "line"}
