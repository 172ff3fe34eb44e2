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
from gtfs.errors import FeedUnreadable, TimetableUnreadable
from gtfs.feed.complete import read_service
from gtfs.feed.ids import rename
from gtfs.notices import notice
from gtfs.reconcile import Reconciliation
from gtfs.republish import modernise, succession, together
from gtfs.republish.change import Changing
from gtfs.republish.days import keep_days
from gtfs.republish.unused import drop_unused, known_ids
from gtfs.stops.ledger import check_readings
from gtfs.timetable.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from gtfs.build.parts import Parts
    from gtfs.build.shapes import Floats
    from gtfs.feed.tables import Feed as Tables
    from gtfs.timetable.trips import Trip
    from pipeline.config.feed_parts import Period
    from pipeline.config.feeds import Feed
    from pipeline.config.published import Published, StopNames
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
            result.findings += _complete_names(tables, self._declared.names, self._root, words)
            self.sources.append(self._declared.names.file)
        _add_translations(tables, words)
        self._compare(tables, parts.feed.period, result)
        return tables, pd.DataFrame(), result

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


def _complete_names(
    tables: Tables, source: StopNames, root: Path, words: Translations
) -> list[Finding]:
    """Add readings and English of stops the feed has none for; tell which are still missing."""
    try:
        records = read_ledger(root, source, (source.name, source.reading, source.english))
    except TimetableUnreadable as unreadable:
        return [unreadable.finding]
    by_name = {record.text(source.name): record for record in records}
    have = _translated(tables)
    missing: Counter[str] = Counter()
    for stop in tables["stops"].itertuples(index=False):
        record = by_name.get(str(stop.stop_name))
        reading = record.text(source.reading) if record else ""
        english = record.text(source.english) if record and source.english else ""
        known = have.get(stop.stop_id, set()) | have.get(stop.stop_name, set())
        words.add(
            "stops",
            "stop_name",
            str(stop.stop_id),
            reading="" if "ja-Hrkt" in known else reading,
            english="" if "en" in known else english,
        )
        if not reading and "ja-Hrkt" not in known:
            missing[str(stop.stop_name)] += 1
    findings = check_readings(records, source)
    if missing:
        name = next(iter(missing))
        place = {"file": source.file, "sheet": source.sheet, "field": source.name}
        count = len(missing)
        findings.append(notice("published-reading-missing", value=name, count=count, **place))
    return findings


def _translated(tables: Tables) -> dict[str, set[str]]:
    columns = ("table_name", "field_name", "language", "record_id", "field_value")
    found: dict[str, set[str]] = defaultdict(set)
    for row in tables.table("translations", *columns).itertuples(index=False):
        if row.table_name == "stops" and row.field_name == "stop_name":
            found[row.record_id or row.field_value].add(row.language)
    return found


def _add_translations(tables: Tables, words: Translations) -> None:
    if not words.rows:
        return
    frames: Iterable[pd.DataFrame] = [tables.table("translations"), pd.DataFrame(words.rows)]
    tables["translations"] = pd.concat([f for f in frames if len(f)]).fillna("")
