"""What the server answers when it cannot answer, and the one table from error to status.

ServerError
├── NoReleaseError        nothing has been published yet, or nothing readable
├── BrokenReleaseError    the release that `current` names cannot be served
├── UnknownNameError      no such layer, feed, map, file or tile
├── BusyError             too many downloads at once
├── UnavailableError      announcements or departures cannot be read at the moment
├── DiskError             the disk is full, read-only or failing
├── AccountError          an account cannot be made, read or used
├── BadQueryError         a parameter of the query cannot be understood
├── UnacceptableError     no form of the answer is one the client accepts
├── VendorError           the map library cannot be set up
└── StartError            the server cannot start as it is told to
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import current_app, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from pipeline.errors import TonariError
from pipeline.storage import trouble_of
from tiles_server.language import messages
from tiles_server.protocol.negotiation import asks_for_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask, Response
    from werkzeug import Response as Answer

LOG = logging.getLogger(__name__)


class ServerError(TonariError):
    """Base of the server's errors; its text is one line that may be shown to anybody."""


class NoReleaseError(ServerError):
    """Nothing has been published yet."""


class BrokenReleaseError(ServerError):
    """The release that `current` names cannot be served as it stands."""


class UnknownNameError(ServerError):
    """The current release has no such layer, feed, map, file or tile."""


class BusyError(ServerError):
    """As many downloads as this process may send at once are under way."""


class UnavailableError(ServerError):
    """What the server was handed for feeds cannot do its work at the moment."""


class AccountError(ServerError):
    """An account cannot be made, removed or read."""


class DiskError(ServerError):
    """The disk that the server writes to is full, read-only or failing."""


class BadQueryError(ServerError):
    """A parameter of the query cannot be understood."""


class UnacceptableError(ServerError):
    """There is no form of the answer that the client accepts."""


class VendorError(ServerError):
    """The map library cannot be fetched, checked or copied into place."""


class StartError(ServerError):
    """The server cannot start as it is told to."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an error is told: its status, and the sentence of ``messages.yaml`` people read."""

    status: HTTPStatus
    sentence: str


ERRORS: dict[type[Exception], Told] = {
    NoReleaseError: Told(HTTPStatus.SERVICE_UNAVAILABLE, "error_503"),
    BrokenReleaseError: Told(HTTPStatus.SERVICE_UNAVAILABLE, "error_503"),
    BusyError: Told(HTTPStatus.SERVICE_UNAVAILABLE, "error_busy"),
    UnavailableError: Told(HTTPStatus.SERVICE_UNAVAILABLE, "error_unavailable"),
    DiskError: Told(HTTPStatus.SERVICE_UNAVAILABLE, "error_storage"),
    AccountError: Told(HTTPStatus.SERVICE_UNAVAILABLE, "error_unavailable"),
    UnknownNameError: Told(HTTPStatus.NOT_FOUND, "error_404"),
    BadQueryError: Told(HTTPStatus.BAD_REQUEST, "error_400"),
    UnacceptableError: Told(HTTPStatus.NOT_ACCEPTABLE, "error_406"),
}
"""Every error that may reach a client, its subclasses too. What is not here is a defect: 500."""

PEOPLE = ("/maps/", "/layers/", "/desk")
"""Addresses a person opens; the rest is for programs unless the client asks for HTML."""


def told(error: BaseException) -> Told | None:
    """Return how `error` is told: as its class, or the nearest class above it, says."""
    return next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), None)


def raise_disk_trouble(error: BaseException) -> None:
    """Raise DiskError if the disk is why `error` came about."""
    trouble = trouble_of(error)
    if trouble:
        LOG.error("the disk of the data folder is %s: %s", trouble, error)
        raise DiskError(f"the disk of the server's data is {trouble}") from error


@contextmanager
def handed_over(what: str) -> Iterator[None]:
    """Say that `what` is not available when a part the server was handed fails with a reason.

    Raises
    ------
    UnavailableError
        The reason is in the server's log, for it may name files.
    """
    try:
        yield
    except ServerError:
        raise
    except (TonariError, FileNotFoundError) as error:  # the latter: pruned this very moment
        raise_disk_trouble(error)
        LOG.exception("%s", what)
        raise UnavailableError(f"{what} cannot be read at the moment") from error


def register(app: Flask) -> None:
    """Make `app` answer every error as JSON to a program and as a page to a person."""
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_error)


def _answer_error(error: Exception) -> Answer:
    """Answer an error of ours as the table says, a full disk as that, and the rest as a defect."""
    known, detail = told(error), str(error)
    trouble = None if isinstance(error, DiskError) else trouble_of(error)
    if trouble and (known is None or known.status is HTTPStatus.SERVICE_UNAVAILABLE):
        LOG.error("the disk of the data folder is %s: %s", trouble, error)
        known, detail = ERRORS[DiskError], f"the disk of the server's data is {trouble}"
    if known is None:
        LOG.error("defect while answering %s", request.path, exc_info=error)
        return _answer(Told(HTTPStatus.INTERNAL_SERVER_ERROR, "error_other"), "")
    if known.status is HTTPStatus.NOT_FOUND and (target := _without_slash()):
        return redirect(target, 308)
    answer = _answer(known, detail)
    if known.status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "5"
    return answer


def _answer_http(error: HTTPException) -> Answer | HTTPException:
    if error.code is None or error.code < 400:  # a redirect is no error
        return error
    if error.code == HTTPStatus.NOT_FOUND and (target := _without_slash()):
        return redirect(target, 308)
    sentence = f"error_{error.code}"
    known = Told(HTTPStatus(error.code), sentence if sentence in messages() else "error_other")
    answer = _answer(known, error.description or "")
    if error.response is None:
        for name, value in error.get_headers():
            if name.lower() in {"allow", "content-range", "retry-after"}:
                answer.headers[name] = value
    return answer


def _answer(known: Told, detail: str) -> Response:
    status = known.status
    if wants_page():
        try:
            return make_response(
                render_template(
                    "error.html", status=status, sentence=known.sentence, detail=detail
                ),
                status,
            )
        except Exception:  # a page of errors that fails would hide what it is about
            LOG.exception("the page of error %s", int(status))
    return make_response(
        jsonify(error=status.phrase, status=int(status), detail=detail), int(status)
    )


def _without_slash() -> str | None:
    """Return the address without the slash at its end, if there is one and it means something."""
    path = request.path
    if len(path) < 2 or not path.endswith("/") or path.endswith("//"):
        return None
    adapter = current_app.create_url_adapter(request)
    try:
        if adapter is None or not adapter.test(path[:-1], request.method):
            return None
    except HTTPException:
        return None
    target = quote(request.root_path.rstrip("/") + path[:-1], safe="/:@!$&'()*+,;=~")
    query = request.query_string.decode("latin-1")
    return f"{target}?{query}" if query else target


def wants_page() -> bool:
    """Tell whether the present request comes from a person at a browser."""
    accept = request.headers.get("Accept")
    if request.path.startswith(PEOPLE):
        return not request.path.endswith(".json")
    return asks_for_page(accept)
