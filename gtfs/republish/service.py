"""Feeds made elsewhere as the source of a feed: renewed, joined, completed, held against them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.build.japan import Translations
from gtfs.build.rows import attribution_rows, feed_info_row
from gtfs.days.calendar import effective_dates
from gtfs.errors import FeedUnreadable
from gtfs.feed.complete import read_service
from gtfs.feed.ids import rename
from gtfs.notices import notice
from gtfs.reconcile import Reconciliation
from gtfs.republish import modernise, served, succession, together
from gtfs.republish.change import Changing
from gtfs.republish.days import keep_days
from gtfs.republish.names import complete_names
from gtfs.republish.unused import drop_unused, known_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from gtfs.build.parts import Parts
    from gtfs.build.shapes import Floats
    from gtfs.feed.tables import Feed as Tables
    from gtfs.timetable.trips import Trip
    from pipeline.config.feed_parts import Period
    from pipeline.config.feeds import Feed
    from pipeline.config.published import Published
    from pipeline.findings import Finding

Calls = tuple[tuple[str, object, object], ...]
"""Name of the stop, arrival and departure for each call of a trip."""


class Republished:
    """GTFS zips; the attributes are those of :class:`gtfs.build.service.ByTheClock`."""

    def __init__(self, feed: Feed, root: Path) -> None:
        assert feed.published is not None
        self._root = root
        self._declared: Published = feed.published
        self.trips: Sequence[Trip] = ()
        self.lines: Mapping[str, Floats] = {}
        self.findings: list[Finding] = []
        self.sources: list[str] = [zip_.file for zip_ in feed.published.feeds.values()]
        self._originals: dict[str, Tables] = {}
        for name, zip_ in feed.published.feeds.items():
            try:
                read = read_service(root / zip_.file)
            except FeedUnreadable as error:
                whole = (root / zip_.file).as_posix()
                self.findings += [
                    replace(found, file=zip_.file) if found.file == whole else found
                    for found in error.findings
                ]
                continue
            self._originals[name] = read.feed
            self.findings += read.findings
        if len(self._originals) == len(feed.published.feeds):
            self.findings += self._outside(feed.period)

    def finish(self, parts: Parts) -> tuple[Tables, pd.DataFrame, Reconciliation]:
        """Renew, join and complete the feeds; count the departures that came through."""
        result = Reconciliation()
        renewed: dict[str, Tables] = {}
        for name, original in self._originals.items():
            renewed[name], said = modernise(original)
            result.findings += said
        tables = self._joined(renewed, result.findings)
        _name_operator(parts, tables, result.findings)
        _keep_period(tables, parts.feed.period, result.findings)
        words = Translations()
        tables["feed_info"] = pd.DataFrame([feed_info_row(parts, words)])
        if "attributions" not in tables or tables["attributions"].empty:
            tables["attributions"] = pd.DataFrame(attribution_rows(parts))
        if self._declared.names:
            result.findings += complete_names(tables, self._declared.names, self._root, words)
            self.sources.append(self._declared.names.file)
        _add_translations(tables, words)
        self._compare(tables, parts.feed.period, result)
        return tables, pd.DataFrame(), result

    def _outside(self, period: Period) -> list[Finding]:
        """Say which zips have no day of service in the period: all of their trips would go.

        Of two timetables that follow each other one alone may lie outside.
        """
        found = []
        for name, original in self._originals.items():
            days = served(original)
            if not any(period.start <= day <= period.end for day in days):
                found.append(
                    notice(
                        "published-outside-period",
                        file=self._declared.feeds[name].file,
                        field="period",
                        value=f"{min(days)}～{max(days)}" if days else "—",
                        start=period.start,
                        end=period.end,
                    )
                )
        follows = self._declared.join == "succession"
        return [] if follows and len(found) < len(self._originals) else found

    def _joined(self, renewed: Mapping[str, Tables], findings: list[Finding]) -> Tables:
        if len(renewed) == 1:
            return next(iter(renewed.values()))
        if self._declared.join == "succession":
            current, following = renewed.values()
            tables, said = succession(current, following, start=self._declared.start)
        else:
            tables, said = together(renewed, info={"feed_publisher_name": "-"})
        findings += said
        return tables

    def _compare(self, tables: Tables, period: Period, result: Reconciliation) -> None:
        """Count departures day by day in the originals and in the result.

        Trips are known by what passengers see, names of stops and times, because ids may change.
        """
        expected: Counter[tuple[dt.date, Calls]] = Counter()
        for (first, last), original in zip(
            self._spans(period), self._originals.values(), strict=True
        ):
            expected += _runs(original, first, last)
        given = _runs(tables, period.start, period.end)
        result.time_cells = expected.total()
        result.time_cells_matched = (expected & given).total()
        result.stop_times = given.total()
        result.stop_times_matched = result.time_cells_matched
        for (date, calls), count in (expected - given).items():
            result.findings.append(_departure("departure-lost", date, calls, count))
        for (date, calls), count in (given - expected).items():
            result.findings.append(_departure("departure-added", date, calls, count))

    def _spans(self, period: Period) -> list[tuple[dt.date, dt.date]]:
        """Return from when to when each original counts."""
        if self._declared.join != "succession" or len(self._originals) < 2:
            return [(period.start, period.end)] * len(self._originals)
        following = list(self._originals.values())[1]
        begins = (min(d) for d in effective_dates(following).values() if d)
        start = self._declared.start or min(begins)
        return [(period.start, start - dt.timedelta(days=1)), (start, period.end)]


def _departure(code: str, date: dt.date, calls: Calls, count: int) -> Finding:
    value = f"{date} {calls[0][0]} → {calls[-1][0]}"
    return notice(code, value=value, count=count)


def _runs(feed: Tables, first: dt.date, last: dt.date) -> Counter[tuple[dt.date, Calls]]:
    """Count every trip on every day it runs between two days, both included."""
    names = dict(zip(feed["stops"]["stop_id"], feed["stops"]["stop_name"], strict=True))
    calls: dict[str, list[tuple[str, object, object]]] = defaultdict(list)
    columns = ["trip_id", "stop_id", "arrival_time", "departure_time"]
    times = feed["stop_times"].sort_values(["trip_id", "stop_sequence"])[columns]
    for row in times.astype(object).itertuples(index=False):
        name = str(names.get(row.stop_id, row.stop_id)).strip()
        calls[row.trip_id].append((name, str(row.arrival_time), str(row.departure_time)))
    running = effective_dates(feed)
    trips = feed["trips"]
    return Counter(
        (date, tuple(calls[trip_id]))
        for trip_id, service in zip(trips["trip_id"], trips["service_id"], strict=True)
        for date in running.get(service, ())
        if calls[trip_id] and first <= date <= last
    )


def _name_operator(parts: Parts, tables: Tables, findings: list[Finding]) -> None:
    """Give the only operator its corporate number and the declared name."""
    agency = tables["agency"]
    if len(agency) != 1:
        return
    operator = parts.feed.operator
    old = str(agency["agency_id"].iloc[0]) if "agency_id" in agency else ""
    if old != operator.id:
        findings.append(notice("published-operator", file="agency.txt", value=old, id=operator.id))
    rename(tables, "agency", {old: operator.id})
    tables["agency"] = tables["agency"].assign(
        agency_id=operator.id, agency_name=operator.name.ja, agency_url=operator.url
    )


def _keep_period(tables: Tables, period: Period, findings: list[Finding]) -> None:
    """Keep the days of the declared period; services left without a day go with their trips."""
    running = effective_dates(tables)
    kept = {
        s: frozenset(d for d in days if period.start <= d <= period.end)
        for s, days in running.items()
    }
    cut = sum(len(running[s]) - len(kept[s]) for s in running)
    if cut:
        findings.append(notice("published-days-cut", file="calendar.txt", count=cut))
    known = known_ids(tables)
    before = tables["trips"]
    gone = keep_days(tables, kept)
    if len(gone):
        value = before.loc[gone.index[0], "trip_id"]
        place = {"file": "trips.txt", "value": value}
        findings.append(notice("published-expired", count=len(gone), **place))
    work = Changing(tables)
    drop_unused(work, known)
    findings += work.findings


def _add_translations(tables: Tables, words: Translations) -> None:
    if not words.rows:
        return
    frames: Iterable[pd.DataFrame] = [tables.table("translations"), pd.DataFrame(words.rows)]
    tables["translations"] = pd.concat([f for f in frames if len(f)]).fillna("")
