"""What the server is handed: announcements and departures of the feeds being served."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gtfs.departures import Timetables
    from gtfs.realtime import AlertStore, Board
    from gtfs.realtime.desk import Desk
    from tiles_server.interfaces import FeedSource

ALERTS = Path("alerts")
"""Folder of announcements and of the accounts of those who make them, from the data folder."""

STORE = ALERTS / "alerts.sqlite"


class Transit:
    """Announcements and departures of the feeds being served, each loaded when first needed.

    A server that nobody asks about a feed never loads the libraries that read one.

    Parameters
    ----------
    data
        The data folder.
    served
        What the server is serving.
    """

    def __init__(self, data: Path, served: FeedSource) -> None:
        self._data, self._served = data, served

    @cached_property
    def _store(self) -> AlertStore:
        from gtfs.realtime import AlertStore  # noqa: PLC0415 - see above

        return AlertStore(self._data / STORE)

    @cached_property
    def board(self) -> Board:
        """Announcements as they are shown."""
        from gtfs.realtime import Board  # noqa: PLC0415 - see above

        return Board(self._store, self._served.zip_of, since=self._served.since)

    @cached_property
    def timetables(self) -> Timetables:
        """What departs when."""
        from gtfs.departures import Timetables  # noqa: PLC0415 - see above

        return Timetables(self._served.zip_of, self.board.cancelled)

    @cached_property
    def desk(self) -> Desk:
        """Where announcements are made."""
        from gtfs.realtime.desk import Desk  # noqa: PLC0415 - see above

        return Desk(self._store, self._served.zip_of)
