"""A feed as a zip: the same tables give the same bytes, on any machine and in any order.

Decided once for every feed: UTF-8 without a byte order mark, CRLF line ends (RFC 4180, and what
nearly every published Japanese feed uses), quotes only where a value needs them, numbers as
short as they read back exactly, rows in the order of the table's primary key, files in the order
of the specification. A table without rows is written only where the specification requires the
file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gtfs.feed.archive import write_archive
from gtfs.feed.columns import render
from gtfs.feed.schema import Kind, tables
from gtfs.feed.tables import kind

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gtfs.feed.tables import Feed

LINE_END = "\r\n"
_ABSENT = -(2**62)
"""Sorts before every number; small enough that differences do not overflow."""


def write_zip(feed: Feed, path: Path) -> None:
    """Write a feed as a GTFS zip; the file appears whole or not at all.

    Parameters
    ----------
    feed
        The tables; they are not changed.
    path
        The zip to write.
    """
    write_archive(members(feed), path)


def members(feed: Feed) -> dict[str, bytes]:
    """Return the files of a feed, name to bytes, in the order they stand in the zip."""
    files = {
        f"{name}.txt": table_bytes(name, frame)
        for name, frame in feed.items()
        if len(frame) or _required(name)
    }
    if feed.locations is not None:
        files["locations.geojson"] = orjson.dumps(feed.locations)
    return files | {name: feed.extras[name] for name in sorted(feed.extras)}


def table_bytes(name: str, frame: pd.DataFrame) -> bytes:
    """Return one table as the bytes of its ``.txt``, rows in canonical order."""
    header = ",".join(_quoted(str(column)) for column in frame.columns) + LINE_END
    if frame.empty:
        return header.encode()
    columns = [_column(frame[c], kind(name, c)) for c in frame.columns]
    rows = canonical_order(name, frame)
    if rows is not None:
        columns = [column.take(rows) for column in columns]
    columns[-1] = pc.binary_join_element_wise(columns[-1], _text(LINE_END), _text(""))
    lines = pc.binary_join_element_wise(*columns, _text(","))
    # The values of a string array lie one behind the other in one buffer: that is the file.
    end = np.frombuffer(lines.buffers()[1], dtype=np.int64)[len(lines)]
    return header.encode() + bytes(lines.buffers()[2][: int(end)])


def canonical_order(name: str, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """Return the row positions of a table in canonical order, or None if it stands so already.

    By primary key where the table has one and then by every other column, so that the order
    rows were produced in cannot show. Text is compared by code point, absent values come first.
    """
    table = tables().get(name)
    key = [c for c in (table.primary_key if table else ()) if c in frame.columns]
    ranks = [_rank(frame[c], kind(name, c)) for c in key]
    if ranks and _strictly_rising(ranks):
        return None
    order = np.lexsort(ranks[::-1]) if ranks else None
    if order is None or not _strictly_rising([rank[order] for rank in ranks]):
        ranks += [_rank(frame[c], kind(name, c)) for c in frame.columns if c not in key]
        order = np.lexsort(ranks[::-1])
    return None if bool((np.diff(order) == 1).all()) else order


def _strictly_rising(ranks: list[NDArray[np.int64]]) -> bool:
    steps = np.diff(ranks[0])
    for rank in ranks[1:]:
        steps = np.where(steps == 0, np.diff(rank), steps)
    return bool((steps > 0).all())


def _rank(values: pd.Series, kind: Kind) -> NDArray[np.int64]:
    if kind is Kind.FLOAT:
        numbers = values.to_numpy(dtype="float64", na_value=-np.inf)
        return np.unique(numbers, return_inverse=True)[1]
    if kind is not Kind.TEXT:
        integers: NDArray[np.int64] = values.to_numpy(dtype="int64", na_value=_ABSENT)
        return integers
    codes, distinct = pd.factorize(values)
    place = np.empty(len(distinct), dtype=np.int64)
    place[np.argsort(np.asarray(distinct, dtype=object))] = np.arange(len(distinct))
    ranks: NDArray[np.int64] = place[codes]
    return ranks


def _column(values: pd.Series, kind: Kind) -> pa.Array:
    words = render(values, kind)
    return _escape(words) if kind is Kind.TEXT else words


def _escape(words: pa.Array) -> pa.Array:
    """Quote values with a comma, a quote, a line end, or a space at an end."""
    # Most columns hold none of these anywhere: one look at all their bytes says so.
    held = bytes(words.buffers()[2] or b"")
    if not any(byte in held for byte in (b'"', b",", b"\r", b"\n", b" ")):
        return words
    special = pc.match_substring_regex(words, '[",\r\n]|^ | $')
    if not pc.any(special).as_py():
        return words
    doubled = pc.replace_substring(words, '"', '""')
    quoted = pc.binary_join_element_wise(_text('"'), doubled, _text('"'), _text(""))
    return pc.if_else(special, quoted, words)


def _quoted(word: str) -> str:
    return str(_escape(pa.array([word], type=pa.large_string()))[0])


def _text(word: str) -> pa.Scalar:
    return pa.scalar(word, pa.large_string())


def _required(name: str) -> bool:
    table = tables().get(name)
    return table is not None and table.presence == "Required"
