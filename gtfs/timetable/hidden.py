"""Rows and columns of an .xlsx that Excel does not show: python-calamine reads them as others."""

from __future__ import annotations

import posixpath
import re
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gtfs.timetable.grid import Book

_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)>")
_COLUMN = re.compile(r"<(?:\w+:)?col\b([^>]*)>")
_ROW = re.compile(r"<(?:\w+:)?row\b([^>]*)>")
_SHOWN = frozenset({"0", "false", ""})
Lines = tuple[frozenset[int], frozenset[int]]
"""Zero-based rows and columns."""


def hidden_cells(book: Book, sheet: str, cells: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of the cells, by zero-based row and column, that stand in hidden lines.

    Only .xlsx and .xlsm tell; of other files nothing is known.
    """
    if book.path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return []
    position = book.sheets.index(sheet)
    try:
        rows, columns = _hidden_lines(book.path, book.path.stat().st_mtime_ns, position)
    except (OSError, LookupError, ValueError, StopIteration, zipfile.BadZipFile):
        return []  # calamine reads what is not quite an .xlsx; then nothing is known of lines
    return [(r, c) for r, c in cells if r in rows or c in columns]


@lru_cache(maxsize=64)
def _hidden_lines(path: Path, changed: int, position: int) -> Lines:
    """Return the hidden lines of a sheet; `changed` tells a file that was saved again."""
    with zipfile.ZipFile(path) as parts:
        sheets = _elements(_SHEET, parts.read("xl/workbook.xml"))
        targets = _elements(_RELATION, parts.read("xl/_rels/workbook.xml.rels"))
        identity = next(v for k, v in sheets[position].items() if k.endswith(":id"))
        target = next(t["Target"] for t in targets if t["Id"] == identity)
        text = parts.read(posixpath.normpath(posixpath.join("/xl", target))[1:])
    rows: set[int] = set()
    row = 0
    for found in _elements(_ROW, text):
        row = int(found.get("r", row + 1))
        rows |= {row - 1} if _is_hidden(found) else set()
    columns = {
        column - 1
        for found in _elements(_COLUMN, text)
        if _is_hidden(found)
        for column in range(int(found["min"]), int(found["max"]) + 1)
    }
    return frozenset(rows), frozenset(columns)


def _elements(pattern: re.Pattern[str], xml: bytes) -> list[dict[str, str]]:
    return [dict(_ATTRIBUTE.findall(e)) for e in pattern.findall(xml.decode("utf-8-sig"))]


def _is_hidden(attributes: dict[str, str]) -> bool:
    # A row folded to nothing is as hidden as one that says so.
    return attributes.get("hidden", "") not in _SHOWN or attributes.get("ht") == "0"
