"""Announcements on pages: cancelled sailings must be seen wherever the timetable is."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from flask import Response, render_template

from pipeline.errors import TonariError
from tiles_server.caching import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiles_server.interfaces import Alert, Transit
    from tiles_server.releases import Release, Releases

LOG = logging.getLogger(__name__)
PLACE = "<!-- notices -->"
"""Where the timetable pages of a release leave room."""


class AlertBoard:
    """What pages show of announcements.

    Parameters
    ----------
    transit
        Where they come from; without it there are none.
    """

    def __init__(self, transit: Transit | None) -> None:
        self._transit = transit
        self.live = transit is not None

    def of(self, feed: str) -> Sequence[Alert] | None:
        """Return what passengers of `feed` see now; None when it cannot be known.

        A page says then that it cannot be known, for a timetable without cancellations would be
        read as one where everything runs.
        """
        if self._transit is None:
            return ()
        try:
            return self._transit.board.alerts(feed)
        except TonariError:
            LOG.exception("announcements of %s", feed)
            return None


def send_with_alerts(
    releases: Releases, find: Callable[[Release], str], alerts: Sequence[Alert] | None
) -> Response:
    """Send the timetable page that `find` names in the current release, with what is announced.

    The page is a file of the release and never changes; the announcements are put into it here.
    """
    release = releases.current()
    banner = render_template("alert_banner.html", alerts=alerts)
    digest = hashlib.sha256((release.files[find(release)].sha256 + banner).encode())
    response = Response(content_type="text/html; charset=utf-8")
    response.set_etag(digest.hexdigest()[:32])
    response.headers["Cache-Control"] = PAGE
    response.set_data(_page(releases, release, find).replace(PLACE, banner, 1))
    return response


def _page(releases: Releases, release: Release, find: Callable[[Release], str]) -> str:
    try:
        return (release.folder / find(release)).read_text(encoding="utf-8")
    except FileNotFoundError:  # pruned since: the link has moved on
        release = releases.look_again()
        return (release.folder / find(release)).read_text(encoding="utf-8")
