"""The parts of an ``.xlsx`` file (ECMA-376 part 2) that calamine does not show."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ruamel.yaml import YAML

from pipeline.sources.refusals import unreadable

if TYPE_CHECKING:
    from pathlib import Path

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONSHIPS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
TEXT = "@"
GENERAL = "General"


@dataclass(frozen=True)
class Package:
    """What a workbook says for all its sheets.

    Attributes
    ----------
    sheet
        The XML of the chosen sheet.
    formats
        Number format by the style number of cells, where it is neither general nor plain text.
    since_1904
        Days are counted from 1 January 1904.
    """

    sheet: bytes
    formats: dict[int, str] = field(default_factory=dict)
    since_1904: bool = False


def read_package(path: Path, sheet: str, file: str) -> Package:
    """Read the sheet of this name and the formats of its cells.

    Raises
    ------
    SourceError
        If a part is missing, damaged or cut.
    """
    try:
        with zipfile.ZipFile(path) as book:
            workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))
            part = _part_of(book, workbook, sheet)
            styles = "xl/styles.xml"
            formats = _formats(book.read(styles)) if styles in book.namelist() else {}
            return Package(book.read(part), formats, _since_1904(workbook))
    except KeyError as error:
        raise unreadable(file, "damaged", detail=str(error).strip("\"'")) from error
    except (zipfile.BadZipFile, ElementTree.ParseError, EOFError, OSError, ValueError) as error:
        raise unreadable(file, "damaged", detail=error) from error
    except (zipfile.zlib.error, NotImplementedError, RuntimeError) as error:  # type: ignore[attr-defined]
        raise unreadable(file, "damaged", detail=error) from error


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _since_1904(workbook: ElementTree.Element) -> bool:
    found = next((e for e in workbook.iter() if _local(e) == "workbookPr"), None)
    return found is not None and found.get("date1904", "0") in ("1", "true")


def _part_of(book: zipfile.ZipFile, workbook: ElementTree.Element, sheet: str) -> str:
    """Return the name of the part that holds a sheet."""
    relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): r.get("Target", "") for r in relations}
    for entry in workbook.iter():
        if _local(entry) != "sheet" or entry.get("name") != sheet:
            continue
        spaces = (RELATIONSHIPS, STRICT_RELATIONSHIPS)
        number = next((n for s in spaces if (n := entry.get(f"{{{s}}}id"))), None)
        target = targets[number]
        return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    raise KeyError(sheet)


@cache
def _builtin() -> dict[int, str]:
    text = resources.files("pipeline.sources.cells").joinpath("builtin.yaml")
    formats: dict[int, str] = YAML(typ="safe").load(text.read_text(encoding="utf-8"))
    return formats


def _formats(styles: bytes) -> dict[int, str]:
    root = ElementTree.fromstring(styles)
    own = {
        int(e.get("numFmtId", "0")): e.get("formatCode", GENERAL)
        for e in root.iter()
        if _local(e) == "numFmt"
    }
    cells = next((e for e in root if _local(e) == "cellXfs"), None)
    formats = {}
    for style, entry in enumerate(cells if cells is not None else ()):
        number = int(entry.get("numFmtId", "0"))
        code = own.get(number, _builtin().get(number, GENERAL))
        if code not in (GENERAL, TEXT):
            formats[style] = code
    return formats
