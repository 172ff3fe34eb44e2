"""What the server answers when it cannot answer, and the one table from error to status.

ServerError
├── NoReleaseError        nothing has been published yet, or nothing readable
├── BrokenReleaseError    the release that `current` names cannot be served
├── UnknownNameError      no such layer, feed, map, file or tile
├── BusyError             too many downloads at once
├── UnavailableError      announcements or departures cannot be read at the moment
├── AccountError          an account cannot be made, read or used
├── BadQueryError         a parameter of the query cannot be understood
├── VendorError           the map library cannot be set up
└── StartError            the server cannot start as it is told to
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask, Response

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


class BadQueryError(ServerError):
    """A parameter of the query cannot be understood."""


class VendorError(ServerError):
    """The map library cannot be fetched, checked or copied into place."""


class StartError(ServerError):
    """The server cannot start as it is told to."""


STATUS: dict[type[Exception], HTTPStatus] = {
    NoReleaseError: HTTPStatus.SERVICE_UNAVAILABLE,
    BrokenReleaseError: HTTPStatus.SERVICE_UNAVAILABLE,
    BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    AccountError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnknownNameError: HTTPStatus.NOT_FOUND,
    BadQueryError: HTTPStatus.BAD_REQUEST,
}
"""Every error that may reach a client. What is not here is a defect and answers 500."""

PEOPLE = ("/maps/", "/layers/", "/desk")
"""Addresses a person opens; the rest is for programs unless the client asks for HTML."""


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
        LOG.exception("%s", what)
        raise UnavailableError(f"{what} cannot be read at the moment") from error


def register(app: Flask) -> None:
    """Make `app` answer every error as JSON to a program and as a page to a person."""
    for error in STATUS:
        app.register_error_handler(error, _answer_known)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_defect)


def _answer_known(error: Exception) -> tuple[Response | str, int, dict[str, str]]:
    status = STATUS[type(error)]
    waiting = status is HTTPStatus.SERVICE_UNAVAILABLE
    return (*_answer(status, str(error)), {"Retry-After": "5"} if waiting else {})


def _answer_http(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    if error.code is None or error.code < 400:  # a redirect is no error
        return error
    body, status = _answer(HTTPStatus(error.code), error.description or "")
    if error.response is None and not isinstance(body, str):
        for name, value in error.get_headers():
            if name.lower() in {"allow", "content-range", "retry-after"}:
                body.headers[name] = value
    return body, status


def _answer_defect(error: Exception) -> tuple[Response | str, int]:
    from flask import current_app  # noqa: PLC0415 - only a defect needs the logger

    current_app.logger.error("defect while answering %s", request.path, exc_info=error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "")


def _answer(status: HTTPStatus, detail: str) -> tuple[Response | str, int]:
    if wants_page():
        return render_template("error.html", status=status, detail=detail), status
    return jsonify(error=status.phrase, status=int(status), detail=detail), status


def wants_page() -> bool:
    """Tell whether the present request comes from a person at a browser."""
    accepts = request.accept_mimetypes
    if request.path == "/" or request.path.startswith(PEOPLE):
        return not request.path.endswith(".json")
    return accepts.best_match(["application/json", "text/html"]) == "text/html"
