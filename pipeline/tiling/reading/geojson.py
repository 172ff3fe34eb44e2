"""Attributes and ids of GeoJSON as they are written; GDAL reads the shapes.

GDAL gives a column one type: a number beside a text becomes text, ``true`` beside a number 1, a
whole number of 64 bits a rounded one, a text that looks like a date another text, and of two
equal ids one becomes a position. So members are taken from the text itself (RFC 8259), feature by
feature, in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.tiling.arrow import JSON, is_json, json_column, json_text
from pipeline.tiling.mvt.encoding import NO_ID
from pipeline.tiling.reading.jsonblocks import Block, UnexpectedError, blocks
from pipeline.tiling.reading.source import Noticed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DRIVERS = frozenset({"GeoJSON", "GeoJSONSeq"})
ID_COLUMN = "id"
_GREATEST = (1 << 64) - 1
_EXACT = 1 << 53


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
    except UnexpectedError:
        return None
    return layout


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
