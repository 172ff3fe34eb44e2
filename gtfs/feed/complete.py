"""Whether a feed from outside has what can be worked with: its files, columns, dates and amounts.

What is missing is an error and is added empty, so that whoever works with the feed meets a finding
and no stumbling block; nothing with an error is written.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.days.calendar import FIRST_YEAR, LAST_YEAR
from gtfs.errors import FeedUnreadable
from gtfs.feed.read import ReadFeed, read_feed
from gtfs.feed.schema import Field, tables
from pipeline.findings import Catalogue, Finding, Severity, has_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gtfs.feed.tables import Feed

_FILES = ("agency", "stops", "routes", "trips", "stop_times")
_WORDS = {"Text", "URL", "Timezone", "Language code", "Currency code"}
"""Types whose absence a validator reports and nobody here works with."""
_TO_SPARE = {
    "fare_attributes.payment_method", "fare_attributes.transfers", "transfers.transfer_type",
    "rider_categories.is_default_fare_category", "pathways.is_bidirectional",
}  # fmt: skip
"""Required columns whose empty value has a meaning of its own."""
_WHERE_SERVED = {
    "stops": ("stop_name", "stop_lat", "stop_lon"),
    "stop_times": ("stop_id", "arrival_time", "departure_time"),
}
"""Columns that the reference requires under conditions every feed with stops fulfils."""
STOPPING = {"feed-date-malformed", "feed-column-missing", "feed-zones-unreadable"}
"""Errors with which a feed is not put before the validators: they break or never end."""
_AMOUNT = re.compile(r"\d+(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{8}", re.ASCII)


def read_service(path: Path) -> ReadFeed:
    """Read a feed from outside that is to be worked with.

    Raises
    ------
    FeedUnreadable
        If it cannot be read or anything about it is an error: it carries every finding.
    """
    read = examine(path)
    if has_error(read.findings):
        first = next(f for f in read.findings if f.severity is Severity.ERROR)
        raise FeedUnreadable(f"{path}: {first.line('en')}", read.findings)
    return read


def examine(path: Path) -> ReadFeed:
    """Read a feed from outside and look whether it can be worked with.

    Returns
    -------
    ReadFeed
        With every file and column that the reference requires, empty ones where it had none.

    Raises
    ------
    FeedUnreadable
        As :func:`gtfs.feed.read.read_feed`.
    """
    read = read_feed(path)
    malformed = list(_malformed(read.feed))
    findings = [*_files_lacking(read.feed), *_columns_lacking(read.feed)]
    return ReadFeed(read.feed, [*read.findings, *findings, *malformed])


def _files_lacking(feed: Feed) -> Iterator[Finding]:
    wanted = [name for name in _FILES if name != "stops" or feed.locations is None]
    for name in wanted:
        if name not in feed or feed[name].empty:
            yield _say("feed-table-missing", file=f"{name}.txt")
    if not any(name in feed and len(feed[name]) for name in ("calendar", "calendar_dates")):
        yield _say("feed-table-missing", file="calendar.txt")
    for name in _FILES:
        if name not in feed:
            feed[name] = pd.DataFrame()


def _columns_lacking(feed: Feed) -> Iterator[Finding]:
    for name, frame in feed.items():
        needed = list(_needed(name))
        lacking = [column for column in needed if column not in frame.columns]
        if not lacking:
            continue
        feed[name] = feed.table(name, *lacking)
        if name == "stop_times" and _on_demand(frame):
            lacking = [column for column in lacking if column not in _WHERE_SERVED[name]]
        if len(frame) and lacking:
            columns = ", ".join(lacking)
            yield _say("feed-column-missing", file=f"{name}.txt", field=columns, count=len(lacking))


def _on_demand(times: pd.DataFrame) -> bool:
    """Tell whether calls may be windows instead of times, in whatever draft of Flex."""
    return any("window" in c or c.startswith("location_") for c in map(str, times.columns))


@cache
def _needed(name: str) -> tuple[str, ...]:
    table = tables().get(name)
    if table is None or name == "translations":
        return _WHERE_SERVED.get(name, ())
    required = [
        field.name
        for field in table.fields.values()
        if field.presence == "Required"
        and field.type not in _WORDS
        and f"{name}.{field.name}" not in _TO_SPARE
    ]
    return (*required, *_WHERE_SERVED.get(name, ()))


def _malformed(feed: Feed) -> Iterator[Finding]:
    for name, frame in feed.items():
        known = tables().get(name)
        for column in frame.columns if known else ():
            field = known.fields.get(column) if known else None
            if field is None or field.type not in ("Date", "Currency amount"):
                continue
            distinct = frame[column].drop_duplicates()
            wrong = {value for value in distinct if not _well_formed(str(value), field)}
            odd = frame[column].isin(wrong)
            if wrong:
                row = int(odd.to_numpy().argmax())
                yield _say(
                    "feed-date-malformed" if field.type == "Date" else "feed-amount-malformed",
                    file=f"{name}.txt",
                    row=row + 2,
                    field=column,
                    value=frame[column].iloc[row],
                    count=int(odd.sum()),
                    first=FIRST_YEAR,
                    last=LAST_YEAR,
                )


def _well_formed(value: str, field: Field) -> bool:
    text = value.strip()
    if not text:
        return field.presence != "Required"
    if field.type == "Currency amount":
        return _AMOUNT.fullmatch(text) is not None
    try:
        day = dt.datetime.strptime(text, "%Y%m%d") if _DATE.fullmatch(text) else None
    except ValueError:
        return False
    return day is not None and FIRST_YEAR <= day.year <= LAST_YEAR


def _say(code: str, **place: object) -> Finding:
    return Catalogue.of("gtfs.data").finding(code, **place)  # type: ignore[arg-type]
