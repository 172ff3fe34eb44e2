"""The few facts of a published feed that a message needs, without reading its timetable.

A server process that only answers GTFS-Realtime must not load half a gigabyte of libraries, so
these are read with the standard library.
"""

from __future__ import annotations

import csv
import io
import zipfile
from functools import cached_property
from typing import TYPE_CHECKING

from gtfs.errors import FeedUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Identity = tuple[str, int, int, int]


class Facts:
    """Version, operator and ids of one published zip.

    Parameters
    ----------
    path
        The zip; it may be pruned later: what has been read once is kept.

    Raises
    ------
    FeedUnreadable
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.version = next(self._column("feed_info", "feed_version"), "")
        self.agency_id = next(self._column("agency", "agency_id"), "")

    @cached_property
    def trips(self) -> frozenset[str]:
        """Ids of all trips."""
        return frozenset(self._column("trips", "trip_id"))

    @cached_property
    def routes(self) -> frozenset[str]:
        """Ids of all routes."""
        return frozenset(self._column("routes", "route_id"))

    @cached_property
    def stops(self) -> frozenset[str]:
        """Ids of all stops."""
        return frozenset(self._column("stops", "stop_id"))

    def _column(self, table: str, name: str) -> Iterator[str]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                if f"{table}.txt" not in archive.namelist():
                    return
                with archive.open(f"{table}.txt") as file:
                    rows = csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline=""))
                    yield from (row.get(name) or "" for row in rows)
        except (OSError, zipfile.BadZipFile, UnicodeDecodeError, csv.Error) as error:
            raise FeedUnreadable(f"{self._path.name}: {table}.txt: {error}") from error


def identity(path: Path) -> Identity:
    """Return what tells one published zip from the next.

    A feed that has not changed is the same file in the next release (a hard link), so what was
    computed from it stays good.

    Raises
    ------
    FileNotFoundError
        If it has been pruned.
    """
    found = path.stat()
    return (path.name, found.st_ino, found.st_mtime_ns, found.st_size)
