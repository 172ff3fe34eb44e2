"""The cells of an .xlsx as they stand in its XML, without any spreadsheet library.

The reconciliation reads workbooks a second time; a reader that shares nothing with the first one
cannot make the same mistake. Only what cells hold is read: times come as serial numbers.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar

from gtfs.timetable.grid import COLUMNS, column_index, column_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)/?>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)/?>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_CELL = re.compile(
    r'<(?:\w+:)?c\b([^>]*?)\br="([A-Z]+)(\d+)"([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)', re.DOTALL
)
_PLAIN_CELL = re.compile(r'<c ()r="([A-Z]+)(\d+)"([^>/]*)(?:/>|>(.*?)</c>)', re.DOTALL)
"""What nearly every writer writes; the other expression takes twice as long and reads all."""
_ANY_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_CELL_NAME = re.compile(r'\br="([A-Z]+)\d+"')
_ROW = re.compile(r"<(?:\w+:)?row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_ROW_NAME = re.compile(r'\br="(\d+)"')
_CELL_START = re.compile(r"<(?:\w+:)?c[\s/>]")
_TYPE = re.compile(r'\bt="(\w+)"')
_VALUE = re.compile(r"<(?:\w+:)?v\b[^>]*>(.*?)</(?:\w+:)?v>", re.DOTALL)
_FORMULA = re.compile(r"<(?:\w+:)?f\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?f>)", re.DOTALL)
_STRING = re.compile(r"<(?:\w+:)?si\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?si>)", re.DOTALL)
_PHONETIC = re.compile(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", re.DOTALL)
_TEXT = re.compile(r"<(?:\w+:)?t\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?t>)", re.DOTALL)
_STYLE = re.compile(r'\bs="(\d+)"')
_FORMAT = re.compile(r"<(?:\w+:)?numFmt\b([^>]*)/?>")
_HUNDREDTHS = re.compile(r"(?:#,##)?0\.00(?![0#])")
_STYLES = re.compile(r"<(?:\w+:)?cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.DOTALL)
_XF = re.compile(r"<(?:\w+:)?xf\b([^>]*?)/?>")

Value = str | float | None
K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """Answers of a function by what was asked: cells repeat."""

    def __init__(self, answer: Callable[[K], V]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, asked: K) -> V:
        self[asked] = self._answer(asked)
        return self[asked]


class RawBook:
    """A workbook whose cells can be asked for sheet by sheet.

    Parameters
    ----------
    path
        An .xlsx or .xlsm file.
    """

    def __init__(self, path: Path) -> None:
        self._parts = zipfile.ZipFile(path)
        self._columns = Remembered(column_index)
        self._values = Remembered(self._value)

    def cells(self, sheet: str) -> dict[int, Value]:
        """Return the filled cells of a sheet by :func:`gtfs.timetable.grid.cell_code`.

        A formula whose result was never stored is its text, with ``=`` before it.
        """
        text = self._text(self._paths[sheet])
        expected = len(_CELL_START.findall(text))
        found = _PLAIN_CELL.findall(text)
        if len(found) != expected:
            found = _CELL.findall(text)
        if len(found) != expected:
            found = list(_counted(text))
        columns, values = self._columns, self._values
        return {
            (int(row) - 1) * COLUMNS + columns[letters]: values[f"{before} {after}", content]
            for before, letters, row, after, content in found
            if content
        }

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets in the order of the workbook."""
        return list(self._paths)

    def _value(self, cell: tuple[str, str]) -> Value:
        attributes, content = cell
        found = _TYPE.search(attributes)
        kind = found[1] if found else "n"
        stored = _VALUE.search(content)
        if kind == "inlineStr":
            return _inline(content)
        if stored is None or (kind == "n" and not stored[1]):
            formula = _FORMULA.search(content)
            return None if formula is None else f"={html.unescape(formula[1] or '')}"
        if kind == "s":
            return self._strings[int(stored[1])]
        if kind != "n":
            return html.unescape(stored[1])
        number = float(stored[1])
        style = _STYLE.search(attributes)
        hundredths = style is not None and int(style[1]) in self._hundredths
        return f"{number:.2f}" if hundredths and 0 <= number < 48 else number

    @cached_property
    def _hundredths(self) -> frozenset[int]:
        """Styles that show two decimals (ECMA-376, 18.8.30: formats 2 and 4, and written ones)."""
        if "xl/styles.xml" not in self._parts.namelist():
            return frozenset()
        text = self._text("xl/styles.xml")
        own = (dict(_ATTRIBUTE.findall(found)) for found in _FORMAT.findall(text))
        ids = {"2", "4"} | {f["numFmtId"] for f in own if _HUNDREDTHS.match(f["formatCode"])}
        styles = _STYLES.search(text)
        formats = (dict(_ATTRIBUTE.findall(f)) for f in _XF.findall(styles[1] if styles else ""))
        return frozenset(i for i, found in enumerate(formats) if found.get("numFmtId") in ids)

    @cached_property
    def _paths(self) -> dict[str, str]:
        """Part of each sheet by its name."""
        targets = {}
        for relation in _RELATION.findall(self._text("xl/_rels/workbook.xml.rels")):
            known = dict(_ATTRIBUTE.findall(relation))
            targets[known["Id"]] = posixpath.normpath(posixpath.join("/xl", known["Target"]))[1:]
        paths = {}
        for sheet in _SHEET.findall(self._text("xl/workbook.xml")):
            known = dict(_ATTRIBUTE.findall(sheet))
            identity = next(v for k, v in known.items() if k.endswith(":id"))
            paths[html.unescape(known["name"])] = targets[identity]
        return paths

    @cached_property
    def _strings(self) -> list[str]:
        if "xl/sharedStrings.xml" not in self._parts.namelist():
            return []
        return [_words(item) for item in _STRING.findall(self._text("xl/sharedStrings.xml"))]

    def _text(self, part: str) -> str:
        return self._parts.read(part).decode("utf-8-sig")


def _counted(text: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield cells as the expressions find them, places counted where they are not written.

    Names of rows and cells are optional (ECMA-376, 18.3.1.4 and 18.3.1.73).
    """
    row = 0
    for row_attributes, cells in _ROW.findall(text):
        named = _ROW_NAME.search(row_attributes)
        row = int(named[1]) if named else row + 1
        column = -1
        for attributes, content in _ANY_CELL.findall(cells):
            place = _CELL_NAME.search(attributes)
            column = column_index(place[1]) if place else column + 1
            yield attributes, column_name(column), str(row), "", content


@lru_cache(maxsize=65_536)
def _inline(content: str) -> str:
    return _words(content)


def _words(content: str) -> str:
    """Return the text of a string without its furigana."""
    return html.unescape("".join(_TEXT.findall(_PHONETIC.sub("", content))))
