"""One pass over the XML of a sheet: formats, merged and hidden cells, errors, how far it reaches.

calamine gives values alone: an error (``#N/A``) and a formula nobody calculated are blank, a
postal code is a number, a merged range is its first cell. ECMA-376 part 1, 18.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from pipeline.sources.refusals import unreadable

LARGEST = 2_000_000
"""Cells, filled or not, up to which a table may be as thin as it likes."""
THINNEST = 50
"""A larger one with fewer filled cells than one in so many has cells far outside."""


@dataclass
class Sheet:
    """What a sheet says beside the values of its cells; rows and columns count from 0.

    Attributes
    ----------
    styled
        ``{(row, column): (style, value)}`` of cells in a style of interest; the value as
        written, empty for texts.
    blank
        ``{(row, column): what stands there}`` of errors and of formulas without a result.
    merged
        First row, first column, last row, last column of each merged range.
    hidden_rows, hidden_columns
        Not shown by Excel.
    filtered
        Whether rows are hidden by a filter.
    filled, far_row, far_column
        Number of cells with content; the last of them downwards and to the right.
    """

    styled: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)
    blank: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    filtered: bool = False
    filled: int = 0
    far_row: tuple[int, int] = (0, 0)
    far_column: tuple[int, int] = (0, 0)


def position(reference: str) -> tuple[int, int]:
    """Return row and column, from 0, of a cell named like ``B12``."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(reference[len(letters) :] or 1) - 1, column - 1


def name_of(row: int, column: int) -> str:
    """Return how a sheet names a cell."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


class _Scan:
    """Handlers of one pass of the parser."""

    def __init__(self, interesting: set[int]) -> None:
        self.interesting = interesting
        self.sheet = Sheet()
        self.row = self.column = -1
        self.style, self.kind = 0, ""
        self.keep = self.inside = False
        self.formula: str | None = None
        self.value = self.said = ""
        self.has_content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes)
        elif name in ("v", "t", "f"):
            self._content(name)
        elif name == "row":
            self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.sheet.hidden_rows.append(self.row)
        else:
            self._outside(name, attributes)

    def _cell(self, attributes: dict[str, str]) -> None:
        if "r" in attributes:
            self.row, self.column = position(attributes["r"])
        else:
            self.column += 1
        self.style, self.kind = int(attributes.get("s", 0)), attributes.get("t", "n")
        self.keep = self.style in self.interesting or self.kind == "e"
        self.formula, self.value, self.has_content = None, "", False

    def _content(self, name: str) -> None:
        self.has_content = True
        if name == "f":
            self.formula, self.inside = "", True
        elif name == "v":
            self.inside = self.keep or self.formula is not None

    def _outside(self, name: str, attributes: dict[str, str]) -> None:
        if name == "mergeCell":
            first, _, last = attributes.get("ref", "").partition(":")
            if first and last:
                self.sheet.merged.append((*position(first), *position(last)))
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            first_column = int(attributes.get("min", 1)) - 1
            last_column = min(int(attributes.get("max", 1)), first_column + 16_384)
            self.sheet.hidden_columns += range(first_column, last_column)
        elif name in ("filterColumn", "autoFilter"):
            self.sheet.filtered = self.sheet.filtered or name == "filterColumn"

    def text(self, characters: str) -> None:
        if self.inside:
            self.said += characters

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "f":
            self.formula, self.said, self.inside = self.said, "", False
        elif name == "v":
            self.value, self.said, self.inside = self.said, "", False
        elif name == "c" and self.has_content:
            self._ended()

    def _ended(self) -> None:
        sheet, at = self.sheet, (self.row, self.column)
        sheet.filled += 1
        if at[0] >= sheet.far_row[0]:
            sheet.far_row = at
        if at[1] >= sheet.far_column[1]:
            sheet.far_column = at
        if self.kind == "e":
            sheet.blank[at] = self.value or "#"
        elif self.formula is not None and not self.value and self.kind != "str":
            # A formula that results in an empty text (t="str") is truly blank.
            sheet.blank[at] = f"={self.formula}"
        elif self.style in self.interesting:
            sheet.styled[at] = (self.style, self.value if self.kind == "n" else "")


def scan_sheet(content: bytes, interesting: set[int], file: str) -> Sheet:
    """Go through the XML of a sheet once.

    Parameters
    ----------
    content
        The part as it is in the package.
    interesting
        Styles whose cells show something other than their value.
    file
        As declared, for findings.

    Raises
    ------
    SourceError
        If it is not well-formed, or holds cells so far outside that it cannot be a table.
    """
    scan = _Scan(interesting)
    parser: Any = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    parser.CharacterDataHandler = scan.text
    parser.StartDoctypeDeclHandler = _refuse_doctype(file)
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        at_end = error.code in (3, 5) or parser.ErrorByteIndex >= len(content) - 1
        raise unreadable(file, "truncated" if at_end else "damaged", detail=error) from error
    except (ValueError, KeyError, IndexError) as error:
        raise unreadable(file, "damaged", detail=error) from error
    _require_table(scan.sheet, file)
    return scan.sheet


def _refuse_doctype(file: str) -> Any:
    def refuse(*_: object) -> None:
        raise unreadable(file, "doctype")

    return refuse


def _require_table(sheet: Sheet, file: str) -> None:
    rows, columns = sheet.far_row[0] + 1, sheet.far_column[1] + 1
    if rows * columns > LARGEST and rows * columns > THINNEST * sheet.filled:
        far = max((sheet.far_row, sheet.far_column), key=lambda at: (at[1] > 500, at))
        raise unreadable(file, "far-cell", cell=name_of(*far), cells=f"{rows * columns:,}")


def range_name(area: tuple[int, int, int, int]) -> str:
    """Return how a sheet names a range."""
    return f"{name_of(*area[:2])}:{name_of(*area[2:])}"
