"""The server's own static files, under an address that changes with their content.

``/static/<version>/…`` may be kept for ever; the files may name each other by relative addresses.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, send_file, url_for
from werkzeug.security import safe_join

from tiles_server.caching import LATEST, TILE_VERSIONED
from tiles_server.errors import UnknownNameError
from tiles_server.tile_middleware import takes_gzip

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "static"
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


def blueprint() -> Blueprint:
    """Return the blueprint that serves the static files."""
    assets = Blueprint("assets", __name__)

    @assets.get("/static/<version>/<path:file>")
    def static_file(version: str, file: str) -> Response:
        found = safe_join(str(FOLDER), file)
        media_type = MEDIA_TYPES.get(Path(file).suffix)
        if found is None or media_type is None or len(file) > 200 or not Path(found).is_file():
            raise UnknownNameError(f"no static file '{file}'")
        path = Path(found)
        packed = path.with_name(path.name + ".gz")
        gzipped = packed.is_file() and takes_gzip(request.headers.get("Accept-Encoding"))
        response = send_file(packed if gzipped else path, mimetype=media_type, conditional=True)
        if gzipped:
            response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        response.headers["Cache-Control"] = (
            TILE_VERSIONED if version == static_version() else LATEST
        )
        return response

    return assets
