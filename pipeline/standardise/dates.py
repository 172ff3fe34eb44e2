"""Dates of ledgers, western or by era (和暦), as ISO 8601."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

Note = Literal[
    "date-era-bounds", "date-implausible", "date-incomplete", "date-lunisolar",
    "date-had-time", "datetime-moved", "datetime-no-time", "datetime-midnight",
]  # fmt: skip
"""What is to be said of a value that was read; each is a finding of the catalogue."""

ERAS: dict[str, tuple[dt.date, dt.date]] = {
    "明治": (dt.date(1868, 1, 25), dt.date(1912, 7, 30)),
    "大正": (dt.date(1912, 7, 30), dt.date(1926, 12, 25)),
    "昭和": (dt.date(1926, 12, 25), dt.date(1989, 1, 7)),
    "平成": (dt.date(1989, 1, 8), dt.date(2019, 4, 30)),
    "令和": (dt.date(2019, 5, 1), dt.date.max),
}
"""First and last day of each era; until 昭和 the day of change belongs to both (改元の詔書)."""
GREGORIAN_FROM = dt.date(1873, 1, 1)
"""明治6年1月1日; until then months and days were lunisolar (明治5年太政官布告第337号)."""
PLAUSIBLE_UNTIL = 2100
"""No plan of a municipality reaches further; a later year is a slip of the pen."""
ERA_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
ERA_SHORT = {era[0]: era for era in ERAS}
_ERA = "明治?|大正?|昭和?|平成?|令和?|[MTSHR]"

_PARTS = (
    r"(?P<year>\d{1,4}|元)\s*(?P<after_year>[年./-])\s*"
    r"(?:(?P<month>\d{1,2})\s*(?:(?P<after_month>[月./-])\s*(?:(?P<day>\d{1,2})(?P<after_day>日)?)?)?)?"
)
_ERA_DATE = re.compile(rf"(?P<era>{_ERA})\s*{_PARTS}$", re.IGNORECASE)
_WESTERN_DATE = re.compile(rf"{_PARTS}$")
_COMPACT_DATE = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})$")
_YEAR = re.compile(rf"(?P<era>{_ERA})?(?P<year>\d{{1,4}}|元)年?$", re.IGNORECASE)


@dataclass(frozen=True)
class Read:
    """A value as it was understood.

    Attributes
    ----------
    iso
        ISO 8601: ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY`` (reduced precision, ISO 8601-1 5.2.2), or
        with time of day and offset.
    notes
        What is to be said of it.
    """

    iso: str
    notes: tuple[Note, ...] = ()


def read_day(plain: str) -> Read | None:
    """Read a date, a month or a year.

    Parameters
    ----------
    plain
        In NFKC without surrounding space or time of day, e.g. ``平成31年2月``, ``H31.2.1``,
        ``令和元年5月1日``, ``2019/2/1``, ``20190201``.

    Returns
    -------
    Read or None
        ``None`` if the text is no date: a day that does not exist, an era's year 0 or one it
        never reached, a western year of two digits, the number of a day in a spreadsheet.
    """
    for pattern in (_ERA_DATE, _COMPACT_DATE, _WESTERN_DATE, _YEAR):
        match = pattern.match(plain)
        if match:
            return _understood(match.groupdict())
    return None


def _understood(parts: dict[str, str | None]) -> Read | None:
    year = 1 if parts["year"] == "元" else int(parts["year"] or 0)
    era = _era_name(parts.get("era"))
    if era:
        if year < 1:
            return None
        year += ERAS[era][0].year - 1
        if year > ERAS[era][1].year:
            return None
    elif year < 1000:
        return None
    month, day = parts.get("month"), parts.get("day")
    try:
        checked = dt.date(year, int(month or 1), int(day or 1))
    except ValueError:
        return None
    if era == "明治" and month and checked < GREGORIAN_FROM:
        return Read(f"{year}", ("date-lunisolar",))
    notes = _notes(parts, checked, era)
    return Read(checked.isoformat()[: 10 if day else 7 if month else 4], notes)


def _era_name(written: str | None) -> str:
    if not written:
        return ""
    return ERA_LETTERS.get(written.upper()) or ERA_SHORT[written[0]]


def _notes(parts: dict[str, str | None], checked: dt.date, era: str) -> tuple[Note, ...]:
    notes: list[Note] = []
    if era and not _within(era, checked, parts):
        notes.append("date-era-bounds")
    if checked.year > PLAUSIBLE_UNTIL:
        notes.append("date-implausible")
    if _cut_short(parts):
        notes.append("date-incomplete")
    return tuple(notes)


def _within(era: str, checked: dt.date, parts: dict[str, str | None]) -> bool:
    """Tell whether a day, or some day of a month, belongs to an era."""
    first, last = ERAS[era]
    if parts.get("day"):
        return first <= checked <= last
    if parts.get("month"):
        return first.replace(day=1) <= checked <= last
    return True


def _cut_short(parts: dict[str, str | None]) -> bool:
    """Tell whether a date written with 年 or 月 ends in a number without its word."""
    if parts.get("day"):
        return parts.get("after_month") == "月" and not parts.get("after_day")
    return bool(parts.get("month")) and parts.get("after_year") == "年" and not parts["after_month"]
