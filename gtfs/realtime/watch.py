"""Has anybody written to the store? Asked at every request, so it must cost next to nothing."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Version = tuple[int, ...]
ABSENT: Version = ()


class Watch:
    """Tells when an SQLite file has been written to, by whatever process.

    SQLite itself knows (``PRAGMA data_version``): exact, unlike times of files, and some
    microseconds on a connection that is kept open. The connection is opened at the first
    question, so a watch may be made before a process forks.

    Parameters
    ----------
    path
        The file; it may appear, vanish or be replaced (a backup put back) at any time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._opened = 0

    def version(self) -> Version:
        """Return a value that differs after every write; :data:`ABSENT` while there is no file.

        Raises
        ------
        sqlite3.Error
            If the file is no database or cannot be read.
        """
        with self._lock:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._close()
                return ABSENT
            if self._file != (found.st_dev, found.st_ino):
                self._close()
                self._open((found.st_dev, found.st_ino))
            assert self._database is not None
            row = self._database.execute("PRAGMA data_version").fetchone()
            return (self._opened, int(row[0]))

    def _open(self, file: tuple[int, int]) -> None:
        self._database = sqlite3.connect(self.path, timeout=1.0, check_same_thread=False)
        self._file = file
        self._opened += 1  # data_version starts anew with each connection

    def _close(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = self._file = None
