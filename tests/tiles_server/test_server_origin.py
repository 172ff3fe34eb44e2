"""What the server calls itself: by the request, by a proxy it was told of, or as stated."""

from __future__ import annotations

import httpx
import pytest
from serving import serving

from tiles_server import create_app
from tiles_server.errors import StartError

HTML = {"Accept": "text/html"}
FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/map",
}


def tiles_address(address: str, **headers: str) -> str:
    return httpx.get(address + "/tiles/flood.json", headers=headers).json()["tiles"][0]


def test_forwarded_headers_are_ignored_unless_told(server):
    assert tiles_address(server.address, **FORWARDED).startswith(server.address + "/tiles/")


def test_forwarded_headers_of_the_proxy_in_front_are_believed_when_told(data):
    with serving(data, workers=1, behind_proxy=True) as server:
        found = tiles_address(server.address, **FORWARDED)
        assert found.startswith("https://evil.example/map/tiles/flood/")
        portal = httpx.get(server.address + "/", headers={**FORWARDED, **HTML}).text
        assert 'href="/map/layers/flood' in portal


def test_a_stated_address_cannot_be_changed_by_a_client(data):
    with serving(data, workers=1, public_url="https://data.example.lg.jp/open/") as server:
        found = tiles_address(server.address, **FORWARDED, Host="evil.example")
        assert found.startswith("https://data.example.lg.jp/open/tiles/flood/")
        style = httpx.get(server.address + "/maps/kanmon_safety/style.json").json()
        assert style["sources"]["flood"]["tiles"][0].startswith("https://data.example.lg.jp/open/")
        portal = httpx.get(server.address + "/", headers=HTML).text
        assert 'href="/open/layers/flood' in portal
        assert "evil.example" not in portal
        assert httpx.get(server.address + "/tiles/flood/8/221/102.mvt").status_code == 200


@pytest.mark.parametrize("wrong", ["data.example.lg.jp", "ftp://x/", "https://"])
def test_an_address_that_is_none_is_refused_at_the_start(tmp_path, wrong):
    with pytest.raises(StartError, match="must start with https://"):
        create_app(tmp_path, public_url=wrong)
