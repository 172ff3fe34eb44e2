"""Putting the server together."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask, Response, request

from tiles_server import assets, errors
from tiles_server.caching import NEVER
from tiles_server.current import Releases
from tiles_server.desk.guard import Guard
from tiles_server.fast import TilePath
from tiles_server.language import language, messages, say
from tiles_server.moments import JAPAN, clock, clock_and_day, full_day, weekday
from tiles_server.notices import NoticeBoard
from tiles_server.origin import with_origin
from tiles_server.routes import data, desk, features, feeds, health, pages, realtime, tiles
from tiles_server.security import protect
from tiles_server.served import ServedFeeds

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication

    from tiles_server.ports import TransitMaker


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
    return with_origin(TilePath(followed, app), public_url, behind_proxy)


def flask_app(
    releases: Releases, maker: TransitMaker | None = None, staff: Path | None = None
) -> Flask:
    """Return the Flask application below the fast path."""
    transit = maker(ServedFeeds(releases)) if maker else None
    notices = NoticeBoard(transit)
    app = Flask("tiles_server", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024  # the largest form, with room
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        t=say,
        lang=language,
        asset=assets.asset,
        notices=notices.of,
        live=notices.live,
        clock=clock,
        full_day=full_day,
        weekday=weekday,
        relang=_relang,
        vendored=_vendored,
        type_name=partial(_known, "type"),
        geometry_name=partial(_known, "geometry"),
    )
    app.jinja_env.filters.update(value=_value, day=_day, moment=clock_and_day)
    errors.register(app)
    for blueprint in (tiles, features, health, pages):
        app.register_blueprint(blueprint.blueprint(releases))
    app.register_blueprint(data.blueprint(releases, notices))
    app.register_blueprint(realtime.blueprint(releases, transit))
    app.register_blueprint(feeds.blueprint(releases, transit))
    guard = Guard(staff) if staff else None
    if guard:
        guard.install(app)
    app.register_blueprint(desk.blueprint(releases, transit, guard))
    app.register_blueprint(assets.blueprint())
    app.after_request(_finish)
    return app


def _finish(response: Response) -> Response:
    if response.status_code >= 400:
        response.headers["Cache-Control"] = NEVER
    return protect(response)


def _known(kind: str, name: str) -> str:
    """Say `name` in words if there are words for it."""
    key = f"{kind}_{name}"
    return say(key) if key in messages() else name


def _vendored() -> bool:
    return assets.map_library_version() is not None


def _relang(tongue: str) -> str:
    """Return the address of the present page in another language."""
    return "?" + urlencode({**request.args.to_dict(), "lang": tongue})


def _value(value: object) -> str:
    """Show one value of a table to a person."""
    if value is None or value == "":
        return say("empty_value")
    if isinstance(value, bool):
        return say("yes_" if value else "no_")
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _day(moment: str) -> str:
    """Show the day of an ISO 8601 moment or of a GTFS date."""
    if len(moment) == 8 and moment.isdecimal():
        moment = f"{moment[:4]}-{moment[4:6]}-{moment[6:]}"
    if moment.endswith("Z"):
        moment = datetime.fromisoformat(moment).astimezone(JAPAN).isoformat()
    day = moment[:10]
    if language() == "ja" and len(day) == 10:
        year, month, number = day.split("-")
        return f"{year}年{int(month)}月{int(number)}日"
    return day
