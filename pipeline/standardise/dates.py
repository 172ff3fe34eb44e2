"""Dates of ledgers, western or by era (和暦), as ISO 8601."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

ERA_FIRST_YEAR = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
"""Western year in which year 1 (元年) of each era falls."""
ERA_LAST_YEAR = {"明治": 45, "大正": 15, "昭和": 64, "平成": 31}
"""Last year of each era that has ended; a later one is a slip of the pen."""
ERA_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
ERA_SHORT = {era[0]: era for era in ERA_FIRST_YEAR}
_ERA = "明治?|大正?|昭和?|平成?|令和?|[MTSHR]"

_PARTS = (
    r"(?P<year>\d{1,4}|元)\s*[年./-]\s*"
    r"(?:(?P<month>\d{1,2})\s*(?:[月./-]\s*(?:(?P<day>\d{1,2})日?)?)?)?"
)
_ERA_DATE = re.compile(rf"(?P<era>{_ERA})\s*{_PARTS}$", re.IGNORECASE)
_WESTERN_DATE = re.compile(rf"{_PARTS}$")
_COMPACT_DATE = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})$")
_YEAR = re.compile(rf"(?P<era>{_ERA})?(?P<year>\d{{1,4}}|元)年?$", re.IGNORECASE)
_WEEKDAY = re.compile(r"\s*\([月火水木金土日](曜日?)?\)$")
_TIME = re.compile(r"(?<=\d)(\s+|T)\d{1,2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$")


def iso_date(text: str) -> str | None:
    """Read a date, a month or a year and return it as ISO 8601.

    Parameters
    ----------
    text
        E.g. ``平成31年2月``, ``H31.2.1``, ``令和元年5月1日``, ``2019/2/1``, ``20190201``.

    Returns
    -------
    str or None
        ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY`` (reduced precision, ISO 8601-1 5.2.2);
        ``None`` if the text is no date.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = _TIME.sub("", _WEEKDAY.sub("", plain))
    for pattern in (_ERA_DATE, _COMPACT_DATE, _WESTERN_DATE, _YEAR):
        match = pattern.match(plain)
        if match:
            return _written(match.groupdict())
    return None


def _written(parts: dict[str, str | None]) -> str | None:
    year = 1 if parts["year"] == "元" else int(parts["year"] or 0)
    era = parts.get("era")
    if era:
        name = ERA_LETTERS.get(era.upper()) or ERA_SHORT[era[0]]
        if year > ERA_LAST_YEAR.get(name, year):
            return None
        year += ERA_FIRST_YEAR[name] - 1
    elif year < 1000:
        return None
    month, day = parts.get("month"), parts.get("day")
    try:
        checked = dt.date(year, int(month or 1), int(day or 1))
    except ValueError:
        return None
    return checked.isoformat()[: 10 if day else 7 if month else 4]
