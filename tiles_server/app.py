"""Putting the server together."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask, Response, request
from flask import Request as FlaskRequest

from tiles_server import assets, errors
from tiles_server.alerts import AlertBoard
from tiles_server.caching import NEVER
from tiles_server.desk.guard import Guard
from tiles_server.formatting import (
    clock,
    clock_and_day,
    foreign,
    full_day,
    shown_day,
    shown_value,
    spoken,
    term,
    weekday,
)
from tiles_server.language import language, say
from tiles_server.origin import with_origin
from tiles_server.parameters import QueryCheck
from tiles_server.protocol.answers import finish
from tiles_server.protocol.request_check import RequestCheck
from tiles_server.releases import PublishedFeeds, Releases
from tiles_server.routes import (
    data,
    desk,
    documents,
    embeds,
    features,
    feeds,
    health,
    pages,
    realtime,
    tiles,
    tilesets,
)
from tiles_server.security import protect
from tiles_server.tile_middleware import TileMiddleware

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication
    from werkzeug.routing import MapAdapter

    from tiles_server.interfaces import TransitMaker


def create_app(
    releases: Path,
    *,
    public_url: str | None = None,
    behind_proxy: bool = False,
    transit: TransitMaker | None = None,
    staff: Path | None = None,
    interval: float = 0.2,
) -> WSGIApplication:
    """Return the server as a WSGI application.

    Parameters
    ----------
    releases
        The folder that holds the releases and the link ``current``; it may still be empty.
    public_url
        The address the server is known by; from the request when absent.
    behind_proxy
        Believe the ``X-Forwarded-*`` headers of one proxy in front.
    transit
        Makes what the server knows of feeds beyond their files; without it there are no
        announcements and no departures.
    staff
        The folder of the accounts of those who may announce (:mod:`tiles_server.desk`).
    interval
        Seconds between two looks at ``current``.

    Raises
    ------
    StartError
        If `public_url` is no absolute address.
    """
    followed = Releases(releases, interval)
    app = flask_app(followed, transit, staff)
    return RequestCheck(with_origin(TileMiddleware(followed, app), public_url, behind_proxy))


def flask_app(
    releases: Releases, maker: TransitMaker | None = None, staff: Path | None = None
) -> Flask:
    """Return the Flask application below the fast path."""
    transit = maker(PublishedFeeds(releases)) if maker else None
    alerts = AlertBoard(transit)
    app = Server("tiles_server", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024  # the largest form, with room
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        t=say,
        lang=language,
        asset=assets.asset,
        alerts=alerts.of,
        live=alerts.live,
        foreign=foreign,
        clock=clock,
        full_day=full_day,
        weekday=weekday,
        relang=_relang,
        vendored=assets.map_library_version,
        type_name=partial(term, "type"),
        geometry_name=partial(term, "geometry"),
    )
    app.jinja_env.filters.update(
        value=shown_value, day=shown_day, moment=clock_and_day, spoken=spoken
    )
    errors.register(app)
    for blueprint in (tiles, tilesets, features, health, pages, documents, embeds):
        app.register_blueprint(blueprint.blueprint(releases))
    app.register_blueprint(data.blueprint(releases, alerts))
    app.register_blueprint(realtime.blueprint(releases, transit))
    app.register_blueprint(feeds.blueprint(releases, transit))
    guard = Guard(staff) if staff else None
    if guard:
        guard.install(app)
    app.register_blueprint(desk.blueprint(releases, transit, guard))
    app.register_blueprint(assets.blueprint())
    app.before_request(QueryCheck(data.api_description()))
    app.after_request(_finish)
    return app


class Request(FlaskRequest):
    """A request whose host has been looked at (:mod:`tiles_server.protocol.request_check`).

    Werkzeug knows no name with an underscore, which container networks have, and would write
    addresses without a host.
    """

    @cached_property
    def host(self) -> str:
        """Name and port the server is called by, without the port everybody assumes."""
        given = str(self.environ.get("HTTP_HOST", "")).lower()
        return given.removesuffix(":443" if self.scheme == "https" else ":80").removesuffix(":")


class Server(Flask):
    """Flask, finding its own address by :class:`Request`."""

    request_class = Request

    def create_url_adapter(self, request: FlaskRequest | None) -> MapAdapter | None:
        """Return what matches and writes addresses for `request`."""
        if request is None:
            return super().create_url_adapter(request)
        return self.url_map.bind(
            request.host,
            script_name=request.script_root,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.query_string.decode("latin-1"),
        )


def _finish(response: Response) -> Response:
    if response.status_code >= 400:
        response.headers["Cache-Control"] = NEVER
    return finish(protect(response))


def _relang(tongue: str) -> str:
    """Return the address of the present page in another language."""
    return "?" + urlencode({**request.args.to_dict(), "lang": tongue})
