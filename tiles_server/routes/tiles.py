"""Addresses for map programs: TileJSON, tiles (what the fast path leaves), archives, styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flask import Blueprint, Response, jsonify

from tiles_server.caching import LATEST, TILE_VERSIONED
from tiles_server.errors import UnknownNameError
from tiles_server.files import send_kept, send_latest
from tiles_server.language import language
from tiles_server.search import search_index
from tiles_server.security import open_to_all
from tiles_server.style import build_style
from tiles_server.tilejson import tilejson

if TYPE_CHECKING:
    from tiles_server.releases import Release, Releases


def document(content: object) -> Response:
    """Answer a JSON document under a stable address, with an entity tag."""
    response = jsonify(content)
    response.headers["Cache-Control"] = LATEST
    response.vary.add("Accept-Language")
    response.add_etag()
    return response


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    tiles = Blueprint("tiles", __name__)
    tiles.after_request(open_to_all)

    @tiles.get("/tiles/<tileset>.json")
    def tilejson_of(tileset: str) -> Response:
        release = releases.current()
        found = release.tileset(tileset)
        return document(tilejson(found, release.published(tileset), language()))

    @tiles.get("/tiles/<tileset>/<z>/<x>/<y>.<ending>")
    def tile(tileset: str, z: str, x: str, y: str, ending: str) -> NoReturn:
        known = releases.current().tileset(tileset)
        raise UnknownNameError(
            f"tiles of '{tileset}' are /tiles/{tileset}/{{z}}/{{x}}/{{y}}.{known.ending} with "
            f"whole numbers; {z}/{x}/{y}.{ending} is not one"
        )

    @tiles.get("/pmtiles/<tileset>.pmtiles")
    def pmtiles(tileset: str) -> Response:
        def find(release: Release) -> str:
            release.tileset(tileset)
            return release.published(tileset).artefacts["pmtiles"]

        return send_latest(releases, find, LATEST)

    @tiles.get("/pmtiles/<release>/<tileset>.pmtiles")
    def pmtiles_of_release(release: str, tileset: str) -> Response:
        kept = releases.retained(release)
        path = kept.published(tileset).artefacts.get("pmtiles")
        if path is None:
            raise UnknownNameError(f"no tileset named '{tileset}' in release {release}")
        return send_kept(kept, path, TILE_VERSIONED)

    @tiles.get("/maps/<map>/style.json")
    def style(map: str) -> Response:
        return document(build_style(releases.current(), map, language()))

    @tiles.get("/maps/<map>/search.json")
    def search(map: str) -> Response:
        return document(search_index(releases.current(), map, language()))

    return tiles
