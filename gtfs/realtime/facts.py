"""The few facts of a published feed that a message needs, without reading its timetable.

A server process that only answers GTFS-Realtime must not load half a gigabyte of libraries, so
these are read with the standard library.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gtfs.errors import FeedUnreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

Identity = tuple[str, int, int, int]
_ADDED = "1"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"\s*(\d{1,3}):(\d\d):(\d\d)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seen:
    """One trip of the published feed, as a passenger knows it.

    Attributes
    ----------
    route_id, service_id
        Ids of the feed.
    origin_id, destination_id
        First and last stop.
    departure, arrival
        There, in seconds of the service day.
    """

    route_id: str
    service_id: str
    origin_id: str
    destination_id: str
    departure: int
    arrival: int


class Facts:
    """Version, operator, ids and names of one published zip, and when its trips run.

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
    def routes(self) -> dict[str, str]:
        """Name of each route by its id."""
        names = ("route_id", "route_long_name", "route_short_name")
        return {key: long or short for key, long, short in self._rows("routes", *names)}

    @cached_property
    def stops(self) -> dict[str, str]:
        """Name of each stop with its platform, by id."""
        rows = self._rows("stops", "stop_id", "stop_name", "platform_code")
        return {key: " ".join(filter(None, (name, code))) or key for key, name, code in rows}

    @cached_property
    def trips(self) -> dict[str, Seen]:
        """Every trip with times, by its id."""
        ends: dict[str, tuple[int, str, int, int, str, int]] = {}
        columns = ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time")
        for trip, stop, order, arrival, departure in self._rows("stop_times", *columns):
            arrives, leaves = _seconds(arrival), _seconds(departure)
            if arrives is None or leaves is None or not order.strip().isdigit():
                continue
            at = int(order)
            low, first, begins, high, last, over = ends.get(
                trip, (at, stop, leaves, at, stop, arrives)
            )
            if at < low:
                low, first, begins = at, stop, leaves
            if at >= high:
                high, last, over = at, stop, arrives
            ends[trip] = (low, first, begins, high, last, over)
        return {
            trip: Seen(route, service, ends[trip][1], ends[trip][4], ends[trip][2], ends[trip][5])
            for trip, route, service in self._rows("trips", "trip_id", "route_id", "service_id")
            if trip in ends
        }

    @cached_property
    def starts(self) -> dict[str, frozenset[int]]:
        """When the runs of each trip of ``frequencies.txt`` start."""
        found: dict[str, set[int]] = {}
        columns = ("trip_id", "start_time", "end_time", "headway_secs")
        for trip, start, end, headway in self._rows("frequencies", *columns):
            first, behind = _seconds(start), _seconds(end)
            if first is not None and behind is not None and headway.strip().isdigit():
                runs = range(first, behind, max(int(headway), 1))
                found.setdefault(trip, set()).update(runs)
        return {trip: frozenset(runs) for trip, runs in found.items()}

    def runs(self, service: str, day: dt.date) -> bool:
        """Tell whether a service runs on a day."""
        if day not in self._days:
            self._days[day] = self._services(day)
        return service in self._days[day]

    @cached_property
    def _days(self) -> dict[dt.date, set[str]]:
        return {}

    def _services(self, day: dt.date) -> set[str]:
        text, weekday = f"{day:%Y%m%d}", _WEEKDAYS[day.weekday()]
        columns = ("service_id", "start_date", "end_date", weekday)
        running = {
            service
            for service, first, last, flag in self._rows("calendar", *columns)
            if flag.strip() == "1" and first <= text <= last
        }
        exceptions = ("service_id", "date", "exception_type")
        for service, date, kind in self._rows("calendar_dates", *exceptions):
            if date == text:
                (running.add if kind.strip() == _ADDED else running.discard)(service)
        return running

    def _column(self, table: str, name: str) -> Iterator[str]:
        return (row[0] for row in self._rows(table, name))

    def _rows(self, table: str, *names: str) -> Iterator[tuple[str, ...]]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                if f"{table}.txt" not in archive.namelist():
                    return
                with archive.open(f"{table}.txt") as file:
                    rows = csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""))
                    header = [column.strip() for column in next(rows, [])]
                    places = [header.index(n) if n in header else -1 for n in names]
                    for row in rows:
                        yield tuple(row[p] if 0 <= p < len(row) else "" for p in places)
        except (OSError, zipfile.BadZipFile, UnicodeDecodeError, csv.Error) as error:
            raise FeedUnreadable(f"{self._path.name}: {table}.txt: {error}") from error


def _seconds(clock: str) -> int | None:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    hours, minutes, rest = (int(part) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


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
