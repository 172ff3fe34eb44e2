"""The current feed and the next one as one: service goes on without a gap.

Publishing practice is one address that always answers for the coming weeks, so before a revision
of the timetable the published feed holds both.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from gtfs.days.calendar import effective_dates
from gtfs.errors import FeedUnreadable
from gtfs.feed.ids import HOMES, ids, rename
from gtfs.feed.schema import tables
from gtfs.feed.tables import Feed
from gtfs.republish.change import Changing
from gtfs.republish.days import keep_days
from gtfs.republish.unused import known_ids, note_lost, settle
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from pipeline.findings import Finding

_KEPT = ("agency", "stop", "route", "zone", "office", "attribution")
"""What keeps its id across a revision: the same stop is the same stop."""


def succession(
    current: Feed, following: Feed, *, start: dt.date | None = None
) -> tuple[Feed, list[Finding]]:
    """Join two feeds of one operator: the current one until the day before `start`, then the next.

    Stops and routes under one id are one, as the next feed describes them. Trips, services,
    shapes and fares stay apart; where both feeds use an id for different things, that of the
    next feed gets the date appended.

    Parameters
    ----------
    current, following
        Both are left alone.
    start
        First day of the next timetable; else the first day on which it has service.

    Returns
    -------
    feed, findings
        With a finding for days of service that were cut, a gap between the two, and stops and
        routes that the feeds describe differently.

    Raises
    ------
    FeedUnreadable
        If the next feed has no day of service.
    """
    old, new = current.copy(), following.copy()
    days = served(new)
    if not days:
        found = Catalogue.of("gtfs.validate").finding("feed-without-service", file="calendar.txt")
        raise FeedUnreadable("the next feed has no day of service", [found])
    day = start or min(days)
    work = Changing(Feed())
    _clip(work, old, last=day - dt.timedelta(days=1))
    _clip(work, new, first=day)
    _note_gap(work, old, day)
    _separate(old, new, day)
    for name in dict.fromkeys([*old, *new]):
        work.feed[name] = _joined(work, name, old, new)
    _join_info(work, old, new)
    work.feed.extras = old.extras | new.extras
    work.feed.locations = _join_locations(work, old, new)
    both = known_ids(old), known_ids(new)
    note_lost(work, {kind: both[0][kind] | both[1][kind] for kind in both[0]})
    return work.feed, work.findings


def served(feed: Feed) -> set[dt.date]:
    """Return the days on which any trip of a feed runs."""
    used = set(feed.table("trips", "service_id").service_id)
    return {d for service, dates in effective_dates(feed).items() if service in used for d in dates}


def _clip(
    work: Changing, feed: Feed, *, first: dt.date = dt.date.min, last: dt.date = dt.date.max
) -> None:
    """Cut service to a period; services that have no day left go, with their trips."""
    dates = effective_dates(feed)
    inside = {s: frozenset(d for d in days if first <= d <= last) for s, days in dates.items()}
    cut = {d for days in dates.values() for d in days} - {
        d for days in inside.values() for d in days
    }
    work.say(
        "days-cut",
        count=len(cut),
        value=min(cut, default=""),
        first=min(cut, default=""),
        last=max(cut, default=""),
    )
    known = known_ids(feed)
    keep_days(feed, inside)
    own = Changing(feed)
    settle(own, known)
    work.findings += own.findings


def _note_gap(work: Changing, old: Feed, day: dt.date) -> None:
    last = max(served(old), default=None)
    if last and (day - last).days > 1:
        work.say(
            "days-between",
            count=(day - last).days - 1,
            value=last + dt.timedelta(days=1),
            last=last,
            first=day,
        )


def _separate(old: Feed, new: Feed, day: dt.date) -> None:
    for what in HOMES:
        if what not in _KEPT:
            both = ids(old, what) & ids(new, what)
            rename(new, what, {name: f"{name}_{day:%Y%m%d}" for name in both})


def _joined(work: Changing, name: str, old: Feed, new: Feed) -> pd.DataFrame:
    frames = [feed[name] for feed in (new, old) if name in feed and len(feed[name])]
    if len(frames) < 2:
        return frames[0] if frames else next(f[name] for f in (old, new) if name in f)
    if name == "feed_info":
        return frames[0]
    columns = list(dict.fromkeys([*frames[0].columns, *frames[1].columns]))
    new_rows, old_rows = (feed.table(name, *columns)[columns] for feed in (new, old))
    rows = pd.concat([new_rows, old_rows], ignore_index=True).drop_duplicates()
    known = tables().get(name)
    key = [c for c in (known.primary_key if known else ()) if c in columns]
    if not key:
        return rows
    other = rows.duplicated(key)
    if other.any():
        work.say(
            "described-differently",
            file=name,
            column=key[0],
            count=int(other.sum()),
            value=rows.loc[other, key[0]].iloc[0],
        )
    return rows[~other]


def _join_info(work: Changing, old: Feed, new: Feed) -> None:
    """Let the period reach from the first day of the one to the last of the other."""
    columns = ("feed_start_date", "feed_end_date", "feed_version")
    first, then = old.table("feed_info", *columns), new.table("feed_info", *columns)
    if first.empty or then.empty:
        return
    days = served(work.feed)
    versions = dict.fromkeys(
        v for v in (first.feed_version.iloc[0], then.feed_version.iloc[0]) if v
    )
    work.feed["feed_info"] = then.assign(
        feed_start_date=f"{min(days):%Y%m%d}",
        feed_end_date=f"{max(days):%Y%m%d}",
        feed_version="+".join(versions),
    )


def _join_locations(work: Changing, old: Feed, new: Feed) -> dict[str, Any] | None:
    found = [feed.locations for feed in (new, old) if feed.locations]
    if len(found) < 2:
        return found[0] if found else None
    known = {str(f["id"]): f for f in found[1]["features"]}
    other = [str(f["id"]) for f in found[0]["features"] if known.get(str(f["id"]), f) != f]
    if other:
        place = {"file": "locations", "column": "id"}
        work.say("described-differently", value=other[0], count=len(other), **place)
    features = {str(f["id"]): f for part in reversed(found) for f in part["features"]}
    return {"type": "FeatureCollection", "features": [features[key] for key in sorted(features)]}
