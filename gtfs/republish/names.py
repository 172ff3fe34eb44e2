"""Readings and English of the stops of a published feed, from a ledger the city keeps."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from gtfs.stops.ledger import check_readings
from gtfs.timetable.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gtfs.build.japan import Translations
    from gtfs.feed.tables import Feed as Tables
    from gtfs.timetable.ledger import Record
    from pipeline.config.published import StopNames
    from pipeline.findings import Finding

    Said = dict[str, list[tuple[str, str]]]


_METRES_PER_DEGREE = 111_320.0
_ONE_PLACE_METRES = 1_000.0


def complete_names(
    tables: Tables, source: StopNames, root: Path, words: Translations
) -> list[Finding]:
    """Add readings and English of stops the feed has none for; tell which are still missing.

    Lines are matched by stop id where the ledger declares one, else by name. A name under which
    the ledger has two readings says nothing about either place: 神戸 is こうべ here, ごうど there;
    nor does one line for a name that places far apart bear.
    """
    headers = (source.id, source.name, source.reading, source.english)
    try:
        records = read_ledger(root, source, tuple(filter(None, headers)))
    except TimetableUnreadable as unreadable:
        return [unreadable.finding]
    by_id = _by(records, source, source.id) if source.id else {}
    by_name = {} if source.id else _by(records, source, source.name)
    have = _translated(tables)
    scattered: set[str] = set() if source.id else _scattered(tables)
    missing: Counter[str] = Counter()
    ambiguous: Counter[str] = Counter()
    for stop in tables["stops"].itertuples(index=False):
        name, key = str(stop.stop_name), str(stop.stop_id)
        known = have.get(key, set()) | have.get(name, set())
        said = by_id.get(_plain(key, by_id), []) if source.id else by_name.get(name, [])
        texts = {(reading, english) for reading, english in said}
        unsure = len(texts) > 1 or (bool(texts) and name in scattered)
        if unsure and not known >= {"ja-Hrkt", "en"}:
            ambiguous[name] += 1
            continue
        reading, english = next(iter(texts), ("", ""))
        words.add(
            "stops",
            "stop_name",
            key,
            reading="" if "ja-Hrkt" in known else reading,
            english="" if "en" in known else english,
        )
        if not reading and "ja-Hrkt" not in known:
            missing[name] += 1
    findings = check_readings(records, source)
    place = {"file": source.file, "sheet": source.sheet, "field": source.name}
    for code, names in (
        ("published-name-ambiguous", ambiguous),
        ("published-reading-missing", missing),
    ):
        if names:
            findings.append(notice(code, value=next(iter(names)), count=len(names), **place))
    return findings


def _scattered(tables: Tables) -> set[str]:
    """Return the names that places further than a kilometre apart bear: no two poles of one."""
    stops = tables.table("stops", "stop_name", "stop_lat", "stop_lon")
    ends = stops.groupby("stop_name")[["stop_lat", "stop_lon"]].agg(["min", "max"])
    high = (ends["stop_lat", "max"] - ends["stop_lat", "min"]) * _METRES_PER_DEGREE
    narrow = np.cos(np.radians(ends["stop_lat", "min"].astype(float)))
    wide = (ends["stop_lon", "max"] - ends["stop_lon", "min"]) * _METRES_PER_DEGREE * narrow
    return set(ends.index[np.hypot(high.astype(float), wide.astype(float)) > _ONE_PLACE_METRES])


def _by(
    records: Iterable[Record], source: StopNames, header: str
) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for record in records:
        english = record.text(source.english) if source.english else ""
        found[record.text(header).strip()].append((record.text(source.reading), english))
    return found


def _plain(key: str, known: Said) -> str:
    """Return an id as the ledger has it: joined feeds have the name of the zip in front."""
    return key if key in known else key.partition(".")[2]


def _translated(tables: Tables) -> dict[str, set[str]]:
    columns = ("table_name", "field_name", "language", "record_id", "field_value")
    found: dict[str, set[str]] = defaultdict(set)
    for row in tables.table("translations", *columns).itertuples(index=False):
        if row.table_name == "stops" and row.field_name == "stop_name":
            found[row.record_id or row.field_value].add(row.language)
    return found
