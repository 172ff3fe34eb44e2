"""Answering pages that came with a release, in the site's clothes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint

from tiles_server.errors import UnknownNameError
from tiles_server.language import language
from tiles_server.routes.pages import page
from tiles_server.security import DOCUMENT_POLICY, protect
from tiles_server.wrapping import document_of, with_addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from tiles_server.alerts import AlertBoard
    from tiles_server.releases import Release, Releases

REPORT = "report.html"


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    documents = Blueprint("documents", __name__)

    @documents.get("/report")
    def report() -> Response:
        release, found = document_of(releases, lambda _: REPORT, language())
        if found is None:
            raise UnknownNameError(f"release {release.id} has no report")
        found = replace(found, body=with_addresses(found.body, language()))
        response = page("document.html", release, document=found, feed=None, notices=())
        return protect(response, DOCUMENT_POLICY)

    return documents


def document_page(
    releases: Releases, find: Callable[[Release], str], feed: str, alerts: AlertBoard | None
) -> Response | None:
    """Return the page of a feed that `find` names; None if it cannot be put into our frame.

    Parameters
    ----------
    alerts
        What is announced of the feed stands on the page; None where that says nothing of it.
    """
    release, found = document_of(releases, find, language())
    if found is None:
        return None
    response = page(
        "document.html",
        release,
        document=found,
        name=feed,
        feed=release.feed(feed),
        notices=alerts.of(feed) if alerts else (),
    )
    return protect(response, DOCUMENT_POLICY)
