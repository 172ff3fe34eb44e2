"""Looking through what a layer would publish, field by field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pipeline.privacy.detect.headings import detectors_of
from pipeline.privacy.detect.names import name_in_cell, name_in_text
from pipeline.privacy.detect.numbers import (
    LEAST_SHARE,
    is_corporate_number,
    is_my_number,
    judged,
)
from pipeline.privacy.detect.words import patterns, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Marks = NDArray[np.bool_]

Detector = Literal[
    "name", "my_number", "person", "birth_date", "phone", "email", "address", "bank_account",
    "plate", "health",
]  # fmt: skip
About = Literal["public_facilities"]
"""What a layer is about, where that makes addresses and office numbers public."""

MUCH_OF_A_COLUMN = 0.3
"""Share of a column's cells that look like something before the column is taken for it."""

SCANNED_TYPES = frozenset({"string", "integer", ""})
"""Values of other types are numbers, days and yes or no: only their headings tell."""

PUBLIC_OF_FACILITIES = frozenset({"phone", "email", "address", "health"})
_DIGITS = re.compile(r"^\d{11,12}$")
_FLOAT = re.compile(r"^(\d+)\.0$")


@dataclass(frozen=True)
class Hit:
    """What one detector found in one field.

    Attributes
    ----------
    heading
        The heading that says so; empty if the values do.
    rows
        Zero-based positions in the table, ascending.
    """

    field: str
    detector: str
    heading: str
    rows: NDArray[np.int64]


def scan_table(
    frame: pd.DataFrame,
    fields: Sequence[str],
    headings: Mapping[str, Iterable[str]],
    types: Mapping[str, str],
    about: About | None,
) -> list[Hit]:
    """Look for personal information in fields of a table.

    Parameters
    ----------
    fields
        Those that would be published.
    headings
        By field: its name, its title, and what the ledgers call it.
    types
        By field.
    about
        Public facilities have addresses, telephones and offices for the ill; people's own
        mobile telephones and private e-mail addresses are found all the same.

    Returns
    -------
    list of Hit
        At most one for a field and a detector.
    """
    return [
        hit
        for field in fields
        for hit in _scan(frame[field], field, headings[field], types.get(field, ""), about)
    ]


def _scan(
    column: pd.Series, field: str, headings: Iterable[str], kind: str, about: About | None
) -> list[Hit]:
    filled = column.notna().to_numpy() & (column.astype(str).str.strip() != "").to_numpy()
    rows = np.flatnonzero(filled)
    if not len(rows):
        return []
    spared = PUBLIC_OF_FACILITIES if about == "public_facilities" else frozenset()
    named: dict[str, str] = {}
    for heading in headings:
        for detector in detectors_of(heading):
            if detector not in spared:
                named.setdefault(detector, heading)
    hits = [Hit(field, detector, heading, rows) for detector, heading in named.items()]
    if kind not in SCANNED_TYPES:
        return hits
    found = scan_values(column[filled].astype(str).to_numpy(object), about)
    return hits + [
        Hit(field, detector, "", rows[marks])
        for detector, marks in found.items()
        if detector not in named
    ]


def scan_values(cells: NDArray[np.object_], about: About | None = None) -> dict[str, Marks]:
    """Look for personal information in the cells of one column.

    Parameters
    ----------
    cells
        Texts, shape ``(n,)``, none empty.

    Returns
    -------
    dict
        By detector that found anything: bool, shape ``(n,)``.
    """
    codes, distinct = pd.factorize(cells)
    texts = [_FLOAT.sub(r"\1", plain(text)) for text in distinct]
    weights = np.bincount(codes, minlength=len(texts))
    found = {"name": _names(texts, weights), "my_number": _my_numbers(texts)}
    for detector, pattern in patterns().text.items():
        marks = _searched(pattern, texts, ~_corporate(texts) if detector == "phone" else None)
        found[detector] = found[detector] | marks if detector in found else marks
    for detector, pattern in patterns().column.items():
        found[detector] |= _whole(pattern, texts, weights)
    if about == "public_facilities":
        _spare_offices(found, texts)
    return {detector: marks[codes] for detector, marks in found.items() if marks.any()}


def _searched(pattern: re.Pattern[str], texts: list[str], among: Marks | None) -> Marks:
    search = pattern.search
    marks = np.fromiter((search(text) is not None for text in texts), bool, len(texts))
    kept: Marks = marks if among is None else marks & among
    return kept


def _corporate(texts: list[str]) -> Marks:
    return np.fromiter(
        (len(t) == 13 and t.isdigit() and is_corporate_number(t) for t in texts), bool, len(texts)
    )


def _whole(pattern: re.Pattern[str], texts: list[str], weights: NDArray[np.int64]) -> Marks:
    """Mark the cells that are written so and nothing else, if they are much of the column."""
    matches: Marks = np.fromiter(
        (pattern.fullmatch(t) is not None for t in texts), bool, len(texts)
    )
    much = _much(matches, weights) and int(matches.sum()) >= min(3, len(texts))
    return matches if much and _scattered(texts, matches) else np.zeros(len(texts), bool)


def _scattered(texts: list[str], matches: Marks) -> bool:
    """Tell telephone numbers from serial numbers, whose ends follow each other."""
    numbers = np.sort([int(t) for t, matched in zip(texts, matches, strict=True) if matched])
    return len(numbers) < 3 or float(np.median(np.diff(numbers))) > 50


def _much(marks: Marks, weights: NDArray[np.int64]) -> bool:
    return bool(weights[marks].sum() >= MUCH_OF_A_COLUMN * weights.sum())


def _names(texts: list[str], weights: NDArray[np.int64]) -> Marks:
    likelihood = [name_in_cell(text) for text in texts]
    sure = np.array([word == "sure" for word in likelihood], bool)
    likely = np.array([word != "no" for word in likelihood], bool)
    if _much(likely, weights) and likely.sum() >= min(3, len(texts)):
        sure = likely
    told: Marks = np.array([len(text) > 2 and name_in_text(text) for text in texts], bool)
    marks: Marks = np.logical_or(sure, told)
    return marks


def _my_numbers(texts: list[str]) -> Marks:
    """Mark numbers in groups that pass, and columns of numbers that pass too often for chance."""
    marks, in_groups = np.zeros(len(texts), bool), np.zeros(len(texts), bool)
    plain_numbers: list[tuple[int, str]] = []
    for position, text in enumerate(texts):
        if len(text) < 11 or not any(c.isdigit() for c in text):
            continue
        groups = [m[0] for m in patterns().grouped.finditer(text)]
        if groups:
            in_groups[position] = True
            marks[position] = any(is_my_number(group) for group in groups)
        elif _DIGITS.match(text):
            plain_numbers.append((position, text))
    if marks.sum() < LEAST_SHARE * in_groups.sum():
        marks[:] = False
    whole = sum(len(digits) == 12 for _, digits in plain_numbers)
    if plain_numbers:
        positions, numbers = zip(*plain_numbers, strict=True)
        marks[list(positions)] = judged(numbers, whole)
    return marks


def _spare_offices(found: dict[str, Marks], texts: list[str]) -> None:
    people = patterns()
    found["phone"] = _searched(people.mobile, texts, found["phone"])
    found["email"] = _searched(people.private_email, texts, found["email"])
    for detector in ("address", "health"):
        found[detector] = np.zeros(len(texts), bool)
