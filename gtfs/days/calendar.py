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

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gtfs.feed.tables import Feed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_CLASSES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
"""What a timetable distinguishes: days of the week, and national holidays whatever their day."""
_ADDED, _REMOVED = 1, 2


def calendar_tables(
    services: Mapping[str, Collection[dt.date]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the dates of services in the form that needs the fewest exceptions.

    Every service gets a row in ``calendar``, also one that runs on single days only, because
    implementers of GTFS-JP disagree whether the file may be missing.

    Parameters
    ----------
    services
        Service id to the dates on which it runs, at least one each.

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
        first, last, flags = shortest_form(dates)
        rows.append(
            {
                "service_id": service,
                **dict(zip(WEEKDAYS, map(int, flags), strict=True)),
                "start_date": _text(first),
                "end_date": _text(last),
            }
        )
        regular = {day for day in _days(first, last) if flags[day.weekday()]}
        wanted = set(dates)
        exceptions += [(service, _text(day), _ADDED) for day in wanted - regular]
        exceptions += [(service, _text(day), _REMOVED) for day in regular - wanted]
    columns = ["service_id", "date", "exception_type"]
    calendar = pd.DataFrame(rows, columns=["service_id", *WEEKDAYS, "start_date", "end_date"])
    return calendar, pd.DataFrame(sorted(exceptions), columns=columns)


def shortest_form(dates: Collection[dt.date]) -> tuple[dt.date, dt.date, tuple[bool, ...]]:
    """Find the period and weekdays from which the fewest exceptions lead to `dates`.

    For a period, a weekday is worth its flag when it is served more often than not. All periods
    inside the first and last date are tried, so one extra day in spring does not stretch a summer
    service; among equally short forms the longest period wins, then the earliest.

    Returns
    -------
    first, last, flags
        The period, both ends included, and whether each weekday runs, Monday first.
    """
    begin = min(dates)
    length = (max(dates) - begin).days + 1
    # worth[w, d]: what day d adds to the value of flagging weekday w; +1 served, -1 not.
    worth = np.zeros((7, length + 1), dtype=np.int64)
    for offset in range(length):
        day = begin + dt.timedelta(days=offset)
        worth[day.weekday(), offset + 1] = 1 if day in dates else -1
    sums = worth.cumsum(axis=1)
    start, end = _best_period(sums, length)
    saved = sums[:, end + 1] - sums[:, start]
    first, last = begin + dt.timedelta(days=start), begin + dt.timedelta(days=end)
    return first, last, tuple(bool(value > 0) for value in saved)


def _best_period(sums: NDArray[np.int64], length: int) -> tuple[int, int]:
    best = (-1, 0, 0)
    period = (0, length - 1)
    for start in range(length):
        saved = np.maximum(sums[:, start + 1 :] - sums[:, [start]], 0).sum(axis=0)
        end = start + int(len(saved) - 1 - np.argmax(saved[::-1]))  # the last of the best
        candidate = (int(saved[end - start]), end - start, -start)
        if candidate > best:
            best, period = candidate, (start, end)
    return period


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
    for row, record in enumerate(feed.table("calendar").to_dict("records"), start=2):
        days = running.setdefault(record["service_id"], set())
        day = _date("calendar.txt", row, record["start_date"])
        end = _date("calendar.txt", row, record["end_date"])
        while day <= end:
            if record[day.strftime("%A").lower()] == 1:
                days.add(day)
            day += dt.timedelta(days=1)
    for row, record in enumerate(feed.table("calendar_dates").to_dict("records"), start=2):
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
        return dt.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        raise FeedUnreadable(f"{file} row {row}: {text!r} is not a date as YYYYMMDD") from None


def _text(day: dt.date) -> str:
    return day.strftime("%Y%m%d")


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]
