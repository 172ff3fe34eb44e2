"""Rasters as a map program meets them, on a running server over a release that was built."""

import json

import httpx
import numpy as np
import pytest
import rasterio
from ruamel.yaml import YAML
from serving import serving

from pipeline.config.load import load
from pipeline.progress import silent
from pipeline.run import build
from tonari.jobs import jobs_of

WEST, NORTH = -12000.0, 99000.0
INSIDE = {"lon": 130.8722, "lat": 33.8916}
"""Some 100 m inside the north-west corner."""


def declared():
    def raster(kind, **keys):
        return {
            "title": {"ja": kind, "en": f"A {kind}"},
            "kind": kind,
            "tiles": {"minzoom": 13},
        } | keys

    def source(path):
        return [{"municipality": "kitakyushu", "path": path}]

    return {
        "publisher": {"name": {"ja": "北九州市"}, "code": "401005", "licence": "CC-BY-4.0"},
        "municipalities": {
            "kitakyushu": {"code": "401005", "name": {"ja": "北九州市"}, "crs": "EPSG:6670"}
        },
        "rasters": {
            "photo": raster("photo", sources=source("photo.tif"), opacity=0.6),
            "terrain": raster("elevation", sources=source("heights.tif")),
            "shade": raster("photo", **{"from": {"operation": "hillshade", "raster": "terrain"}}),
        },
        "maps": {
            "town": {
                "title": {"ja": "町"}, "layers": ["photo", "terrain"],
                "center": [130.8722, 33.89], "zoom": 14,
            }
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def rasters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rasters")
    place = {"driver": "GTiff", "crs": "EPSG:6670", "width": 200, "height": 200,
             "transform": rasterio.Affine(2, 0, WEST, 0, -2, NORTH)}  # fmt: skip
    with rasterio.open(
        folder / "photo.tif", "w", count=3, dtype="uint8", photometric="rgb", **place
    ) as out:
        out.write(np.array([200, 100, 50], np.uint8)[:, None, None].repeat(200, 1).repeat(200, 2))
    with rasterio.open(folder / "heights.tif", "w", count=1, dtype="float32", **place) as out:
        out.write(np.full((1, 200, 200), 123.4, np.float32))
    with (folder / "layers.yaml").open("w", encoding="utf-8") as out:
        YAML().dump(declared(), out)
    loaded = load(folder / "layers.yaml")
    result = build(loaded.declaration, jobs_of(loaded, folder / "data"), folder / "data", silent)
    assert not result.failed, result.failed
    with (
        serving(folder / "data") as running,
        httpx.Client(base_url=running.address, timeout=60) as client,
    ):
        yield client


def test_tiles_are_pictures_of_their_own_type(rasters):
    told = rasters.get("/tiles/photo.json").json()
    assert told["tileSize"] == 512
    assert "vector_layers" not in told
    z = told["minzoom"]
    west, south, east, north = told["bounds"]
    x = int(((west + east) / 2 + 180) / 360 * 2**z)
    y = int((1 - np.arcsinh(np.tan(np.radians((south + north) / 2))) / np.pi) / 2 * 2**z)
    tile = rasters.get(f"/tiles/photo/{z}/{x}/{y}.webp")
    assert tile.headers["content-type"] == "image/webp"
    assert tile.content[8:12] == b"WEBP"
    assert rasters.get(f"/tiles/photo/{z}/{x}/{y}.png").status_code == 404


def test_map_tiles_are_found_from_their_collection_as_ogc_api_tiles_has_it(rasters):
    def href(document, rel):
        return next(one["href"] for one in document["links"] if one["rel"] == rel)

    conforms = rasters.get("/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core" in conforms
    collection = rasters.get("/collections/photo").json()
    listed = rasters.get(href(collection, "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"))
    (entry,) = listed.json()["tilesets"]
    described = rasters.get(href(entry, "self")).json()
    assert described["dataType"] == "map"
    limits = described["tileMatrixSetLimits"][-1]
    z, y, x = limits["tileMatrix"], limits["minTileRow"], limits["minTileCol"]
    template = href(described, "item")
    filled = template.format(tileMatrix=z, tileRow=y, tileCol=x)
    tile, same = rasters.get(filled), rasters.get(f"/tiles/photo/{z}/{x}/{y}.webp")
    assert (tile.status_code, tile.content) == (200, same.content)
    assert tile.headers["etag"] == same.headers["etag"]
    assert rasters.get(filled, headers={"If-None-Match": tile.headers["etag"]}).status_code == 304
    told = rasters.get(href(described, "alternate")).json()
    assert told["tileSize"] == 512
    assert rasters.get(told["tiles"][0].format(z=z, y=y, x=x)).content == same.content


@pytest.mark.parametrize(
    "address",
    [
        "tiles", "map/tiles/WorldCRS84Quad", "map/tiles/WorldCRS84Quad/13/0/0",
        "map/tiles/WebMercatorQuad/13/0/0", "map/tiles/WebMercatorQuad/x/0/0",
        "tiles/WebMercatorQuad/13/0/0",
    ],
)  # fmt: skip
def test_map_tiles_that_are_not_there_are_404(rasters, address):
    assert rasters.get(f"/collections/photo/{address}").status_code == 404


def test_a_map_draws_rasters_below_everything_else(rasters):
    style = rasters.get("/maps/town/style.json").json()
    assert style["sources"]["photo"]["type"] == "raster"
    assert style["sources"]["photo"]["tileSize"] == 512
    assert style["sources"]["terrain"]["type"] == "raster-dem"
    assert style["sources"]["terrain"]["encoding"] == "mapbox"
    drawn = {layer["id"]: layer for layer in style["layers"]}
    assert drawn["photo/raster"]["paint"]["raster-opacity"] == 0.6
    assert drawn["terrain/hillshade"]["type"] == "hillshade"


@pytest.mark.parametrize(("name", "value"), [("photo", [200, 100, 50]), ("terrain", 123.4)])
def test_the_value_at_a_place(rasters, name, value):
    told = rasters.get(f"/collections/{name}/at", params=INSIDE).json()
    assert told["value"] == pytest.approx(value, abs=3 if name == "photo" else 0.01)
    outside = rasters.get(f"/collections/{name}/at", params={"lon": 135, "lat": 35}).json()
    assert outside["value"] is None


@pytest.mark.parametrize(
    "query", ["", "?lon=1", "?lon=x&lat=1", "?lon=200&lat=1", "?lon=1&lat=89", "?lon=nan&lat=1"]
)
def test_a_place_that_is_none_is_refused(rasters, query):
    assert rasters.get(f"/collections/terrain/at{query}").status_code == 400


def test_the_geotiff_is_sent_in_ranges(rasters):
    (link,) = [
        one["href"] for one in rasters.get("/collections/terrain").json()["links"]
        if one["rel"] == "enclosure" and one["href"].endswith(".tif")
    ]  # fmt: skip
    part = rasters.get(link, headers={"Range": "bytes=0-3"})
    assert part.status_code == 206
    assert part.content[:2] == b"II"
    assert "geotiff" in part.headers["content-type"]


def test_pages_of_rasters_are_shown(rasters):
    for page in ("/", "/layers/photo", "/layers/terrain", "/maps/town"):
        answer = rasters.get(page, headers={"Accept": "text/html", "Accept-Language": "ja"})
        assert answer.status_code == 200, page
        assert "0 件" not in answer.text
    listed = json.loads(rasters.get("/collections").text)["collections"]
    assert {"photo", "terrain", "shade"} <= {one["id"] for one in listed}
