"""OGC API - Features, part 1 core (OGC 17-069r4), over the layers of the current release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request, url_for

from tiles_server.caching import LATEST
from tiles_server.features import CRS84, feature, features_of, find, read_query
from tiles_server.language import language
from tiles_server.links import KINDS, downloads
from tiles_server.raster import value_at
from tiles_server.routes.tiles import document
from tiles_server.routes.tilesets import CONFORMS as TILES
from tiles_server.routes.tilesets import tilesets_link
from tiles_server.security import open_to_all

if TYPE_CHECKING:
    from tiles_server.features import Answer, Query
    from tiles_server.manifest import Layer
    from tiles_server.releases import Release, Releases

    Link = dict[str, str]

CONFORMS = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "geojson")
]
GEOJSON = "application/geo+json"


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    ogc = Blueprint("ogc", __name__)
    ogc.after_request(open_to_all)

    @ogc.get("/conformance")
    def conformance() -> Response:
        return document({"conformsTo": CONFORMS + TILES})

    @ogc.get("/collections")
    def collections() -> Response:
        layers = releases.current().manifest.layers.items()
        return document(
            {
                "links": [_link("self", url_for("ogc.collections", _external=True))],
                "collections": [_collection(n, la) for n, la in layers if _offered(la)],
            }
        )

    @ogc.get("/collections/<layer>")
    def collection(layer: str) -> Response:
        return document(_collection(layer, releases.current().layer(layer)))

    @ogc.get("/collections/<layer>/at")
    def at(layer: str) -> Response:
        release = releases.current()
        lon, lat = request.args.get("lon", ""), request.args.get("lat", "")
        return document(value_at(release.folder, layer, release.layer(layer), lon, lat))

    @ogc.get("/collections/<layer>/items")
    def items(layer: str) -> Response:
        release = releases.current()
        return _items(release, layer, release.layer(layer))

    @ogc.get("/collections/<layer>/items/<feature_id>")
    def item(layer: str, feature_id: str) -> Response:
        found = feature(features_of(releases.current(), layer), feature_id)
        links = [
            _link("self", request.base_url, GEOJSON),
            _link("collection", url_for("ogc.collection", layer=layer, _external=True)),
        ]
        return _geojson(found[:-1] + b',"links":' + orjson.dumps(links) + b"}")

    return ogc


def landing(release: Release) -> Response:
    """Answer the landing page to a program; people get the portal under the same address."""
    publisher = release.manifest.publisher
    return document(
        {
            "title": publisher.name.best(language()),
            "description": "Tonari",
            "links": [
                _link("self", url_for("pages.portal", f="json", _external=True)),
                _link("alternate", url_for("pages.portal", _external=True), "text/html"),
                _link(
                    "service-desc",
                    url_for("data.openapi", _external=True),
                    "application/vnd.oai.openapi+json;version=3.1",
                ),
                _link("conformance", url_for("ogc.conformance", _external=True)),
                _link("data", url_for("ogc.collections", _external=True)),
            ],
        }
    )


def _offered(layer: Layer) -> bool:
    return "parquet" in layer.artefacts or layer.raster is not None


def _link(rel: str, href: str, kind: str = "application/json", title: str = "") -> Link:
    link = {"rel": rel, "href": href, "type": kind, "title": title}
    return {key: value for key, value in link.items() if value}


def _collection(name: str, layer: Layer) -> dict[str, Any]:
    files = downloads(layer)
    described: dict[str, Any] = {
        "id": name,
        "title": layer.title.best(language()) or name,
        "description": layer.description.best(language()),
        "attribution": layer.attribution,
        "itemType": "feature" if layer.raster is None else "",
        "crs": [CRS84],
        "links": [
            _link("self", url_for("ogc.collection", layer=name, _external=True)),
            *_content(name, layer),
            *tilesets_link(name, layer),
            _link("alternate", url_for("pages.layer", layer=name, _external=True), "text/html"),
            *(_link("enclosure", href, "", KINDS.get(kind, kind)) for kind, href in files.items()),
        ],
    }
    if layer.extent:
        described["extent"] = {"spatial": {"bbox": [list(layer.extent)], "crs": CRS84}}
    return {key: value for key, value in described.items() if value}


def _content(name: str, layer: Layer) -> list[Link]:
    """Return where the features of a layer are, or the value of a raster at a place."""
    if layer.raster is None:
        return [_link("items", url_for("ogc.items", layer=name, _external=True), GEOJSON)]
    if "cog" not in layer.artefacts:
        return []
    return [_link("position", url_for("ogc.at", layer=name, _external=True))]


def _items(release: Release, name: str, layer: Layer) -> Response:
    source = features_of(release, name)
    query = read_query(request.args.to_dict(), layer, source.kinds)
    answer = find(source, query)
    if request.args.get("f") == "csv":
        return _table(name, layer, answer)
    about = {
        "type": "FeatureCollection",
        "numberMatched": answer.matched,
        "numberReturned": len(answer.features),
        "links": [
            _link("self", _self(), GEOJSON),
            _link("collection", url_for("ogc.collection", layer=name, _external=True)),
            *_neighbours(query, answer.matched),
        ],
    }
    # The features are text already: what is said about them is written before them.
    opening = orjson.dumps(about)[:-1] + b',"features":['
    return _geojson(opening + b",\n".join(answer.features) + b"]}")


def _table(name: str, layer: Layer, answer: Answer) -> Response:
    from tiles_server.spreadsheet import csv_of  # noqa: PLC0415 - only for those who ask for it

    response = Response(csv_of(layer, answer.features), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-selected.csv"'
    response.headers["OGC-NumberMatched"] = str(answer.matched)
    response.headers["OGC-NumberReturned"] = str(len(answer.features))
    response.headers["Cache-Control"] = LATEST
    response.add_etag()
    return response


def _self() -> str:
    query = request.query_string.decode("latin-1")  # as it came, escapes and all
    return f"{request.base_url}?{query}" if query else request.base_url


def _neighbours(query: Query, matched: int) -> list[Link]:
    links = []
    if query.offset + query.limit < matched:
        links.append(_link("next", _page(query.offset + query.limit, query.limit), GEOJSON))
    if query.offset:
        links.append(_link("prev", _page(max(0, query.offset - query.limit), query.limit), GEOJSON))
    return links


def _page(offset: int, limit: int) -> str:
    given = request.args.to_dict() | {"offset": str(offset), "limit": str(limit)}
    return f"{request.base_url}?{urlencode(given)}"


def _geojson(content: bytes) -> Response:
    response = Response(content, mimetype=GEOJSON)
    response.headers["Cache-Control"] = LATEST
    response.add_etag()
    return response
