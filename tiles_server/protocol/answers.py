"""The last step of every answer: its coding, its entity tag, and whether the client has it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, json, request

from tiles_server.caching import NEVER
from tiles_server.protocol.coding import KEPT, compress, is_text
from tiles_server.protocol.conditions import Validators, verdict
from tiles_server.protocol.negotiation import coding

if TYPE_CHECKING:
    from datetime import datetime


def finish(response: Response) -> Response:
    """Compress `response` if the client wants that, and leave out what the client has.

    What a view has compressed itself stays as it is; a stream (a file) has been finished by
    :mod:`tiles_server.files`.
    """
    if response.direct_passthrough or response.status_code in (204, 304):
        return response
    if is_text(response.content_type or ""):
        response.vary.add("Accept-Encoding")
        if "Content-Encoding" not in response.headers and not _encode(response):
            return unacceptable(response)
    if response.status_code == HTTPStatus.OK and request.method in ("GET", "HEAD"):
        _compare(response)
    return response


def _encode(response: Response) -> bool:
    """Compress the body; tell whether it is now in a form that the client takes."""
    content = response.get_data()
    chosen = coding(request.headers.get("Accept-Encoding")) if content else "identity"
    if chosen is None:
        return response.status_code >= 300  # said in the plain form rather than not at all
    if chosen == "identity":
        return True
    tag, _ = response.get_etag()
    packed = KEPT.of(tag, content, chosen) if tag else compress(content, chosen)
    response.set_data(packed)
    response.headers["Content-Encoding"] = chosen
    if tag:
        response.set_etag(f"{tag}-{chosen}")
    return True


def _compare(response: Response) -> None:
    tag, weak = response.get_etag()
    if tag is None or weak:
        return
    modified: datetime | None = response.last_modified
    decided = verdict(request.environ, Validators(f'"{tag}"', modified))
    if decided is HTTPStatus.NOT_MODIFIED:
        not_modified(response)
    elif decided is HTTPStatus.PRECONDITION_FAILED:
        failed_condition(response)


def not_modified(response: Response) -> Response:
    """Make `response` say that the client's copy is good."""
    response.status_code = 304
    response.set_data(b"")
    for name in ("Content-Length", "Content-Type", "Content-Encoding", "Content-Language"):
        response.headers.pop(name, None)
    return response


def failed_condition(response: Response) -> Response:
    """Make `response` say that the content is not the one the client means."""
    return _refuse(response, HTTPStatus.PRECONDITION_FAILED, "the content is another one by now")


def unacceptable(response: Response) -> Response:
    """Make `response` say that there is no form of it that the client takes."""
    detail = "there is no form of this that Accept or Accept-Encoding allows"
    return _refuse(response, HTTPStatus.NOT_ACCEPTABLE, detail)


def _refuse(response: Response, status: HTTPStatus, detail: str) -> Response:
    for name in ("Content-Encoding", "ETag", "Last-Modified", "Content-Disposition"):
        response.headers.pop(name, None)
    response.direct_passthrough = False
    response.status_code = status
    response.content_type = "application/json"
    response.headers["Cache-Control"] = NEVER
    refused = {"error": status.phrase, "status": int(status), "detail": detail}
    response.set_data(json.dumps(refused))
    return response
