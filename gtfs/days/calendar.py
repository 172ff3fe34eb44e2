"""Sets of dates as ``calendar.txt`` and ``calendar_dates.txt``, and back.

The two directions share no code: :func:`effective_dates` reads the files as a consumer would, so
that it can be held against what :func:`calendar_tables` was given.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING

import jpholiday
import numpy as np
import pandas as pd

from gtfs.errors import FeedUnreadable
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gtfs.feed.tables import Feed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_CLASSES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
"""What a timetable distinguishes: days of the week, and national holidays whatever their day."""
_ADDED, _REMOVED = 1, 2
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Dates outside are slips of the hand: 99 for 2099, 9999 for "until further notice"."""
_DIGITS = 8
_REST_DAYS = 15
"""A service that does not run for longer than two weeks between two of its days rests."""
_MOST_SEASONS = 64
"""Services with more are single days, not seasons: they are looked at as a whole."""


def calendar_tables(
    services: Mapping[str, Collection[dt.date]],
    regular: Mapping[str, Collection[int]] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the dates of services in the shortest form that says truly what each of them is.

    Every service gets a row in ``calendar``, also one that runs on single days only, because
    implementers of GTFS-JP disagree whether the file may be missing.

    Parameters
    ----------
    services
        Service id to the dates on which it runs, at least one each.
    regular
        Service id to the weekdays (Monday is 0) it is declared for, where that is known: a
        service of Sundays and holidays is never flagged for the Tuesday that is a holiday.

    Returns
    -------
    calendar, calendar_dates
        Tables in the form of :class:`gtfs.feed.tables.Feed`.

    Raises
    ------
    ValueError
        If a service has no date: it cannot be said in GTFS and should be left out.
    """
    rows, exceptions = [], []
    for service, dates in sorted(services.items()):
        if not dates:
            raise ValueError(f"service {service!r} runs on no date")
        first, last, flags = shortest_form(dates, (regular or {}).get(service, range(7)))
        rows.append(
            {
                "service_id": service,
                **dict(zip(WEEKDAYS, map(int, flags), strict=True)),
                "start_date": _text(first),
                "end_date": _text(last),
            }
        )
        usual = {day for day in _days(first, last) if flags[day.weekday()]}
        wanted = set(dates)
        exceptions += [(service, _text(day), _ADDED) for day in wanted - usual]
        exceptions += [(service, _text(day), _REMOVED) for day in usual - wanted]
    columns = ["service_id", "date", "exception_type"]
    calendar = pd.DataFrame(rows, columns=["service_id", *WEEKDAYS, "start_date", "end_date"])
    return calendar, pd.DataFrame(sorted(exceptions), columns=columns)


def shortest_form(
    dates: Collection[dt.date], regular: Collection[int] = range(7)
) -> tuple[dt.date, dt.date, tuple[bool, ...]]:
    """Find the period and weekdays from which the fewest exceptions lead to `dates`.

    Only forms that are true of the service are tried. The period holds whole seasons (stretches
    in which the service never rests for more than two weeks) with at least half of the dates, so
    that neither an extra day in spring stretches a summer service nor the days around New Year
    stand for a service of Sundays. A weekday has its flag when it is served on more than half of
    its days in that period. Among equally short forms the longest period wins, then the earliest.

    Parameters
    ----------
    dates
        Days of one service, at least one.
    regular
        Weekdays that may be flagged, Monday is 0.

    Returns
    -------
    first, last, flags
        The period, both ends included, and whether each weekday runs, Monday first.
    """
    served = np.array(sorted(day.toordinal() for day in set(dates)), dtype=np.int64)
    breaks = np.flatnonzero(np.diff(served) > _REST_DAYS) + 1
    if len(breaks) >= _MOST_SEASONS:
        breaks = breaks[:0]
    starts, ends = np.array([0, *breaks]), np.array([*breaks, len(served)])
    best: tuple[int, int, int] = (-1, 0, 0)
    flags: tuple[bool, ...] = (False,) * 7
    found = (_dates(served[[0, -1]]), flags)
    for begin in starts:
        for end in ends[ends > begin]:
            if 2 * (end - begin) < len(served):
                continue
            saved = _saved(served[begin:end], regular)
            span = int(served[end - 1] - served[begin])
            candidate = (int(saved.sum()), span, -int(served[begin]))
            if candidate > best:
                best = candidate
                found = (_dates(served[[begin, end - 1]]), tuple(bool(v) for v in saved > 0))
    (first, last), flags = found
    return first, last, flags


def _dates(ordinals: NDArray[np.int64]) -> list[dt.date]:
    """Return ordinal days (:meth:`datetime.date.toordinal`) as dates."""
    return [dt.date.fromordinal(int(day)) for day in ordinals]


def _saved(served: NDArray[np.int64], regular: Collection[int]) -> NDArray[np.int64]:
    """Return how many exceptions the flag of each weekday saves; 0 where it must not be set."""
    first, last = int(served[0]), int(served[-1])
    every = np.bincount((np.arange(first, last + 1) - 1) % 7, minlength=7)
    running = np.bincount((served - 1) % 7, minlength=7)
    worth: NDArray[np.int64] = np.maximum(
        2 * running - every, 0
    )  # added days spared less removed days needed
    worth[[day for day in range(7) if day not in regular]] = 0
    return worth


def effective_dates(feed: Feed) -> dict[str, frozenset[dt.date]]:
    """Return the dates on which each service of a feed runs, by both calendar files.

    Returns
    -------
    dict
        Every service id of the two files; a service whose days are all removed has no date.

    Raises
    ------
    FeedUnreadable
        If a date is not ``YYYYMMDD``; the message names file, row and value.
    """
    running: dict[str, set[dt.date]] = {}
    calendar = feed.table("calendar", "service_id", *WEEKDAYS, "start_date", "end_date")
    for row, record in enumerate(calendar.to_dict("records"), start=2):
        days = running.setdefault(record["service_id"], set())
        first = _date("calendar.txt", row, record["start_date"]).toordinal()
        last = _date("calendar.txt", row, record["end_date"]).toordinal()
        for weekday, name in enumerate(WEEKDAYS):
            if record[name] == 1:
                days.update(map(dt.date.fromordinal, range(_next(first, weekday), last + 1, 7)))
    added = feed.table("calendar_dates", "service_id", "date", "exception_type")
    for row, record in enumerate(added.to_dict("records"), start=2):
        days = running.setdefault(record["service_id"], set())
        day = _date("calendar_dates.txt", row, record["date"])
        if record["exception_type"] == _ADDED:
            days.add(day)
        else:
            days.discard(day)
    return {service: frozenset(days) for service, days in running.items()}


def national_holidays(first: dt.date, last: dt.date) -> dict[dt.date, str]:
    """Return the national holidays (祝日, substitute days included) of a period with names."""
    return dict(jpholiday.between(first, last))


def day_classes(days: Collection[dt.date]) -> dict[dt.date, str]:
    """Return the class of each date, one of :data:`DAY_CLASSES`."""
    if not days:
        return {}
    holidays = national_holidays(min(days), max(days))
    return {d: "holiday" if d in holidays else DAY_CLASSES[d.weekday()] for d in sorted(days)}


def read_holiday_table(path: Path) -> dict[dt.date, str]:
    """Read the Cabinet Office's table of national holidays (``syukujitsu.csv``, CP932).

    Source: 内閣府「国民の祝日について」, a header line, then ``1955/1/1,元日``.
    """
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("cp932"))))
    return {dt.datetime.strptime(day, "%Y/%m/%d").date(): name for day, name, *_ in rows[1:] if day}


def _date(file: str, row: int, text: str) -> dt.date:
    try:
        day = dt.datetime.strptime(text, "%Y%m%d").date() if len(text) == _DIGITS else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        found = Catalogue.of("gtfs.data").finding(
            "feed-date-malformed", file=file, row=row, value=text, first=FIRST_YEAR, last=LAST_YEAR
        )
        raise FeedUnreadable(f"{file} row {row}: {text!r} is not a date as YYYYMMDD", [found])
    return day


def _next(ordinal: int, weekday: int) -> int:
    """Return the first day from `ordinal` on that is a weekday, Monday being 0."""
    return ordinal + (weekday - (ordinal - 1)) % 7


def _text(day: dt.date) -> str:
    return day.strftime("%Y%m%d")


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]
