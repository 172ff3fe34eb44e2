"""A published feed brought up to GTFS as it is today and GTFS-JP 4.

Nothing is guessed: what a feed does not say is not added, except what follows from the rest of it.
Every step lists what it changed.
"""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.days.calendar import effective_dates
from gtfs.feed.ids import HOMES, LOCATION, ids, references, rename
from gtfs.feed.schema import Kind
from gtfs.feed.tables import kind
from gtfs.republish.change import Changing
from gtfs.republish.days import keep_days
from gtfs.republish.translations import modern_translations
from gtfs.republish.unused import drop_unused, known_ids, note_lost, unknown

if TYPE_CHECKING:
    from gtfs.feed.tables import Feed
    from pipeline.findings import Finding


def modernise(feed: Feed) -> tuple[Feed, list[Finding]]:
    """Bring a feed up to date.

    Misspelled columns and files are named rightly, spaces at the ends of values, blank and
    repeated rows go, translations of the old form become those of today, ids become ASCII, the
    only operator is named where routes and fares leave it out, every service has a calendar row
    in the shortest form, what nothing uses is dropped, and the period is written into
    ``feed_info``.

    Returns
    -------
    feed, findings
        A new feed, and what was changed; the given one is left alone.
    """
    work = Changing(feed.copy())
    for step in (
        _right_names,
        _trim,
        _drop_rows,
        modern_translations,
        _fill_agency,
        _fill_location_type,
        _note_unknown,
        _note_prices,
        _drop_what_never_runs,
        _ascii_ids,
        _write_period,
    ):
        step(work)
    return work.feed, work.findings


def _right_names(work: Changing) -> None:
    for alias in _aliases():
        table, written, meant = alias["table"], alias["written"], alias["meant"]
        if table not in work.feed:
            continue
        frame = work.feed[table]
        if not written and meant not in work.feed:
            del work.feed[table]
            work.feed[meant] = frame
            work.say("name-corrected", file=table, value=f"{meant}.txt", count=1)
        elif written in frame.columns and meant not in frame.columns:
            work.feed[table] = frame.rename(columns={written: meant})
            work.say("name-corrected", file=table, column=written, value=meant, count=1)


def _trim(work: Changing) -> None:
    for name, frame in work.feed.items():
        text = [column for column in frame.columns if kind(name, column) is Kind.TEXT]
        trimmed = {column: frame[column].str.strip() for column in text}
        for column in text:
            odd = trimmed[column] != frame[column]
            if odd.any():
                value = trimmed[column][odd].iloc[0]
                count = int(odd.sum())
                work.say("text-trimmed", file=name, column=column, value=value, count=count)
        work.feed[name] = frame.assign(**trimmed)


def _drop_rows(work: Changing) -> None:
    for name, frame in work.feed.items():
        blank = ((frame == "") | frame.isna()).all(axis=1)
        repeated = frame.duplicated() & ~blank
        work.say("row-blank", file=name, count=int(blank.sum()))
        work.say("row-repeated", file=name, count=int(repeated.sum()))
        if (blank | repeated).any():
            work.feed[name] = frame[~(blank | repeated)]


def _fill_agency(work: Changing) -> None:
    agencies = ids(work.feed, "agency")
    if len(agencies) != 1:
        return
    (only,) = agencies
    for name in ("routes", "fare_attributes"):
        if name in work.feed and len(work.feed[name]):
            frame = work.feed.table(name, "agency_id")
            empty = frame.agency_id == ""
            work.feed[name] = frame.assign(agency_id=frame.agency_id.where(~empty, only))
            work.say(
                "agency-filled", file=name, column="agency_id", value=only, count=int(empty.sum())
            )


def _fill_location_type(work: Changing) -> None:
    stops = work.feed.table("stops", "location_type")
    empty = stops.location_type.isna()
    work.feed["stops"] = stops.assign(location_type=stops.location_type.fillna(0))
    work.say(
        "location-type-filled",
        file="stops",
        column="location_type",
        value=0,
        count=int(empty.sum()),
    )


def _note_unknown(work: Changing) -> None:
    """Say which ids named nothing from the beginning: what is meant cannot be found out here."""
    needed = {(r.table, r.column) for r in references() if r.keeps}
    for place, lost in unknown(work.feed).items():
        table, column = place
        code = "reference-unknown" if place in needed else "described-unknown"
        count = int(work.feed[table][column].isin(lost).sum())
        work.say(code, file=table, column=column, value=min(lost), count=count)


def _note_prices(work: Changing) -> None:
    fares = work.feed.table("fare_attributes", "fare_id", "price")
    below = pd.to_numeric(fares.price, errors="coerce") < 0
    if below.any():
        value = fares.price[below].iloc[0]
        work.say(
            "price-negative", file="fare_attributes", column="price", value=value,
            count=int(below.sum()),
        )  # fmt: skip


def _drop_what_never_runs(work: Changing) -> None:
    known = known_ids(work.feed)
    trips = len(work.feed.table("trips"))
    _rewrite_calendar(work)
    drop_unused(work, known)
    note_lost(work, known)
    if trips and work.feed.table("trips").empty:
        # Nobody publishes a feed without a trip: rather are its days or its times wrong.
        work.say("trips-all-gone", file="trips", column="trip_id", count=trips)


def _rewrite_calendar(work: Changing) -> None:
    """Write every service in the shortest form; trips of services without a day go."""
    feed = work.feed
    before = len(feed.table("calendar_dates"))
    dead = keep_days(feed, effective_dates(feed))
    if len(dead):
        place = {"file": "trips", "column": "service_id"}
        work.say("trip-never-runs", value=dead.iloc[0], count=len(dead), **place)
    after = len(feed["calendar_dates"])
    if after < before:
        work.say(
            "calendar-shortened",
            file="calendar_dates",
            count=before - after,
            before=before,
            after=after,
        )


def _ascii_ids(work: Changing) -> None:
    """Give ids with other than printable ASCII characters one made from their text alone."""
    for what in (*HOMES, LOCATION):
        odd = sorted(i for i in ids(work.feed, what) if not (i.isascii() and i.isprintable()))
        if odd:
            names = {i: _ascii(what, i) for i in odd}
            rename(work.feed, what, names)
            work.say("id-made-ascii", count=len(odd), column=what, value=odd[0], new=names[odd[0]])


def _ascii(what: str, text: str) -> str:
    return f"{what[0]}{hashlib.sha256(f'{what}:{text}'.encode()).hexdigest()[:10]}"


def _write_period(work: Changing) -> None:
    info = work.feed.table("feed_info", "feed_start_date", "feed_end_date", "feed_version")
    if info.empty:
        work.say("feed-info-missing", file="feed_info", count=1)
        return
    days = [day for dates in effective_dates(work.feed).values() for day in dates]
    known = {"feed_start_date": min(days, default=None), "feed_end_date": max(days, default=None)}
    for column, day in known.items():
        if day and info[column].iloc[0] == "":
            info = info.assign(**{column: f"{day:%Y%m%d}"})
            work.say("period-written", file="feed_info", column=column, value=day, count=1)
    work.feed["feed_info"] = info


@cache
def _aliases() -> list[dict[str, str]]:
    text = resources.files("gtfs.data").joinpath("aliases.csv").read_text(encoding="utf-8")
    return [row for row in csv.DictReader(text.splitlines()) if row["table"]]
