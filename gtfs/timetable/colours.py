"""The fill of cells, for day types told by colour; openpyxl reads what calamine does not give.

A colour picked from Excel's palette is stored as a place in the workbook's theme and a tint, not
as red, green and blue: it is worked out here, so that a declaration can name it.
"""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import openpyxl
from openpyxl.styles.colors import COLOR_INDEX

from gtfs.timetable.grid import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from openpyxl.styles.colors import Color

    from gtfs.timetable.grid import Book

_SCHEME = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
"""Colours of a theme in the order cells number them (ECMA-376, 18.8.3: light before dark)."""
_OFFICE = {
    "lt1": "FFFFFF",
    "dk1": "000000",
    "lt2": "EEECE1",
    "dk2": "1F497D",
    "accent1": "4F81BD",
    "accent2": "C0504D",
    "accent3": "9BBB59",
    "accent4": "8064A2",
    "accent5": "4BACC6",
    "accent6": "F79646",
    "hlink": "0000FF",
    "folHlink": "800080",
}
"""The theme of workbooks that carry none."""
_ALIKE = 2
"""Steps of 255 that nobody sees."""


def cell_colours(book: Book, sheet: str) -> dict[tuple[int, int], str]:
    """Return the fill of every filled cell as ``RRGGBB``, by zero-based row and column.

    Raises
    ------
    TimetableUnreadable
        If the file is no .xlsx or .xlsm: only these carry colours that can be read.
    """
    if book.path.suffix.lower() not in {".xlsx", ".xlsm"}:
        raise unreadable("colours-unreadable", book.file, sheet=sheet)
    changed = book.path.stat().st_mtime_ns
    return _colours_of(book.path, changed)[sheet or book.sheets[0]]


@lru_cache(maxsize=4)
def _colours_of(path: Path, changed: int) -> dict[str, dict[tuple[int, int], str]]:
    """Return the fills of all sheets; `changed` makes a file that was saved again another one."""
    workbook = openpyxl.load_workbook(path)
    theme = _theme(workbook.loaded_theme)
    return {
        sheet.title: {
            (cell.row - 1, cell.column - 1): _rgb(cell.fill.fgColor, theme)
            for row in sheet.iter_rows()
            for cell in row
            if cell.fill.fill_type == "solid"
        }
        for sheet in workbook.worksheets
    }


def _theme(xml: bytes | None) -> dict[str, str]:
    found = re.findall(
        r"<a:(\w+)>\s*<a:(?:srgbClr val|sysClr [^>]*lastClr)=\"([0-9A-Fa-f]{6})\"",
        (xml or b"").decode("utf-8", errors="replace"),
    )
    return _OFFICE | {name: colour.upper() for name, colour in found if name in _SCHEME}


def _rgb(colour: Color, theme: dict[str, str]) -> str:
    if colour.type == "theme" and colour.theme < len(_SCHEME):
        return _tinted(theme[_SCHEME[colour.theme]], colour.tint)
    if colour.type == "indexed" and colour.indexed < len(COLOR_INDEX):
        return str(COLOR_INDEX[colour.indexed])[-6:].upper()
    return str(colour.rgb)[-6:].upper() if colour.type == "rgb" else "FFFFFF"


def _tinted(colour: str, tint: float) -> str:
    """Darken (tint below 0) or lighten a colour as ECMA-376, 18.8.19, says: its lightness alone."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    return "".join(
        f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, light, saturation)
    )


def known_colour(colour: str, known: Iterable[str]) -> str | None:
    """Return the known colour that looks like this one: Excel rounds tints by a step otherwise."""
    for other in known:
        steps = (abs(int(colour[i : i + 2], 16) - int(other[i : i + 2], 16)) for i in (0, 2, 4))
        if max(steps) <= _ALIKE:
            return other
    return None
