"""What GTFS says about files and fields, read from the data files beside this package."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Kind(StrEnum):
    """How the values of a field are held in memory."""

    TEXT = "text"
    """pandas ``str``; an absent value is the empty text, as in the file."""
    INTEGER = "integer"
    """pandas ``Int64``; absent is ``NA``."""
    FLOAT = "float"
    """numpy ``float64``; absent is ``NaN``."""
    TIME = "time"
    """pandas ``Int64``: seconds after noon minus twelve hours of the service day, past 24 h too."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a GTFS file.

    Attributes
    ----------
    name, type, references, presence
        As the reference writes them, e.g. ``Foreign ID``, ``stops.stop_id``, ``Required``.
    kind
        How its values are held in memory.
    values
        The enumeration, empty where there is none.
    """

    name: str
    type: str
    kind: Kind
    references: str = ""
    presence: str = "Optional"
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One file of a feed: its fields in the order of the reference, and its primary key."""

    name: str
    presence: str
    primary_key: tuple[str, ...]
    fields: Mapping[str, Field]


_NUMBERS = {
    "Non-negative integer": Kind.INTEGER,
    "Positive integer": Kind.INTEGER,
    "Non-zero integer": Kind.INTEGER,
    "Non-null integer": Kind.INTEGER,
    "Integer": Kind.INTEGER,
    "Enum": Kind.INTEGER,
    "Float": Kind.FLOAT,
    "Latitude": Kind.FLOAT,
    "Longitude": Kind.FLOAT,
    "Non-negative float": Kind.FLOAT,
    "Positive float": Kind.FLOAT,
    "Time": Kind.TIME,
    "Local time": Kind.TIME,
}


def kind_of(type_: str, field: str = "") -> Kind:
    """Return how a field of a type of the reference is held in memory.

    Amounts of money stay text, so that ``100.00`` is not turned into a binary fraction;
    ``table_name`` of translations is an enumeration of words.
    """
    if field == "table_name":
        return Kind.TEXT
    return _NUMBERS.get(type_, Kind.TEXT)


@cache
def tables() -> Mapping[str, Table]:
    """Return every known table by its name without ``.txt``, in the order of the reference."""
    rows = [row for row in _rows("gtfs_reference.csv") if row["file"].endswith(".txt")]
    found: dict[str, Table] = {}
    for row in rows:
        name = row["file"].removesuffix(".txt")
        key = tuple(
            k.strip() for k in row["primary_key"].split(",") if k.strip() not in ("", "none")
        )
        table = found.setdefault(name, Table(name, row["file_presence"], key, {}))
        _add(table, _field(row))
    for row in _rows("extensions.csv"):
        name = row["file"].removesuffix(".txt")
        table = found.setdefault(name, Table(name, "Optional", (), {}))
        _add(table, Field(row["field"], row["type"], kind_of(row["type"], row["field"])))
    return MappingProxyType(found)


def _field(row: Mapping[str, str]) -> Field:
    values = tuple(v for v in row["enum_values"].split("|") if v)
    kind = kind_of(row["type"], row["field"])
    return Field(row["field"], row["type"], kind, row["references"], row["presence"], values)


def _add(table: Table, field: Field) -> None:
    assert isinstance(table.fields, dict)
    table.fields.setdefault(field.name, field)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("gtfs.data").joinpath(name).read_text(encoding="utf-8-sig")
    return csv.DictReader(text.splitlines())
