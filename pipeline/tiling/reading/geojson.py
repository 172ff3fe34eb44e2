"""Attributes and ids of GeoJSON as they are written; GDAL reads the shapes.

GDAL gives a column one type: a number beside a text becomes text, ``true`` beside a number 1, a
whole number of 64 bits a rounded one, a text that looks like a date another text, and of two
equal ids one becomes a position. So members are taken from the text itself (RFC 8259), feature by
feature, in blocks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from pipeline.errors import TilingError
from pipeline.tiling.arrow import JSON, is_json, json_column, json_text
from pipeline.tiling.mvt.encoding import NO_ID
from pipeline.tiling.reading import jsontext
from pipeline.tiling.reading.source import Noticed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

DRIVERS = frozenset({"GeoJSON", "GeoJSONSeq"})
ID_COLUMN = "id"
_BLOCK_BYTES = 1 << 22
_BLOCK_FEATURES = 1 << 14
_GREATEST = (1 << 64) - 1
_EXACT = 1 << 53


class _UnexpectedError(ValueError):
    """The text is no list of features: whatever it is, GDAL may know."""


@dataclass(frozen=True)
class Block:
    """Members of some features in a row.

    Attributes
    ----------
    properties
        One mapping per feature, empty where it has none.
    ids
        What each names itself; ``None`` where it does not.
    """

    properties: list[dict[str, Any]]
    ids: list[Any]


def blocks(path: Path) -> Iterator[Block]:
    """Yield the members of all features of a file, in its order.

    Raises
    ------
    TilingError
        If the text is not UTF-8, or a feature is no JSON.
    """
    with path.open("rb") as file:
        text, at = _first_feature(path, file)
        number, more = 0, True
        while True:
            data = np.frombuffer(text, np.uint8)
            found, at = jsontext.features_in(data, at, _BLOCK_FEATURES)
            if found.shape[0]:
                yield _members(path, text, found, number)
                number += found.shape[0]
                continue
            if not more or text[at : at + 1] == b"]":
                return
            read = file.read(max(_BLOCK_BYTES, len(text) - at))
            more = bool(read)
            text, at = text[at:] + (read or b"\n"), 0


def _first_feature(path: Path, file: Any) -> tuple[bytes, int]:
    """Return the beginning of a file and where in it the first feature may stand."""
    text = file.read(_BLOCK_BYTES)
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
    stripped = text.lstrip(b"\x1e \t\r\n")
    if not stripped.startswith(b"{"):
        raise _UnexpectedError
    start = at = len(text) - len(stripped)
    at += 1
    kind = None
    while True:
        member = _member(path, file, text, at)
        if member is None:
            if kind == "Feature":  # one feature, or one a line
                return text, start
            raise _UnexpectedError
        text, name, low, high = member
        if name == "features" and text[low : low + 1] == b"[":
            return text, low + 1
        if name == "type":
            kind = _parsed(text[low:high])
            if kind == "Feature":
                return text, start
        at = high


def _member(path: Path, file: Any, text: bytes, at: int) -> tuple[bytes, str, int, int] | None:
    """Return the next member of an object: the text, its name, start and end; None at the end."""
    while True:
        data = np.frombuffer(text, np.uint8)
        start = _behind(text, at, b" \t\r\n,")
        if text[start : start + 1] == b"}":
            return None
        end = int(jsontext.behind_value(data, start)) if start < len(text) else -1
        low = _behind(text, end, b" \t\r\n:") if end > 0 else len(text)
        if low < len(text):
            name = _parsed(text[start:end])
            if name == "features" and text[low : low + 1] == b"[":
                return text, "features", low, low
            high = int(jsontext.behind_value(data, low))
            if high > 0:
                return text, str(name), low, high
        more = file.read(max(_BLOCK_BYTES, len(text)))
        if not more:
            return None
        text += more


def _behind(text: bytes, at: int, skipped: bytes) -> int:
    while at < len(text) and text[at] in skipped:
        at += 1
    return at


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _members(path: Path, text: bytes, found: NDArray[np.int64], first: int) -> Block:
    """Return what some features hold."""
    spans = found.tolist()
    properties = _values(path, text, [(s[2], s[3]) for s in spans], b"{}", first)
    ids = _values(path, text, [(s[4], s[5]) for s in spans], b"null", first)
    return Block([p if isinstance(p, dict) else {} for p in properties], ids)


def _values(
    path: Path, text: bytes, spans: list[tuple[int, int]], absent: bytes, first: int
) -> list[Any]:
    parts = [text[a:b] if a >= 0 else absent for a, b in spans]
    try:
        values: list[Any] = orjson.loads(b"[" + b",".join(parts) + b"]")
    except orjson.JSONDecodeError:
        return [_value(path, part, first + at) for at, part in enumerate(parts)]
    return values


def _value(path: Path, raw: bytes, number: int) -> Any:
    """Read what orjson refuses and others write: NaN, half characters."""
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise TilingError(f"{path}: feature {number} is no JSON: {error}") from error


@dataclass
class Layout:
    """The columns of a file: what each holds anywhere in it.

    Attributes
    ----------
    kinds
        Name of a column -> types of its values.
    inexact
        Columns with whole numbers that a double cannot hold, or that 64 bits cannot.
    rows
        How many features there are.
    ids
        Whether any feature names itself by a number that can be the id of a tile's feature.
    other_ids
        Whether any names itself otherwise.
    """

    kinds: dict[str, set[type]] = field(default_factory=dict)
    inexact: set[str] = field(default_factory=set)
    unsigned: set[str] = field(default_factory=set)
    negative: set[str] = field(default_factory=set)
    rows: int = 0
    ids: bool = False
    other_ids: bool = False

    def see(self, block: Block) -> None:
        """Take note of some features."""
        self.rows += len(block.ids)
        kinds = self.kinds
        for properties in block.properties:
            for name, value in properties.items():
                kind = type(value)
                seen = kinds.get(name)
                if seen is None:
                    seen = kinds[name] = set()
                seen.add(kind)
                if kind is int:
                    self._see_whole(name, value)
        for one in block.ids:
            if one is not None:
                usable = number_of(one) is not None
                self.ids |= usable
                self.other_ids |= not usable

    def _see_whole(self, name: str, value: int) -> None:
        if value < 0:
            self.negative.add(name)
        if not -_EXACT <= value <= _EXACT:
            self.inexact.add(name)
            if value >= 1 << 63:
                self.unsigned.add(name)

    @property
    def id_column(self) -> str:
        """Where ids go that no feature of a tile can have; empty if there are none."""
        if not self.other_ids:
            return ""
        return ID_COLUMN if ID_COLUMN not in self.kinds else "feature_id"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, that of ids that no tile can hold among them."""
        names = [*self.kinds, self.id_column] if self.other_ids else list(self.kinds)
        return tuple(names)

    def type_of(self, name: str) -> pa.DataType:
        """Return the Arrow type that holds every value of a column as it is."""
        kinds = self.kinds[name] - {type(None)}
        if not kinds or kinds == {str}:
            return pa.string()
        if kinds == {bool}:
            return pa.bool_()
        if kinds == {int} and not (name in self.unsigned and name in self.negative):
            return pa.uint64() if name in self.unsigned else pa.int64()
        if kinds == {float} or (kinds == {int, float} and name not in self.inexact):
            return pa.float64()
        return JSON


def number_of(value: Any) -> int | None:
    """Return an id as the unsigned number of 64 bits that it is, or ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        plain = value.isascii() and value.isdigit() and (value[0] != "0" or len(value) == 1)
        value = int(value) if plain and len(value) <= 20 else None
    if not isinstance(value, int) or not 0 <= value <= _GREATEST or value == int(NO_ID):
        return None
    return value


def layout_of(path: Path) -> Layout | None:
    """Look at all features of a file; ``None`` if it is no list of features.

    Raises
    ------
    TilingError
        As :func:`blocks`.
    """
    layout = Layout()
    try:
        for block in blocks(path):
            layout.see(block)
    except _UnexpectedError:
        return None
    return layout


def require_utf8(path: Path) -> None:
    """Make sure that a text is UTF-8, as RFC 8259, section 8.1 wants it.

    Raises
    ------
    TilingError
        Naming the line and the bytes.
    """
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with path.open("rb") as file:
        while read := file.read(_BLOCK_BYTES):
            try:
                decoder.decode(read)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n")
                raw = bytes(error.object[error.start : error.start + 8])
                raise TilingError(_not_utf8(path, line, raw)) from None
            lines += read.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise TilingError(_not_utf8(path, lines, bytes(error.object))) from None


def _not_utf8(path: Path, line: int, raw: bytes) -> str:
    return (
        f"{path}: 文字コードが UTF-8 ではありません（{line} 行目）。UTF-8 で保存し直してください /"
        f" is not UTF-8 (line {line}, bytes {raw.hex(' ')}): save it as UTF-8"
    )


@dataclass(frozen=True)
class Part:
    """Attributes, ids and notices of some features in a row."""

    attributes: pa.Table
    ids: NDArray[np.uint64] | None
    noticed: list[Noticed]


class Members:
    """The features of a file once more from the beginning, some at a time.

    Parameters
    ----------
    path
        The file.
    layout
        What :func:`layout_of` says of it.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self._layout = layout
        self._blocks = blocks(path)
        self._properties: list[dict[str, Any]] = []
        self._ids: list[Any] = []

    def take(self, rows: int) -> Part:
        """Return the next `rows` features."""
        while len(self._ids) < rows:
            block = next(self._blocks)
            self._properties += block.properties
            self._ids += block.ids
        properties, self._properties = self._properties[:rows], self._properties[rows:]
        ids, self._ids = self._ids[:rows], self._ids[rows:]
        noticed: list[Noticed] = []
        columns = {
            name: _column(name, [p.get(name) for p in properties], self._layout, noticed)
            for name in self._layout.kinds
        }
        numbers = self._numbers(ids, columns, noticed)
        return Part(pa.table(columns), numbers, noticed)

    def _numbers(
        self, ids: list[Any], columns: dict[str, pa.Array], noticed: list[Noticed]
    ) -> NDArray[np.uint64] | None:
        """Return ids as numbers; what is none becomes an attribute."""
        layout = self._layout
        known = [number_of(one) for one in ids]
        if layout.other_ids:
            lost = [n is None and one is not None for n, one in zip(known, ids, strict=True)]
            texts = [_text(one) if gone else None for one, gone in zip(ids, lost, strict=True)]
            columns[layout.id_column] = pa.array(texts, pa.string())
            if any(lost):
                at = lost.index(True)
                noticed.append(Noticed("id-kept", at, sum(lost), layout.id_column, str(texts[at])))
        if not layout.ids:
            return None
        return np.array([int(NO_ID) if n is None else n for n in known], np.uint64)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _column(name: str, values: list[Any], layout: Layout, noticed: list[Noticed]) -> pa.Array:
    kind = layout.type_of(name)
    if is_json(kind):
        return json_column(values)
    if pa.types.is_floating(kind):
        values = [None if v is None else float(v) for v in values]
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        whole = [None if v is None else v.encode("utf-8", "replace").decode() for v in values]
        changed = [a != b for a, b in zip(values, whole, strict=True)]
        at = changed.index(True)
        noticed.append(Noticed("text-half", at, sum(changed), name, str(whole[at])))
        return pa.array(whole, kind)
