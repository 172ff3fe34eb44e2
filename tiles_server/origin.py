"""The public address of the server: what it tells others to call it.

Out of the box the address is the one the request came to. Behind a proxy the operator says so
(``behind_proxy``) or, better, states the address (``public_url``): then nothing a client sends can
change what the server says of itself.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

from tiles_server.errors import StartError
from tiles_server.protocol.request_check import is_authority, plain_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


PREFIX = re.compile(r"(?:/[\w.~!$&'()*+,;=:@%-]+)*/?", re.ASCII)


class PublicUrl:
    """A WSGI layer that makes every request look as if it came to `url`.

    Parameters
    ----------
    app
        The application below.
    url
        e.g. ``https://data.city.example.lg.jp/map``; a path in it is the prefix under which a
        proxy publishes the server (the proxy strips it).

    Raises
    ------
    StartError
        If `url` is no absolute http or https address.
    """

    def __init__(self, app: WSGIApplication, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not is_authority(parts.netloc):
            raise StartError(f"public URL '{url}' must start with https:// or http:// and a host")
        self.app = app
        self.known = {
            "wsgi.url_scheme": parts.scheme,
            "HTTP_HOST": parts.netloc,
            "SCRIPT_NAME": parts.path.rstrip("/"),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        environ.update(self.known)
        return self.app(environ, start_response)


def with_origin(
    app: WSGIApplication, public_url: str | None, behind_proxy: bool
) -> WSGIApplication:
    """Wrap `app` so that it knows its public address."""
    if public_url:
        # The address is stated; of what the proxy says, only who is asking is of use.
        known = PublicUrl(app, public_url)
        return ProxyFix(known, x_for=1, x_proto=0) if behind_proxy else known
    if behind_proxy:
        return ProxyFix(ForwardedCheck(app), x_for=1, x_proto=1, x_host=1, x_prefix=1)
    return app


class ForwardedCheck:
    """A WSGI layer that refuses what a proxy forwards when it is no address.

    Parameters
    ----------
    app
        The application below.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        scheme, prefix = environ["wsgi.url_scheme"], environ.get("SCRIPT_NAME", "")
        if (
            scheme not in ("http", "https")
            or not is_authority(environ.get("HTTP_HOST", ""))
            or not PREFIX.fullmatch(prefix)
        ):
            detail = "X-Forwarded-Proto, -Host and -Prefix must be a scheme, a host and a path"
            return plain_answer(environ, start_response, HTTPStatus.BAD_REQUEST, detail)
        return self.app(environ, start_response)
