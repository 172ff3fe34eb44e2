"""Announcements on pages: cancelled sailings must be seen wherever the timetable is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiles_server.interfaces import Alert, Transit

LOG = logging.getLogger(__name__)


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
