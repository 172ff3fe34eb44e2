"""Addresses for whoever watches the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from tiles_server.assets import map_library_version
from tiles_server.caching import NEVER
from tiles_server.errors import NoReleaseError

if TYPE_CHECKING:
    from tiles_server.releases import Releases


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Response:
        """Alive: always 200, with what is being served and what is wrong, if anything."""
        return _state(releases)

    @health.get("/readyz")
    def readyz() -> Response:
        """Ready: 200 when there is a release to answer from, else 503."""
        response = _state(releases)
        if response.get_json()["release"] is None:
            response.status_code = 503
        return response

    return health


def _state(releases: Releases) -> Response:
    try:
        release: str | None = releases.current().id
    except NoReleaseError:
        release = None
    response = jsonify(
        status="ok" if release and not releases.problem else "degraded",
        release=release,
        problem=releases.problem or None,
        map_library=map_library_version(),
    )
    response.headers["Cache-Control"] = NEVER
    return response
