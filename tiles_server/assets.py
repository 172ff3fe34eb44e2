"""The server's own static files, under an address that changes with their content.

``/static/<version>/…`` may be kept for ever; the files may name each other by relative addresses.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, url_for
from werkzeug.security import safe_join

from tiles_server.bundling import script, styles
from tiles_server.caching import LATEST, TILE_VERSIONED
from tiles_server.errors import UnknownNameError
from tiles_server.protocol.negotiation import coding
from tiles_server.security import open_to_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(__file__).parent / "static"
ELEMENT = "tonari-map.js"
"""The one script that pages of others load, at ``/static/1/…``; 1 is the version of its words."""
LIBRARY = "vendor/maplibre-gl"
"""Folder of the map library below `FOLDER`; put there by ``python -m tiles_server.vendor``."""

MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@cache
def static_version() -> str:
    """Return a short hash over every static file, names included."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FOLDER).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def map_library_version() -> str | None:
    """Return the version of the map library, or None when it has not been set up."""
    try:
        return (FOLDER / LIBRARY / "VERSION").read_text(encoding="ascii").strip()
    except OSError:
        return None


def asset(file: str) -> str:
    """Return the address of static file `file`."""
    return url_for("assets.static_file", version=static_version(), file=file)


@lru_cache(maxsize=256)
def _tag_of(path: Path, size: int, modified: int) -> str:
    """Return the entity tag of a static file; it is read again only when it is another one."""
    del size, modified
    return hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()


BUNDLES: Mapping[str, Callable[[], bytes]] = {
    "map.bundle.js": partial(script, "map"),
    "map.bundle.css": partial(styles, "site.css", f"{LIBRARY}/maplibre-gl.css", "map.css"),
}
"""What the map page needs before its first tile, by file name."""

PACKED = {"br": ".br", "gzip": ".gz"}
"""Ending of what setup has packed, by coding; what has none is compressed when it is asked for."""


def _stored(path: Path) -> tuple[Path, str]:
    """Return the file to send for `path`, and its coding if it was packed at setup."""
    chosen = coding(request.headers.get("Accept-Encoding")) or ""
    packed = path.with_name(path.name + PACKED.get(chosen, ""))
    return (packed, chosen) if chosen in PACKED and packed.is_file() else (path, "")


def blueprint() -> Blueprint:
    """Return the blueprint that serves the static files."""
    assets = Blueprint("assets", __name__)

    @assets.get("/static/<version>/<path:file>")
    def static_file(version: str, file: str) -> Response:
        if file in BUNDLES:
            return _kept(Response(BUNDLES[file](), content_type=_media_type(file)), version)
        found = safe_join(str(FOLDER), file)
        media_type = _media_type(file)
        if found is None or media_type is None or len(file) > 200 or not Path(found).is_file():
            raise UnknownNameError(f"no static file '{file}'")
        path = Path(found)
        stored, packing = _stored(path)
        response = Response(stored.read_bytes(), content_type=media_type)
        state = stored.stat()
        response.set_etag(_tag_of(stored, state.st_size, state.st_mtime_ns))
        if packing:
            response.headers["Content-Encoding"] = packing
        return _kept(response, version)

    return assets


def _media_type(file: str) -> str | None:
    return MEDIA_TYPES.get(Path(file).suffix)


def _kept(response: Response, version: str) -> Response:
    """Say how long a file may be kept: for ever under the address of its own version."""
    if request.path.endswith(f"/{ELEMENT}"):
        open_to_all(response)
    if "ETag" not in response.headers:
        response.add_etag()
    current = version == static_version()
    response.headers["Cache-Control"] = TILE_VERSIONED if current else LATEST
    return response
