"""Addresses for data programs: the catalogue, downloads of layers, feeds."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from ruamel.yaml import YAML

from tiles_server.caching import LATEST, TILE_VERSIONED
from tiles_server.catalogue import catalogue
from tiles_server.errors import UnknownNameError
from tiles_server.files import send_kept, send_latest
from tiles_server.routes.documents import document_page
from tiles_server.routes.tiles import document
from tiles_server.security import REPORT_POLICY, open_to_all, protect

if TYPE_CHECKING:
    from tiles_server.alerts import AlertBoard
    from tiles_server.manifest import Published
    from tiles_server.releases import Release, Releases


def blueprint(releases: Releases, alerts: AlertBoard) -> Blueprint:
    """Return the blueprint over `releases`; timetables show what `alerts` has."""
    data = Blueprint("data", __name__)
    data.after_request(open_to_all)

    @data.get("/catalog")
    def catalog() -> Response:
        return document(catalogue(releases.current(), alerts.live))

    @data.get("/manifest.json")
    def manifest() -> Response:
        return _of_release(releases, "manifest.json", "application/json")

    @data.get("/manifest.json.sig")
    def signature() -> Response:
        return _of_release(releases, "manifest.json.sig", "text/plain; charset=utf-8")

    @data.get("/federation.json")
    def federation() -> Response:
        manifest = releases.current().manifest
        return document(
            {
                "publisher": manifest.publisher.model_dump(),
                "release": manifest.release,
                "created": manifest.created,
                "signing": manifest.signing or None,
                "neighbours": manifest.neighbours,
            }
        )

    @data.get("/openapi.json")
    def openapi() -> Response:
        return document({**api_description(), "servers": [{"url": request.url_root.rstrip("/")}]})

    @data.get("/downloads/latest/<file>")
    def latest_download(file: str) -> Response:
        return send_latest(releases, lambda release: _layer_file(release, file), LATEST)

    @data.get("/downloads/<release>/<file>")
    def download(release: str, file: str) -> Response:
        kept = releases.retained(release)
        return send_kept(kept, _layer_file(kept, file), TILE_VERSIONED)

    @data.get("/gtfs/<feed>.zip")
    def gtfs(feed: str) -> Response:
        return send_latest(releases, lambda release: _gtfs(release, feed), LATEST)

    @data.get("/gtfs/<feed>/<file>")
    def gtfs_file(feed: str, file: str) -> Response:
        if not file.endswith(".html"):
            return send_latest(releases, lambda r: _named(r.feed(feed), file), LATEST)
        shown = document_page(
            releases, lambda r: _named(r.feed(feed), file), feed, alerts if _timed(file) else None
        )
        if shown is not None:
            return shown
        response = send_latest(releases, lambda r: _named(r.feed(feed), file), LATEST)
        return protect(response, REPORT_POLICY)

    @data.get("/findings.csv")
    def findings() -> Response:
        return _of_release(releases, "findings.csv", "text/csv; charset=utf-8")

    return data


def _timed(file: str) -> bool:
    """Tell whether a page says when something departs, so that cancellations belong on it."""
    return file.startswith("timetable")


def _of_release(releases: Releases, file: str, media_type: str) -> Response:
    """Answer the exact bytes of a file that is about the release as a whole."""
    release = releases.current()
    try:
        content = (release.folder / file).read_bytes()
    except OSError:
        raise UnknownNameError(f"release {release.id} has no {file}") from None
    response = Response(content, content_type=media_type)
    response.headers["Cache-Control"] = LATEST
    response.add_etag()
    return response


@cache
def api_description() -> dict[str, Any]:
    """Read the OpenAPI description of the server; the server's own address is not in it."""
    text = resources.files("tiles_server").joinpath("openapi.yaml").read_text(encoding="utf-8")
    description: dict[str, Any] = YAML(typ="safe").load(text)
    shared = description.pop("x-shared-responses")
    for methods in description["paths"].values():
        for operation in methods.values():
            for status, name in (shared["all"] | shared[operation["tags"][0]]).items():
                answer = {"$ref": f"#/components/responses/{name}"}
                operation["responses"].setdefault(status, answer)
    return description


def _layer_file(release: Release, file: str) -> str:
    name = file.split(".", 1)[0]
    return _named(release.layer(name), file)


def _gtfs(release: Release, feed: str) -> str:
    path = release.feed(feed).artefacts.get("gtfs")
    if path is None:
        raise UnknownNameError(f"feed '{feed}' has no GTFS file in the current release")
    return path


def _named(published: Published, file: str) -> str:
    for path in published.artefacts.values():
        if path.rsplit("/", 1)[-1] == file:
            return path
    raise UnknownNameError(f"no file '{file}' in this release")
