"""Between our tables and gtfs-kit, which computes statistics and GeoDataFrames.

gtfs-kit knows the classic files only and keeps times as text. It is given those tables and never
asked to write: translations, Flex, Fares v2 and the Japanese files would be lost.
"""

from __future__ import annotations

import gtfs_kit
import numpy as np
import pandas as pd
from gtfs_kit.constants import DTYPES

from gtfs.feed.columns import render
from gtfs.feed.schema import Kind
from gtfs.feed.tables import Feed, kind

_NEEDED = {"routes": ("route_short_name",)}
"""Columns that are optional in GTFS but that gtfs-kit's statistics take for granted."""


def to_kit(feed: Feed, *, dist_units: str = "m") -> gtfs_kit.Feed:
    """Return the classic tables of a feed as a gtfs-kit feed.

    Parameters
    ----------
    feed
        Our feed; it is not changed.
    dist_units
        Unit of ``shape_dist_traveled``; this project writes metres.
    """
    names = [name for name in DTYPES if name in feed and len(feed[name])]
    return gtfs_kit.Feed(dist_units=dist_units, **{n: _kit_table(n, feed[n]) for n in names})


def from_kit(feed: gtfs_kit.Feed) -> Feed:
    """Return a gtfs-kit feed as our tables."""
    frames = {name: getattr(feed, name) for name in DTYPES}
    return Feed({name: frame for name, frame in frames.items() if frame is not None})


def _kit_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    columns = {c: _kit_column(frame[c], kind(name, c), DTYPES[name].get(c)) for c in frame.columns}
    table = pd.DataFrame(columns, index=frame.index)
    missing = [column for column in _NEEDED.get(name, ()) if column not in table.columns]
    return table.assign(**{c: pd.Series(pd.NA, table.index, dtype="string") for c in missing})


def _kit_column(values: pd.Series, kind: Kind, dtype: str | None) -> pd.Series:
    if kind is Kind.INTEGER:
        return values.astype(dtype or "Int64")
    if kind is Kind.FLOAT:
        return values
    words = pd.Series(np.asarray(render(values, kind)), index=values.index).astype("string")
    return words.mask(words == "")
