"""The WSGI fast path: tiles are answered here, before Flask's routing; all else goes on to Flask.

Measured on two cores, Flask's routing, request and response objects cost three times what finding
and sending a tile does. So this module handles the environ itself and is deliberately plain.
"""

from __future__ import annotations

import gzip
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline.errors import TonariError
from tiles_server.caching import TILE_LATEST, TILE_VERSIONED
from tiles_server.errors import NoReleaseError
from tiles_server.protocol.conditions import Validators, verdict
from tiles_server.protocol.negotiation import takes_gzip, takes_plain
from tiles_server.protocol.request_check import plain_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from tiles_server.releases import Releases
    from tiles_server.tileset import Tileset

    Body = list[bytes]
    Headers = list[tuple[str, str]]

# One way to write each address: no leading zeros, no signs, ASCII digits only.
ADDRESS = re.compile(
    r"/tiles/([a-z][a-z0-9_]*)/(0|[1-9][0-9]?)/(0|[1-9][0-9]{0,9})/(0|[1-9][0-9]{0,9})\.([a-z]+)",
    re.ASCII,
)
# The same tiles as OGC 20-057 addresses them: row before column, of a raster as a map.
BY_ROW = re.compile(
    r"/collections/([a-z][a-z0-9_]*)(/map)?/tiles/WebMercatorQuad"
    r"/(0|[1-9][0-9]?)/(0|[1-9][0-9]{0,9})/(0|[1-9][0-9]{0,9})",
    re.ASCII,
)
VERSION = re.compile(r"v=[^&]*")
LOG = logging.getLogger(__name__)
OPEN: Headers = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("X-Content-Type-Options", "nosniff"),
]


class TileMiddleware:
    """A WSGI application that answers tiles of the current release and passes on the rest.

    Parameters
    ----------
    releases
        Where the current release comes from.
    app
        What answers everything that is not a tile of a known tileset.
    """

    def __init__(self, releases: Releases, app: WSGIApplication) -> None:
        self.releases = releases
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            found = self._found(environ["PATH_INFO"])
            if found is not None:
                return self.tile(*found, environ, start_response)
        return self.app(environ, start_response)

    def _found(self, path: str) -> tuple[Tileset, tuple[int, int, int]] | None:
        """Return tileset and z, x, y of an address; nothing if it is of no tile there may be."""
        match, by_row = ADDRESS.fullmatch(path), None
        if match is None and path.startswith("/collections/"):
            by_row = BY_ROW.fullmatch(path)
        if match is not None:
            name, z, x, y, ending = match.groups()
        elif by_row is not None:
            name, shown, z, y, x = by_row.groups()
        else:
            return None
        try:
            release = self.releases.current()
        except NoReleaseError:
            return None
        tileset = release.tilesets.get(name)
        if tileset is None:
            return None
        if match is not None:
            fits = tileset.ending == ending
        else:
            # Feeds have tilesets, but are no collections.
            fits = name in release.manifest.layers and (tileset.ending == "mvt") == (not shown)
        return (tileset, (int(z), int(x), int(y))) if fits else None

    @staticmethod
    def tile(
        tileset: Tileset,
        address: tuple[int, int, int],
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Body:
        """Answer one tile; a damaged archive is a defect of the server, said in its log."""
        try:
            return _answer(tileset, address, environ, start_response)
        except TonariError:
            LOG.exception("tile %s of %s", address, tileset.name)
            return plain_answer(environ, start_response, HTTPStatus.INTERNAL_SERVER_ERROR, "")


def _answer(
    tileset: Tileset,
    address: tuple[int, int, int],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Body:
    query = environ.get("QUERY_STRING", "")
    if query and not VERSION.fullmatch(query):
        detail = "a tile has the parameter v only, once"
        return plain_answer(environ, start_response, HTTPStatus.BAD_REQUEST, detail)
    headers = [*OPEN, ("Cache-Control", _lifetime(tileset, query))]
    stored = tileset.archive.get(*address)
    if stored is not None:
        return _send(tileset, address, stored, headers, environ, start_response)
    # Only for what is not there do bounds matter: archives of others may hold tiles beyond theirs.
    if tileset.covers(*address):
        start_response("204 No Content", headers)
    else:
        start_response("404 Not Found", [*headers, ("Content-Length", "0")])
    return []


def _send(
    tileset: Tileset,
    address: tuple[int, int, int],
    stored: memoryview,
    headers: Headers,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Body:
    tag = tileset.tag(address, stored)
    plain = False
    if tileset.gzipped:
        headers.append(("Vary", "Accept-Encoding"))
        accepted = environ.get("HTTP_ACCEPT_ENCODING")
        plain = not takes_gzip(accepted)
        if plain:
            if not takes_plain(accepted):
                return plain_answer(
                    environ, start_response, HTTPStatus.NOT_ACCEPTABLE, "tiles are gzip"
                )
            tag = f'{tag[:-1]}-plain"'  # other bytes, so another tag
        else:
            headers.append(("Content-Encoding", "gzip"))
    headers.append(("ETag", tag))
    decided = verdict(environ, Validators(tag))
    if decided is HTTPStatus.NOT_MODIFIED:
        start_response("304 Not Modified", headers)
        return []
    if decided is HTTPStatus.PRECONDITION_FAILED:
        return plain_answer(environ, start_response, decided, "the tile is another one by now")
    content = gzip.decompress(stored) if plain else bytes(stored)
    headers += [("Content-Type", tileset.media_type), ("Content-Length", str(len(content)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]


def _lifetime(tileset: Tileset, query: str) -> str:
    # Only the address that names the very version it gets may be kept for ever.
    return TILE_VERSIONED if query == f"v={tileset.version}" else TILE_LATEST
