"""A feed in memory: its tables, typed and in the column order of the specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import pandas as pd

from gtfs.feed.columns import as_text, parse
from gtfs.feed.schema import Kind, Table, tables


class Feed(MutableMapping[str, pd.DataFrame]):
    """The tables of one feed, by file name without ``.txt``.

    Any name may be set: Flex, Fares v2, translations, the Japanese files and files nobody knows
    are all kept. A table that is set is brought into form: text columns hold the empty text where
    there is no value, numbers are ``Int64`` or ``float64``, times are ``Int64`` seconds after noon
    minus twelve hours of the service day (``24:10:00`` is 87000; clock text is accepted), dates
    stay ``YYYYMMDD`` text. Known columns stand in the order of the specification, others follow
    as given.

    Parameters
    ----------
    tables
        File name without ``.txt`` to DataFrame.
    locations
        ``locations.geojson`` of GTFS-Flex as a GeoJSON FeatureCollection.
    extras
        Other files of the archive as they are: name to bytes.

    Raises
    ------
    ValueError
        From setting a table: a value does not fit its column. It names table, column and value.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame] | None = None,
        *,
        locations: dict[str, Any] | None = None,
        extras: Mapping[str, bytes] | None = None,
    ) -> None:
        self._tables: dict[str, pd.DataFrame] = {}
        self.locations = locations
        self.extras: dict[str, bytes] = dict(extras or {})
        for name, frame in (tables or {}).items():
            self[name] = frame

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._tables[name]

    def __setitem__(self, name: str, frame: pd.DataFrame) -> None:
        typed, unreadable = typed_table(name, frame)
        for column, words in unreadable.items():
            raise ValueError(f"{name}.{column} cannot hold {next(iter(words.values()))!r}")
        self._tables[name] = typed

    def __delitem__(self, name: str) -> None:
        del self._tables[name]

    def __iter__(self) -> Iterator[str]:
        known = [name for name in tables() if name in self._tables]
        return iter(known + sorted(set(self._tables) - set(known)))

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {len(frame)}" for name, frame in self.items())
        return f"Feed({sizes})"

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """Return a table, empty if the feed has none, with at least `columns`.

        Columns the feed lacks are added to the copy that is returned, absent in every row.
        """
        frame = self._tables.get(name, pd.DataFrame())
        missing = [column for column in columns if column not in frame.columns]
        if not missing:
            return frame
        blank = pd.Series([""] * len(frame), index=frame.index, dtype="str")
        frame = frame.assign(**{c: parse(blank, kind(name, c))[0] for c in missing})
        return typed_table(name, frame)[0]

    def copy(self) -> Feed:
        """Return a feed whose tables can be changed without changing this one."""
        other = Feed(locations=self.locations, extras=self.extras)
        other._tables = {name: frame.copy() for name, frame in self._tables.items()}
        return other


def kind(table: str, column: str) -> Kind:
    """Return how a column is held in memory; unknown columns are text."""
    known = tables().get(table)
    return known.fields[column].kind if known and column in known.fields else Kind.TEXT


def typed_table(name: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[int, str]]]:
    """Bring a table into form without stopping at values that do not fit.

    Returns
    -------
    typed, unreadable
        The table with a fresh index, and per column the values that do not fit, by position;
        they are absent in the table.
    """
    frame = frame.reset_index(drop=True)
    typed: dict[str, pd.Series] = {}
    unreadable: dict[str, dict[int, str]] = {}
    for column in ordered(name, frame.columns):
        typed[column], bad = parse(frame[column], kind(name, column))
        if bad.any():
            words = as_text(frame[column])
            unreadable[column] = {int(i): str(words.iloc[i]) for i in bad.nonzero()[0]}
    return pd.DataFrame(typed, index=frame.index), unreadable


def ordered(name: str, columns: pd.Index | list[str]) -> list[str]:
    """Return column names in the order of the specification, unknown ones last as given."""
    table: Table | None = tables().get(name)
    known = [column for column in table.fields if column in columns] if table else []
    return known + [column for column in columns if column not in known]
