"""Dates and times as a section of an Excel format shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

Pairs = list[tuple[str, str]]
"""Kinds and texts of the tokens of a section."""

ERAS = (
    (dt.date(2019, 5, 1), "令和", "R"), (dt.date(1989, 1, 8), "平成", "H"),
    (dt.date(1926, 12, 25), "昭和", "S"), (dt.date(1912, 7, 30), "大正", "T"),
    (dt.date(1868, 1, 25), "明治", "M"),
)  # fmt: skip
"""First day, name and letter of each era, as Excel counts them."""
WEEKDAYS = "月火水木金土日"
ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
DAY_S = 86_400
LAST_DAY = 2_958_465
"""31 December 9999."""


@dataclass(frozen=True)
class Moment:
    """A point in time of a cell.

    Attributes
    ----------
    date
        ``None`` on day 0 (a bare time) and beyond what Excel shows.
    days, milliseconds
        Whole days since day 0, and the rest.
    """

    date: dt.date | None
    days: int
    milliseconds: int


def moment_of(serial: float, *, since_1904: bool, fractions: bool = False) -> Moment | None:
    """Return the point in time of a serial number, to the second unless fractions are shown.

    ``None`` before day 0, after 9999 and on 29 February 1900, which Excel has and the calendar
    has not.
    """
    unit = 1 if fractions else 1000
    total = round(serial * DAY_S * 1000 / unit) * unit
    days, rest = divmod(total, DAY_S * 1000)
    if total < 0 or days > LAST_DAY or (days == 60 and not since_1904):
        return None
    if since_1904:
        return Moment(dt.date(1904, 1, 1) + dt.timedelta(days), days, rest)
    if days == 0:
        return Moment(None, days, rest)
    first = dt.date(1899, 12, 31) if days < 60 else dt.date(1899, 12, 30)
    return Moment(first + dt.timedelta(days), days, rest)


def iso(serial: float, *, since_1904: bool) -> str | None:
    """Return a date, with its time unless that is midnight, in ISO 8601; ``None`` if it is none."""
    moment = moment_of(serial, since_1904=since_1904)
    if moment is None or moment.date is None:
        return None
    if not moment.milliseconds:
        return moment.date.isoformat()
    clock = (dt.datetime.min + dt.timedelta(milliseconds=moment.milliseconds)).time()
    return f"{moment.date.isoformat()}T{clock.isoformat()}"


def shows_a_date(tokens: Pairs) -> bool:
    """Tell whether a section shows a day, month or year, not a time alone."""
    kinds = _roles(tokens)
    return any(role[0] in "ydgeaM" for role in kinds if role)


def _roles(tokens: Pairs) -> list[str]:
    """Return what each token stands for: months are ``M…``, minutes ``m…``; empty for others."""
    roles = [
        text.lower() if kind == "moment" else (f"[{text}" if kind == "elapsed" else "")
        for kind, text in tokens
    ]
    filled = [i for i, role in enumerate(roles) if role]
    for place, i in enumerate(filled):
        if roles[i][0] != "m":
            continue
        before = roles[filled[place - 1]] if place else ""
        after = roles[filled[place + 1]] if place + 1 < len(filled) else ""
        minutes = before.lstrip("[")[:1] == "h" or after.lstrip("[")[:1] == "s"
        if not (minutes and len(roles[i]) <= 2):
            roles[i] = roles[i].upper()
    return roles


def moment_shown(serial: float, tokens: Pairs, *, since_1904: bool) -> str | None:
    """Return a date or time as the tokens of its section show it, or ``None`` if it is none."""
    moment = moment_of(
        serial, since_1904=since_1904, fractions=any(kind == "fraction" for kind, _ in tokens)
    )
    if moment is None:
        return None
    roles = _roles(tokens)
    if moment.date is None and any(role and role[0] in "ydgeaM" for role in roles):
        return None
    twelve = any(kind == "noon" for kind, _ in tokens)
    first_year = any(kind == "first-year" for kind, _ in tokens)
    shown = ""
    for (kind, text), role in zip(tokens, roles, strict=True):
        if kind == "noon":
            names = text.split("/")
            shown += names[moment.milliseconds >= DAY_S * 500]
        elif kind == "fraction":
            digits = len(text) - 1
            shown += f".{moment.milliseconds % 1000:03d}"[: digits + 1].ljust(digits + 1, "0")
        elif role:
            shown += _part(role, moment, twelve=twelve, first_year=first_year)
        else:
            shown += text
    return shown.strip()


def _part(role: str, moment: Moment, *, twelve: bool, first_year: bool) -> str:
    seconds = moment.milliseconds // 1000
    width = 2 if len(role) > 1 else 1
    if role[0] == "[":
        total = moment.days * DAY_S + seconds
        return f"{total // {'h': 3600, 'm': 60, 's': 1}[role[1]]:0{len(role) - 1}d}"
    if role[0] == "h":
        hour = seconds // 3600
        return f"{(hour + 11) % 12 + 1 if twelve else hour:0{width}d}"
    if role[0] in "ms":
        return f"{seconds // 60 % 60 if role[0] == 'm' else seconds % 60:0{width}d}"
    assert moment.date is not None
    return _calendar(role, moment.date, first_year=first_year)


def _calendar(role: str, date: dt.date, *, first_year: bool) -> str:
    length = len(role)
    match role[0]:
        case "y":
            return f"{date.year:04d}" if length > 2 else f"{date.year % 100:02d}"
        case "M":
            return _named(date.month, ENGLISH_MONTHS[date.month - 1], length)
        case "d":
            return _named(date.day, ENGLISH_DAYS[date.weekday()], length)
        case "a":
            return WEEKDAYS[date.weekday()] + ("曜日" if length > 3 else "")
    start, name, letter = next(era for era in ERAS if date >= era[0])
    if role[0] == "g":
        return letter if length == 1 else name[0] if length == 2 else name
    year = date.year - start.year + 1
    return "元" if first_year and year == 1 else f"{year:0{min(length, 2)}d}"


def _named(number: int, name: str, length: int) -> str:
    """Return a month or day as a number, short name or name, by the letters of its token."""
    if length <= 2:
        return f"{number:0{length}d}"
    return name[:3] if length == 3 else name[:1] if length == 5 else name
