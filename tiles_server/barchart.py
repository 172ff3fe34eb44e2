"""Bars of a comparison as SVG, drawn on the server: the table beside them says the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiles_server.comparison import Cell, Comparison, Series

WIDTH = 340
"""Of the drawing in its own units, as wide as a small telephone: it only ever grows."""
LINE, GAP = 30, 26
"""How far bars, each below its words, and classes are apart."""
COLORS = ("#0b4f6c", "#8a4b08", "#1b6e3c", "#6b2d73", "#a3151b", "#4d5560")
"""4.5:1 on white; a bar is named beside it, so that no colour has to be told from another."""


@dataclass(frozen=True)
class Bar:
    """One bar: its name and number, where it lies, how long it is (negative to the left)."""

    name: str
    text: str
    y: int
    x: float
    length: float
    color: str


@dataclass(frozen=True)
class Group:
    """The bars of one class under its words."""

    words: str
    y: int
    bars: list[Bar]


@dataclass(frozen=True)
class Chart:
    """A drawing of bars, in the units of its view box."""

    width: int
    height: int
    zero: float
    groups: list[Group]


def chart(
    found: Comparison, name_of: Callable[[Series], str], text_of: Callable[[Cell], str]
) -> Chart | None:
    """Draw a comparison; ``None`` if there is no number to draw.

    Parameters
    ----------
    name_of, text_of
        Words for a column, and for a cell with or without a number.
    """
    values = [
        cell.value
        for name in found.classes
        for column in found.series
        if (cell := found.cell(name, column)).value is not None
    ]
    if not values:
        return None
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    zero = -low / span * WIDTH
    groups, y = [], 0
    for name, words in found.classes.items():
        bars = []
        for number, column in enumerate(found.series):
            cell = found.cell(name, column)
            long = (cell.value or 0.0) / span * WIDTH
            x = zero + min(long, 0.0)
            top = y + GAP + number * LINE + 14
            color = COLORS[number % len(COLORS)]
            bars.append(Bar(name_of(column), text_of(cell), top, x, abs(long), color))
        groups.append(Group(words, y + 16, bars))
        y += GAP + len(found.series) * LINE + 6
    return Chart(WIDTH, y, zero, groups)
