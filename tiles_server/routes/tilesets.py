"""OGC API - Tiles, part 1 (OGC 20-057): the tilesets of collections and what describes them.

Layers have tiles of their features (``/tiles``), rasters map tiles (``/map/tiles``). A tile lies
where ``/tiles/{tileset}/{z}/{x}/{y}`` has it, row before column; the fast path sends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from flask import Blueprint, Response, request, url_for

from tiles_server.errors import UnknownNameError
from tiles_server.language import language
from tiles_server.routes.tiles import document
from tiles_server.security import open_to_all
from tiles_server.tilejson import source_layers, tilejson

if TYPE_CHECKING:
    from tiles_server.manifest import Layer
    from tiles_server.releases import Release, Releases
    from tiles_server.tileset import Tileset

CONFORMS = [
    f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{part}"
    for part in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "png")
]
MATRICES = "WebMercatorQuad"
"""The one tile matrix set there is (OGC 17-083r4, annex D.1). Tiles of 512 pixels cover the same
ground as its tiles of 256; how many they have is said in the TileJSON."""
MATRICES_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-{}"
TILEJSON = "application/vnd.mapbox.tile+json"


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    tilesets = Blueprint("tilesets", __name__)
    tilesets.after_request(open_to_all)

    def find(layer: str, kind: str, matrices: str = MATRICES) -> tuple[Release, Tileset]:
        release = releases.current()
        offered = release.layer(layer)
        if "pmtiles" not in offered.artefacts or kind != kind_of(offered):
            raise UnknownNameError(f"layer '{layer}' has no {kind} tiles")
        if matrices != MATRICES:
            raise UnknownNameError(f"tiles are in {MATRICES}, not in '{matrices}'")
        return release, release.tileset(layer)

    def answer_list(layer: str, kind: str) -> Response:
        _, tileset = find(layer, kind)
        listed = {key: v for key, v in _described(tileset, layer, kind).items() if key != "layers"}
        here = url_for(f"tilesets.{kind}_list", layer=layer, _external=True)
        links = [{"rel": "self", "href": here, "type": "application/json"}]
        return document({"links": links, "tilesets": [listed]})

    def answer_one(layer: str, kind: str, matrices: str) -> Response:
        release, tileset = find(layer, kind, matrices)
        if request.args.get("f") == "tilejson":
            said = tilejson(tileset, release.published(layer), language())
            template = _template(tileset, layer, kind).replace("{tileMatrix}", "{z}")
            said["tiles"] = [template.replace("{tileRow}", "{y}").replace("{tileCol}", "{x}")]
            return document(said)
        return document(_described(tileset, layer, kind))

    def refuse(layer: str, kind: str, matrices: str, address: str) -> NoReturn:
        find(layer, kind, matrices)
        raise UnknownNameError(
            f"tiles of '{layer}' are …/{MATRICES}/{{z}}/{{y}}/{{x}} with whole numbers; "
            f"{address} is not one"
        )

    @tilesets.get("/collections/<layer>/tiles")
    def vector_list(layer: str) -> Response:
        return answer_list(layer, "vector")

    @tilesets.get("/collections/<layer>/tiles/<tms>")
    def vector(layer: str, tms: str) -> Response:
        return answer_one(layer, "vector", tms)

    @tilesets.get("/collections/<layer>/tiles/<tms>/<z>/<y>/<x>")
    def vector_tile(layer: str, tms: str, z: str, y: str, x: str) -> NoReturn:
        refuse(layer, "vector", tms, f"{z}/{y}/{x}")

    @tilesets.get("/collections/<layer>/map/tiles")
    def map_list(layer: str) -> Response:
        return answer_list(layer, "map")

    @tilesets.get("/collections/<layer>/map/tiles/<tms>")
    def map(layer: str, tms: str) -> Response:
        return answer_one(layer, "map", tms)

    @tilesets.get("/collections/<layer>/map/tiles/<tms>/<z>/<y>/<x>")
    def map_tile(layer: str, tms: str, z: str, y: str, x: str) -> NoReturn:
        refuse(layer, "map", tms, f"{z}/{y}/{x}")

    return tilesets


def kind_of(layer: Layer) -> str:
    """Return ``map`` for rasters, ``vector`` for layers of features."""
    return "vector" if layer.raster is None else "map"


def tilesets_link(name: str, layer: Layer) -> list[dict[str, str]]:
    """Return the link of a collection to its tilesets, if it has tiles."""
    if "pmtiles" not in layer.artefacts:
        return []
    kind = kind_of(layer)
    href = url_for(f"tilesets.{kind}_list", layer=name, _external=True)
    return [{"rel": RELATION.format(kind), "href": href, "type": "application/json"}]


def _template(tileset: Tileset, layer: str, kind: str) -> str:
    root = url_for(f"tilesets.{kind}", layer=layer, tms=MATRICES, _external=True)
    return f"{root}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?v={tileset.version}"


def _described(tileset: Tileset, layer: str, kind: str) -> dict[str, Any]:
    here = url_for(f"tilesets.{kind}", layer=layer, tms=MATRICES, _external=True)
    west, south, east, north = tileset.bounds
    return {
        "title": layer,
        "dataType": kind,
        "crs": CRS,
        "tileMatrixSetURI": MATRICES_URI,
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north]},
        "tileMatrixSetLimits": [
            {
                "tileMatrix": str(zoom), "minTileRow": first_y, "maxTileRow": last_y,
                "minTileCol": first_x, "maxTileCol": last_x,
            }
            for zoom, (first_x, first_y, last_x, last_y) in enumerate(
                tileset.ranges, tileset.minzoom
            )
        ],
        "layers": [
            {"id": name, "dataType": kind} for name in source_layers(tileset)
        ] if kind == "vector" else [],
        "links": [
            {"rel": "self", "href": here, "type": "application/json"},
            {"rel": "item", "href": _template(tileset, layer, kind), "templated": True,
             "type": tileset.media_type},
            {"rel": "alternate", "href": f"{here}?f=tilejson", "type": TILEJSON},
            {"rel": "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "href": MATRICES_URI},
        ],
    }  # fmt: skip
