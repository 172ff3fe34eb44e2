"""Tiles and TileJSON as a map program meets them, on a running server."""

from __future__ import annotations

import gzip
import re
import socket

import mapbox_vector_tile
import pytest

from pipeline.tiling.archive import PMTilesWriter, tile_id
from tiles_server.tile_middleware import TileMiddleware
from tiles_server.tileset import Tileset

TILE = "/tiles/evacuation_sites/12/3536/1638.mvt"
MVT = "application/vnd.mapbox-vector-tile"


def some_tile(client) -> str:
    """Return the address of a tile with content, from the archive itself."""
    for x in range(3535, 3538):
        for y in range(1636, 1641):
            if client.get(f"/tiles/evacuation_sites/12/{x}/{y}.mvt").status_code == 200:
                return f"/tiles/evacuation_sites/12/{x}/{y}.mvt"
    raise AssertionError("no tile with content")


@pytest.fixture
def address(client):
    return some_tile(client)


def test_a_tile_is_a_vector_tile_with_japanese_attributes(client, address):
    answer = client.get(address)
    assert answer.headers["content-type"] == MVT
    layers = mapbox_vector_tile.decode(answer.content)
    names = {f["properties"]["name"] for f in layers["evacuation_sites"]["features"]}
    assert names
    assert all(re.fullmatch(r"第\d+小学校", name) for name in names)


def test_the_same_tile_is_found_from_its_collection_row_before_column(client, address):
    z, x, y = re.findall(r"\d+", address)
    listed = client.get("/collections/evacuation_sites/tiles").json()["tilesets"]
    (template,) = [one["href"] for one in listed[0]["links"] if one["rel"] == "item"]
    tile = client.get(template.format(tileMatrix=z, tileRow=y, tileCol=x))
    assert tile.content == client.get(address).content
    assert "immutable" in tile.headers["cache-control"]


def test_a_tile_is_sent_compressed_as_it_is_stored(client, address):
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip, br"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw)
    assert gzip.decompress(raw) == client.get(address).content


@pytest.mark.parametrize("accept", ["identity", "br", "gzip;q=0", "*;q=0, identity", ""])
def test_a_client_that_refuses_gzip_gets_the_plain_tile(client, address, accept):
    answer = client.get(address, headers={"Accept-Encoding": accept})
    assert "content-encoding" not in answer.headers
    assert "evacuation_sites" in mapbox_vector_tile.decode(answer.content)


def test_compressed_and_plain_tile_have_different_entity_tags(client, address):
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.headers["etag"] != client.get(address).headers["etag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_client_with_a_good_copy_is_told_so(client, address, form):
    tag = client.get(address).headers["etag"]
    answer = client.get(address, headers={"If-None-Match": form.format(tag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag


def test_a_client_with_another_copy_gets_the_tile(client, address):
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_has_the_headers_of_get_and_no_body(client, address):
    get, head = client.get(address), client.head(address)
    assert head.content == b""
    for name in ("content-type", "content-encoding", "content-length", "etag", "cache-control"):
        assert head.headers[name] == get.headers[name]


def test_an_empty_tile_within_bounds_is_204_and_one_outside_404(client):
    x, y = empty_tile(client)
    assert client.get(f"/tiles/flood/13/{x}/{y}.mvt").status_code == 204
    assert client.get("/tiles/flood/13/0/0.mvt").status_code == 404
    assert client.get("/tiles/flood/7/110/51.mvt").status_code == 404  # below minzoom
    assert client.get("/tiles/flood/14/14144/6553.mvt").status_code == 404  # above maxzoom


def test_a_tile_that_is_there_is_sent_even_if_the_archive_claims_narrower_bounds(tmp_path):
    """Other tools write tiles of the buffer, which lie outside the bounds they declare."""
    with PMTilesWriter(
        tmp_path / "a.pmtiles", metadata={}, minzoom=0, maxzoom=3, bounds=(130, 33, 131, 34)
    ) as writer:
        writer.write(tile_id(3, 0, 0), gzip.compress(b"tile"))
    tileset = Tileset.open("a", tmp_path / "a.pmtiles", "0" * 64)
    answered: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "identity"}

    def answer(status, _):
        answered.append(status)

    assert TileMiddleware.tile(tileset, (3, 0, 0), environ, answer) == [b"tile"]
    assert TileMiddleware.tile(tileset, (3, 0, 1), environ, answer) == []
    assert TileMiddleware.tile(tileset, (3, 6, 3), environ, answer) == []
    assert answered == ["200 OK", "404 Not Found", "204 No Content"]


def empty_tile(client) -> tuple[int, int]:
    """Find a tile between two flood areas."""
    from tiles_server.tileset import tile_range

    west, north, east, south = tile_range(client.get("/tiles/flood.json").json()["bounds"], 13)
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            if client.get(f"/tiles/flood/13/{x}/{y}.mvt").status_code != 200:
                return x, y
    raise AssertionError("every tile has content")


@pytest.mark.parametrize(
    "bad",
    [
        "/tiles/flood/12/-1/0.mvt",
        "/tiles/flood/12/4096/0.mvt",
        "/tiles/flood/99/0/0.mvt",
        "/tiles/flood/012/3536/1638.mvt",
        "/tiles/flood/12/3536.5/1638.mvt",
        "/tiles/flood/12/３５３６/1638.mvt",
        "/tiles/flood/1e1/0/0.mvt",
        "/tiles/flood/12/99999999999999999999/0.mvt",
        "/tiles/flood/12/3536/1638.png",
        "/tiles/flood/12/3536/1638",
        "/tiles/nothing/12/3536/1638.mvt",
        "/tiles/%2e%2e/12/3536/1638.mvt",
    ],
)
def test_what_is_no_tile_address_is_not_found(client, bad):
    assert client.get(bad).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/tiles/../../etc/passwd", "/static/x/../../app.py", "/static/x/..%2f..%2fapp.py",
     "/downloads/latest/..%2f..%2fmanifest.json", "/downloads/../manifest.json",
     "/pmtiles/..%2fcurrent.pmtiles", "/gtfs/wakato_ferry/..%2f..%2fmanifest.json",
     "/static/x/%2fetc%2fpasswd", "/static/x//etc/passwd", "/tiles/\x00/1/1/1.mvt"],
)  # fmt: skip
def test_no_address_leads_out_of_the_release(server, path):
    status = raw_status(server.address, path)
    assert status in (400, 404)


def raw_status(address: str, path: str) -> int:
    """Ask for a path as it is: HTTP libraries tidy it up first."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        wire.sendall(request.encode("latin-1"))
        return int(wire.recv(64).split(b" ")[1])


def test_any_site_may_read_tiles(client, address):
    answer = client.get(address, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    preflight = client.options(
        address,
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "If-None-Match" in preflight.headers["access-control-allow-headers"]


def test_tiles_cannot_be_written(client, address):
    answer = client.post(address)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_tilejson_names_an_address_that_may_be_kept_for_ever(client, server, address):
    document = client.get("/tiles/evacuation_sites.json").json()
    assert document["tilejson"] == "3.0.0"
    assert (document["minzoom"], document["maxzoom"]) == (8, 13)
    template = document["tiles"][0]
    assert template.startswith(server.address)
    z, x, y = re.search(r"/(\d+)/(\d+)/(\d+)\.mvt", address).groups()
    filled = template.replace("{z}", z).replace("{x}", x).replace("{y}", y)
    assert "immutable" in client.get(filled).headers["cache-control"]
    stale = filled.split("?")[0] + "?v=000000000000"
    assert "immutable" not in client.get(stale).headers["cache-control"]


def test_tilejson_describes_fields_in_the_readers_language(client):
    ja = client.get("/tiles/flood.json", headers={"Accept-Language": "ja"}).json()
    en = client.get("/tiles/flood.json?lang=en").json()
    assert ja["vector_layers"][0]["fields"]["depth"] == "浸水の深さ"
    assert en["vector_layers"][0]["fields"]["depth"] == "Depth"
    assert (ja["name"], en["name"]) == ("洪水浸水想定区域", "Flood risk areas")


def test_tilejson_is_revalidated_by_entity_tag(client):
    first = client.get("/tiles/flood.json")
    again = client.get("/tiles/flood.json", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_an_unknown_tileset_is_explained_to_a_program(client):
    answer = client.get("/tiles/nothing.json")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no tileset named 'nothing' in the current release"
    assert answer.headers["cache-control"] == "no-store"
