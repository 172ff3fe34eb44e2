"""What GDAL hides about a ``.dbf`` table: text in numeric columns and repeated column names.

GDAL reads a number column that holds ``不明`` as 0 and says nothing; only the bytes show it.
Layout of the file: dBASE III, header of 32 bytes and 32 bytes per column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NUMERIC = frozenset("NF")
END_OF_COLUMNS = 0x0D
NO_VALUE = b"*"
"""Numeric cells filled with asterisks have no value: what did not fit the column's width."""


@dataclass(frozen=True)
class Column:
    """One column: its name as bytes, its type letter, and where it lies in a record."""

    name: bytes
    kind: str
    start: int
    width: int


@dataclass(frozen=True)
class Dbf:
    """The records of a ``.dbf`` that are not marked as deleted, as bytes.

    Attributes
    ----------
    columns
        In order of the file.
    records
        uint8, shape ``(records, record length)``.
    """

    columns: list[Column]
    records: NDArray[np.uint8]

    def repeated_names(self) -> set[bytes]:
        """Return names that more than one column has; GDAL mixes their values up."""
        names = [column.name for column in self.columns]
        return {name for name in names if names.count(name) > 1}

    def unreadable_numbers(self, column: Column) -> dict[int, bytes]:
        """Return ``{position: cell}`` of the cells of a numeric column that are no number."""
        block = self.records[:, column.start : column.start + column.width]
        cells = np.ascontiguousarray(block).view(f"S{column.width}")[:, 0]
        wrong = {bytes(cell) for cell in np.unique(cells) if not _is_number(bytes(cell))}
        if not wrong:
            return {}
        return {int(i): bytes(cells[i]).strip() for i in np.flatnonzero(np.isin(cells, [*wrong]))}


def read_dbf(path: Path) -> Dbf | None:
    """Read the table of a Shapefile, or return ``None`` if its header is damaged."""
    raw = path.read_bytes()
    header, length = int.from_bytes(raw[8:10], "little"), int.from_bytes(raw[10:12], "little")
    if not length or header > len(raw):
        return None
    count = min(int.from_bytes(raw[4:8], "little"), (len(raw) - header) // length)
    table = np.frombuffer(raw, np.uint8, count * length, header).reshape(count, length)
    return Dbf(_columns(raw, header), table[table[:, 0] != ord("*")])


def _columns(raw: bytes, header: int) -> list[Column]:
    columns, start = [], 1
    for at in range(32, header - 31, 32):
        if raw[at] == END_OF_COLUMNS:
            break
        name, kind, width = raw[at : at + 11].split(b"\0")[0], chr(raw[at + 11]), raw[at + 16]
        columns.append(Column(name, kind, start, width))
        start += width
    return columns


def _is_number(cell: bytes) -> bool:
    text = cell.strip(b" \0")
    if not text.strip(NO_VALUE):
        return True
    try:
        float(text.replace(b",", b"."))
    except ValueError:
        return False
    return b"_" not in text
