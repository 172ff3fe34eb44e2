"""Cells of an Excel workbook that look empty when read and are not: errors and formulas.

The reader gives an error (``#N/A``) and a formula whose result was never computed as blank.
The file itself tells them apart (ECMA-376 part 1, 18.3.1.4 ``c``: type ``e``; ``f`` without
``v``).
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
WORTH_A_LOOK = re.compile(rb't="e"|<f[ >]')


def hidden_cells(path: Path, sheet: str) -> list[tuple[str, str]]:
    """Return ``(cell, what stands there)`` of errors and of formulas without a result.

    Parameters
    ----------
    path
        An ``.xlsx`` or ``.xlsm`` file; others, and those of an unusual build, give nothing.
    sheet
        Name of the sheet.
    """
    try:
        with zipfile.ZipFile(path) as book:
            part = _part_of(book, sheet)
            text = book.read(part) if part else b""
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return []
    if not WORTH_A_LOOK.search(text):
        return []
    cells = ElementTree.fromstring(text).iter(f"{MAIN}c")
    return [(cell.get("r", ""), said) for cell in cells if (said := _hidden(cell))]


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): r.get("Target", "") for r in relations}
    workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))
    for entry in workbook.iter(f"{MAIN}sheet"):
        if entry.get("name") == sheet:
            target = targets[entry.get(RELATION)]
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _hidden(cell: ElementTree.Element) -> str:
    value, formula = cell.findtext(f"{MAIN}v"), cell.find(f"{MAIN}f")
    if cell.get("t") == "e":
        return value or "#"
    # A formula that results in an empty text (t="str") is truly blank.
    uncomputed = formula is not None and cell.get("t") != "str" and value in (None, "")
    return f"={formula.text or ''}" if formula is not None and uncomputed else ""
