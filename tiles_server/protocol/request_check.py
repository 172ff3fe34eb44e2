"""What is refused before anything looks at it: a host that is none, an address that cannot be read.

Everything behind this layer, the fast path of tiles and the pages of errors too, may rely on a
valid ``Host`` and on a path and a query that are UTF-8 (RFC 9112, section 3; RFC 9110, section 15).
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOG = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"})
"""What RFC 9110 and RFC 5789 define, CONNECT left out; whatever else is not implemented."""

LONGEST_HOST = 253
LONGEST_PATH, LONGEST_QUERY, MOST_PARAMETERS = 2_000, 8_000, 100

LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII | re.IGNORECASE)
"""One part of a name. The underscore is in no name of a host, but in those container networks
give their services."""

AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MALFORMED = re.compile(r"%(?![0-9A-Fa-f]{2})")


class RequestCheck:
    """A WSGI layer that answers impossible requests and passes on the rest.

    Whatever fails behind it without an answer is answered with 500 in the same plain form.

    Parameters
    ----------
    app
        What answers the rest.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        refused = refusal(environ)
        if refused is not None:
            return plain_answer(environ, start_response, *refused)
        if environ["PATH_INFO"] == "*":
            start_response("204 No Content", [("Allow", "GET, HEAD, OPTIONS")])
            return []
        try:
            return self.app(environ, start_response)
        except Exception:
            LOG.exception("defect while answering %s", environ["PATH_INFO"])
            return plain_answer(environ, start_response, HTTPStatus.INTERNAL_SERVER_ERROR, "")


def refusal(environ: WSGIEnvironment) -> tuple[HTTPStatus, str] | None:
    """Return why a request is refused; give one that may come without a host the server's own."""
    if environ["REQUEST_METHOD"] not in METHODS:
        return HTTPStatus.NOT_IMPLEMENTED, f"there is no method {environ['REQUEST_METHOD'][:20]}"
    if not environ.get("HTTP_HOST") and environ.get("SERVER_PROTOCOL") in ("HTTP/1", "HTTP/1.0"):
        environ["HTTP_HOST"] = _own_host(environ)
    host = environ.get("HTTP_HOST", "")
    if not is_authority(host):
        return HTTPStatus.BAD_REQUEST, "the header Host must be one name or address, with a port"
    return _path_refusal(environ) or _query_refusal(environ.get("QUERY_STRING", ""))


def _path_refusal(environ: WSGIEnvironment) -> tuple[HTTPStatus, str] | None:
    path = environ["PATH_INFO"]
    if len(path) > LONGEST_PATH:
        return HTTPStatus.REQUEST_URI_TOO_LONG, f"no path here has over {LONGEST_PATH} bytes"
    if path == "*" and environ["REQUEST_METHOD"] == "OPTIONS":
        return None
    if path.startswith("//"):
        return HTTPStatus.NOT_FOUND, "no address here begins with two slashes"
    if not path.startswith("/") or CONTROL.search(path):
        return HTTPStatus.BAD_REQUEST, "a path begins with / and has no control characters"
    if not path.isascii():
        try:
            path.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return HTTPStatus.BAD_REQUEST, "the path is not UTF-8"
    return None


def _query_refusal(query: str) -> tuple[HTTPStatus, str] | None:
    if len(query) > LONGEST_QUERY:
        return HTTPStatus.REQUEST_URI_TOO_LONG, f"no query here has over {LONGEST_QUERY} bytes"
    if query.count("&") >= MOST_PARAMETERS:
        return HTTPStatus.BAD_REQUEST, f"a query has at most {MOST_PARAMETERS} parameters"
    if MALFORMED.search(query):
        return HTTPStatus.BAD_REQUEST, "a % in a query is followed by two hexadecimal digits"
    try:
        readable = "\x00" not in unquote_to_bytes(query.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        readable = False
    return None if readable else (HTTPStatus.BAD_REQUEST, "the query is not UTF-8 text")


@lru_cache(maxsize=1024)
def is_authority(host: str) -> bool:
    """Tell whether `host` is a name or address with or without a port (RFC 3986, section 3.2.2)."""
    match = AUTHORITY.fullmatch(host)
    if match is None or int(match[2] or 0) > 65_535:
        return False
    name = match[1]
    if name.startswith("["):
        return _is_address(name[1:-1])
    labels = name.removesuffix(".").split(".")
    return 0 < len(name) <= LONGEST_HOST and all(LABEL.fullmatch(label) for label in labels)


def _is_address(text: str) -> bool:
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _own_host(environ: WSGIEnvironment) -> str:
    name, port = environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", "")
    return f"[{name}]:{port}" if ":" in name and name[0] != "[" else f"{name}:{port}"


def plain_answer(
    environ: WSGIEnvironment, start_response: StartResponse, status: HTTPStatus, detail: str
) -> list[bytes]:
    """Answer `status` as JSON, with nothing that could fail."""
    body = {"error": status.phrase, "status": int(status), "detail": detail}
    content = json.dumps(body).encode() + b"\n"
    start_response(
        f"{int(status)} {status.phrase}",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Access-Control-Allow-Origin", "*"),
        ],
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
