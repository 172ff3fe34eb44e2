"""Day types into dates.

A day type is a rule (weekdays, national holidays, the operator's own days); a service is a day
type, narrowed by footnotes, inside the period of a timetable revision.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.days.calendar import national_holidays
from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from gtfs.timetable.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.config.feed_parts import DaySet, DayTable, DayType, Mark, Period
    from pipeline.config.feeds import Feed
    from pipeline.findings import Finding

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """The days a feed knows by name.

    Attributes
    ----------
    period
        First and last day of the feed.
    named
        Dates of ``holiday`` and of every declared set.
    findings
        What is wrong with the tables the dates were read from.
    sources
        Files that were read, relative to the root.
    """

    period: Period
    named: Mapping[str, frozenset[dt.date]]
    findings: tuple[Finding, ...] = ()
    sources: tuple[str, ...] = ()

    def is_one_of(self, date: dt.date, names: Iterable[str]) -> bool:
        """Tell whether a date is one of the named weekdays, holidays or sets."""
        weekday = WEEKDAYS[date.weekday()]
        return any(name == weekday or date in self.named.get(name, ()) for name in names)

    def runs(self, date: dt.date, day_type: DayType, marks: Iterable[Mark]) -> bool:
        """Tell whether a trip of a day type with footnotes runs on a date.

        The same rule as :meth:`dates` said in another way: the reconciliation holds the two
        against each other.
        """
        ordinary = self.is_one_of(date, day_type.runs) and not self.is_one_of(
            date, day_type.but_not
        )
        if not (ordinary or self.is_one_of(date, day_type.and_also)):
            return False
        return all(
            (not mark.only or self.is_one_of(date, mark.only))
            and not self.is_one_of(date, mark.but_not)
            for mark in marks
        )

    def dates(
        self, day_type: DayType, marks: Iterable[Mark] = (), valid: Period | None = None
    ) -> frozenset[dt.date]:
        """Return the dates of a service inside the feed's and the revision's period."""
        first = max(self.period.start, valid.start) if valid else self.period.start
        last = min(self.period.end, valid.end) if valid else self.period.end
        every = frozenset(each_day(first, last))
        served = self._any(every, day_type.runs) - self._any(every, day_type.but_not)
        served |= self._any(every, day_type.and_also)
        for mark in marks:
            served &= self._any(every, mark.only) if mark.only else every
            served -= self._any(every, mark.but_not)
        return served

    def regular(self, day_type: DayType) -> frozenset[int]:
        """Return the weekdays a day type is about, Monday is 0.

        Those it names, and those most of whose days stand in a set it names: school days are
        Monday to Friday, the holidays of a year are no weekday.
        """
        names = (*day_type.runs, *day_type.and_also)
        found = {WEEKDAYS.index(name) for name in names if name in WEEKDAYS}
        every = Counter(day.weekday() for day in each_day(self.period.start, self.period.end))
        for name in names:
            inside = (d for d in self.named.get(name, ()) if self.period.start <= d)
            held = Counter(d.weekday() for d in inside if d <= self.period.end)
            found |= {weekday for weekday, count in held.items() if 2 * count > every[weekday]}
        return frozenset(found)

    def _any(self, dates: frozenset[dt.date], names: Iterable[str]) -> frozenset[dt.date]:
        """Return the dates that are one of the named weekdays, holidays or sets."""
        weekdays = {WEEKDAYS.index(name) for name in names if name in WEEKDAYS}
        named = frozenset[dt.date]().union(*(self.named.get(name, frozenset()) for name in names))
        return (dates & named) | {d for d in dates if d.weekday() in weekdays}


def each_day(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    """Yield every day from first to last, both included."""
    while first <= last:
        yield first
        first += _ONE_DAY


def read_days(feed: Feed, root: Path) -> Days:
    """Gather the named days of a feed from the calendar of holidays and the operator's tables."""
    findings: list[Finding] = []
    sources: list[str] = []
    named: dict[str, frozenset[dt.date]] = {}
    if feed.holidays == "national":
        named["holiday"] = _national_holidays(feed.period)
    else:
        named["holiday"] = _table_dates(feed.holidays, root, findings, sources)
        if not findings:
            findings += _holidays_lacking(feed.holidays, named["holiday"], feed.period)
    for name, declared in feed.days.items():
        named[name] = _listed(declared.dates)
        known = len(findings)
        if declared.table:
            named[name] |= _table_dates(declared.table, root, findings, sources)
        if len(findings) == known:
            findings += _not_covered(name, declared, named[name], feed.period)
    return Days(feed.period, named, tuple(findings), tuple(sources))


def _national_holidays(period: Period) -> frozenset[dt.date]:
    return frozenset(national_holidays(period.start, period.end))


def _listed(texts: Iterable[str]) -> frozenset[dt.date]:
    dates: set[dt.date] = set()
    for text in texts:
        first, _, last = text.partition("/")
        start = dt.date.fromisoformat(first)
        dates.update(each_day(start, dt.date.fromisoformat(last) if last else start))
    return frozenset(dates)


def _table_dates(
    table: DayTable, root: Path, findings: list[Finding], sources: list[str]
) -> frozenset[dt.date]:
    try:
        records = read_ledger(root, table, (table.start, table.end, table.name))
    except TimetableUnreadable as unreadable:
        findings.append(unreadable.finding)
        return frozenset()
    sources.append(table.file)
    dates: set[dt.date] = set()
    for record in records:
        if table.name and record.text(table.name) != table.value:
            continue
        first = record.day(table.start)
        last = record.day(table.end) if table.end and record.text(table.end) else first
        if first is None or last is None or last < first:
            header = table.start if first is None else table.end
            findings.append(record.finding("date-unreadable", header))
            continue
        dates.update(each_day(first, last))
    return frozenset(dates)


def _holidays_lacking(table: DayTable, dates: frozenset[dt.date], period: Period) -> list[Finding]:
    """Return a finding where a table of holidays ends before the feed or lacks national ones."""
    place = {"file": table.file, "sheet": table.sheet, "field": "holiday"}
    lacking = sorted(_national_holidays(period) - dates)
    last = max(dates, default=dt.date.min)
    late = [day for day in lacking if day > last]
    if late:
        return [notice("days-end-early", value=last if dates else "—", end=period.end, **place)]
    if lacking:
        return [notice("holidays-lacking", value=lacking[0], count=len(lacking), **place)]
    return []


def _not_covered(
    name: str, declared: DaySet, dates: frozenset[dt.date], period: Period
) -> list[Finding]:
    place = {"file": declared.table.file, "sheet": declared.table.sheet} if declared.table else {}
    if declared.covers and declared.covers.end < period.end:
        return [
            notice(
                "days-end-early",
                field=name,
                value=declared.covers.end,
                end=period.end,
                **place,
            )
        ]
    if not any(period.start <= date <= period.end for date in dates):
        return [notice("days-empty", field=name, **place)]
    return []
