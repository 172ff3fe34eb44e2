"""Feeds of several operators as one, every id under the name of its feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gtfs.feed.ids import HOMES, LOCATION, ids, rename
from gtfs.feed.tables import Feed
from gtfs.republish.change import Changing
from gtfs.republish.unused import known_ids, note_lost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.findings import Finding


def together(feeds: Mapping[str, Feed], *, info: Mapping[str, str]) -> tuple[Feed, list[Finding]]:
    """Put feeds side by side in one.

    Operators (``agency_id``) keep their ids, which are corporate numbers; every other id gets the
    name of its feed in front, so that it stays the same whichever feeds are joined.

    Parameters
    ----------
    feeds
        ASCII name to feed; they are left alone.
    info
        The row of ``feed_info`` of the result.

    Returns
    -------
    feed, findings
        With a finding for operators that two feeds describe differently.
    """
    work = Changing(Feed())
    parts = {name: _prefixed(name, feed) for name, feed in sorted(feeds.items())}
    for table in dict.fromkeys(table for part in parts.values() for table in part):
        work.feed[table] = _stacked(work, table, list(parts.values()))
    work.feed["feed_info"] = pd.DataFrame([dict(info)])
    zones = [f for part in parts.values() if part.locations for f in part.locations["features"]]
    if zones:
        work.feed.locations = {"type": "FeatureCollection", "features": zones}
    work.feed.extras = {
        f"{name}.{file}": data for name, part in parts.items() for file, data in part.extras.items()
    }
    known = [known_ids(part) for part in parts.values()]
    note_lost(work, {kind: set().union(*(k[kind] for k in known)) for kind in known[0]})
    return work.feed, work.findings


def _prefixed(name: str, feed: Feed) -> Feed:
    part = feed.copy()
    for what in (*HOMES, LOCATION):
        if what != "agency":
            rename(part, what, {old: f"{name}.{old}" for old in ids(part, what)})
    return part


def _stacked(work: Changing, table: str, parts: list[Feed]) -> pd.DataFrame:
    frames = [part[table] for part in parts if table in part]
    rows = pd.concat(frames, ignore_index=True).drop_duplicates()
    if table not in ("agency", "agency_jp"):
        return rows
    other = rows.duplicated("agency_id")
    if other.any():
        value = rows.agency_id[other].iloc[0]
        work.say(
            "described-differently",
            file=table,
            column="agency_id",
            value=value,
            count=int(other.sum()),
        )
    return rows[~other]
