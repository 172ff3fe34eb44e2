"""Answering from the feature index of a layer: rows by place, value and id, and their text."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any

import deflate
import numpy as np

from pipeline.features.boxes import levels_of, search
from pipeline.features.layout import IndexFileError, Sections
from pipeline.features.values import Key, Kind

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.features.boxes import Box

    Rows = NDArray[np.int64]
    Spelt = Callable[[frozenset[str]], re.Pattern[bytes]]

MANY = 32
"""One row in so many is many: then all rows are marked instead of sorting those found."""


class FeatureIndex:
    """The feature index of one layer, mapped into memory.

    Rows are numbered from 0 in the order of the layer's files; every answer keeps that order.

    Parameters
    ----------
    path
        Written by :func:`pipeline.features.writing.write_feature_index`.

    Raises
    ------
    IndexFileError
        If it is no index, is damaged, or is of another format.
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._file = Sections(path)
        facts = self._file.facts
        self.rows: int = facts["rows"]
        self._placed: int = facts["placed"]
        self.kinds: Mapping[str, Kind] = {f["name"]: Kind(f["kind"]) for f in facts["fields"]}
        self._values = {name: ValueIndex(self._file, n, k) for n, (name, k) in self._numbered()}

    def _numbered(self) -> enumerate[tuple[str, Kind]]:
        return enumerate(self.kinds.items())

    def within(self, box: Box) -> Rows:
        """Return the rows whose boxes meet `box`, rising.

        Parameters
        ----------
        box
            West, south, east, north in degrees, edges included; west beyond east goes round the
            antimeridian. Features without geometry are never found.
        """
        if not self._placed:
            return np.empty(0, dtype=np.int64)
        west, south, east, north = box
        if west <= east:
            found = search(self._levels, box)
        else:
            halves = ((west, south, np.inf, north), (-np.inf, south, east, north))
            found = np.union1d(*(search(self._levels, half) for half in halves))
        return self._rising(self._row[found])

    def equal(self, name: str, key: Key) -> Rows:
        """Return the rows whose field `name` has the value `key`, rising."""
        return self._values[name].rows(key)

    def ranks(self, name: str) -> NDArray[np.int32]:
        """Return the place of every row's value of field `name` among its values, from 0.

        Equal values have equal places; -1 where there is no value.
        """
        return self._values[name].ranks(self.rows)

    def containing(self, names: Sequence[str], spelt: Spelt) -> Rows:
        """Return the rows in whose text fields `names` a word is found, rising.

        It is looked for in each value once, however many rows have it: the cost is the text of
        the different values.

        Parameters
        ----------
        spelt
            Tells what finds the word in text made of the characters it is given.
        """
        marked = np.zeros(self.rows, dtype=bool)
        for name in names:
            if name in self._values:
                marked[self._values[name].containing(spelt)] = True
        return np.flatnonzero(marked)

    def row_of(self, identity: int) -> int | None:
        """Return the first row with this feature id."""
        ids = self._file.array("id")
        at = int(np.searchsorted(ids, identity))
        if at == len(ids) or ids[at] != identity:
            return None
        return int(self._file.array("id.row")[at])

    def texts(self, rows: Sequence[int] | Rows | range) -> list[bytes]:
        """Return the GeoJSON of features, in the order of `rows`."""
        positions = self._position[np.asarray(rows, dtype=np.int64)]
        blocks = np.searchsorted(self._first, positions, side="right") - 1
        starts = self._start[positions]
        following = np.minimum(positions + 1, self.rows - 1)
        last = positions + 1 == np.append(self._first[1:], self.rows)[blocks]
        ends = np.where(last, self._size[blocks], self._start[following])
        unpacked = {block: self._block(block) for block in np.unique(blocks).tolist()}
        return [
            unpacked[block][start:end]
            for block, start, end in zip(
                blocks.tolist(), starts.tolist(), ends.tolist(), strict=True
            )
        ]

    def _block(self, number: int) -> bytes:
        start, end = int(self._end[number]), int(self._end[number + 1])
        packed = bytes(self._file.bytes("text")[start:end])
        try:
            return bytes(deflate.deflate_decompress(packed, int(self._size[number])))
        except (ValueError, deflate.DeflateError) as error:
            raise IndexFileError(f"block {number} of the feature index is damaged") from error

    def _rising(self, rows: NDArray[Any]) -> Rows:
        if len(rows) * MANY < self.rows:
            return np.sort(rows).astype(np.int64)
        marked = np.zeros(self.rows, dtype=bool)
        marked[rows] = True
        return np.flatnonzero(marked)

    @cached_property
    def _levels(self) -> list[NDArray[np.float64]]:
        count = 1 + len(levels_of(self._placed))
        return [self._file.array(f"box{height}").reshape(-1, 4) for height in range(count)]

    @cached_property
    def _row(self) -> NDArray[np.uint32]:
        return self._file.array("row")

    @cached_property
    def _position(self) -> NDArray[np.uint32]:
        return self._file.array("position")

    @cached_property
    def _start(self) -> NDArray[np.uint32]:
        return self._file.array("text.start")

    @cached_property
    def _first(self) -> NDArray[np.uint32]:
        return self._file.array("block.first")

    @cached_property
    def _size(self) -> NDArray[np.uint32]:
        return self._file.array("block.size")

    @cached_property
    def _end(self) -> NDArray[np.uint64]:
        return self._file.array("block.end")


class ValueIndex:
    """The rows of one field, sorted by value."""

    def __init__(self, file: Sections, number: int, kind: Kind) -> None:
        self.kind = kind
        self._rows = file.array(f"value{number}.rows")
        self._starts = file.array(f"value{number}.starts")
        self._textual = kind in (Kind.STRING, Kind.DATE)
        if self._textual:
            self._text = file.bytes(f"value{number}.text")
            self._ends = file.array(f"value{number}.ends")
        else:
            self._keys = file.array(f"value{number}.keys")

    def rows(self, key: Key) -> Rows:
        """Return the rows that have the value `key`, rising."""
        at = None if key is None else self._place(key)
        if at is None:
            return np.empty(0, dtype=np.int64)
        return self._rows[self._starts[at] : self._starts[at + 1]].astype(np.int64)

    def ranks(self, rows: int) -> NDArray[np.int32]:
        """Return the place of the value of each of `rows` rows, -1 where there is none."""
        ranks = np.full(rows, -1, dtype=np.int32)
        starts = self._starts.astype(np.int64)
        counts = starts[1:] - starts[:-1]
        ranks[self._rows] = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return ranks

    def containing(self, spelt: Spelt) -> Rows:
        """Return the rows in whose value a word is found; none in numbers."""
        if not self._textual:
            return np.empty(0, dtype=np.int64)
        pattern, text = spelt(self._signs), bytes(self._text)
        spans = [found.span() for found in pattern.finditer(text)]
        places = np.array(spans, dtype=np.int64).reshape(-1, 2)
        first = np.searchsorted(self._ends, places[:, 0], side="right") - 1
        last = np.searchsorted(self._ends, places[:, 1], side="left") - 1
        # What reaches from one value into the next is in neither, but may hide what is.
        between = first != last
        doubtful = np.union1d(first[between], last[between])
        ends = self._ends
        also = [
            n for n in doubtful.tolist() if pattern.search(text[int(ends[n]) : int(ends[n + 1])])
        ]
        numbers = np.union1d(first[~between], np.array(also, dtype=np.int64))
        starts = self._starts.astype(np.int64)
        marked = np.zeros(len(starts) - 1, dtype=bool)
        marked[numbers.astype(np.int64)] = True
        rows: Rows = self._rows[np.repeat(marked, starts[1:] - starts[:-1])].astype(np.int64)
        return rows

    @cached_property
    def _signs(self) -> frozenset[str]:
        """The characters the values are made of: of most, one spelling in many occurs."""
        return frozenset(bytes(self._text).decode("utf-8", "surrogatepass"))

    def _place(self, key: str | float) -> int | None:
        count = len(self._starts) - 1
        if isinstance(key, str):
            raw = key.encode("utf-8", "surrogatepass")
            at = bisect_left(range(count), raw, key=self._text_at)
            return at if at < count and self._text_at(at) == raw else None
        at = int(np.searchsorted(self._keys, key))
        return at if at < count and self._keys[at] == key else None

    def _text_at(self, number: int) -> bytes:
        return bytes(self._text[int(self._ends[number]) : int(self._ends[number + 1])])
