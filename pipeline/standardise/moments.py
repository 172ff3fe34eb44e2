"""Dates with a time of day: kept where a field asks for it, told where it does not."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from pipeline.standardise.dates import Note, Read, read_day

JAPAN = dt.timezone(dt.timedelta(hours=9))
_WEEKDAY = re.compile(r"\s*\([月火水木金土日](曜日?)?\)")
_HALF = "午前|午後|[AaPp]\\.?[Mm]\\.?"
_CLOCK = re.compile(
    r"(?P<date>.*\d日?\)?)(?:\s+|\s*T|(?<=日)|(?<=\)))"
    rf"(?P<half>{_HALF})?\s*"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d+)?)?"
    r"|時(?:(?P<minute_ja>\d{1,2})分(?:(?P<second_ja>\d{1,2})秒)?)?)"
    rf"\s*(?P<half_after>{_HALF})?"
    r"\s*(?P<zone>Z|UTC|GMT|JST|[+-]\d{2}:?\d{2}|[+-]\d{2})?$",
    re.IGNORECASE,
)
_COMPACT_CLOCK = re.compile(
    r"(?P<date>\d{8})T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)


@dataclass(frozen=True)
class Clock:
    """A time of day.

    Attributes
    ----------
    since
        Midnight; up to and including 24 hours (ISO 8601-1 4.3.8 of 2004: the end of the day).
    zone
        Its offset; ``None`` if none is written, which in a ledger is the clock on the wall.
    """

    since: dt.timedelta
    zone: dt.timezone | None


def read_date(text: str) -> Read | None:
    """Read the value of a ``date`` field.

    A time of day is told (``date-had-time``) unless it is midnight. Where an offset other than
    Japan's is written, the day is the one in Japan (``datetime-moved``).
    """
    day_text, clock, sound = _split(text)
    day = read_day(day_text) if sound else None
    if day is None or clock is None:
        return day
    if len(day.iso) < len("YYYY-MM-DD"):
        return None
    notes: list[Note] = [*day.notes]
    iso = day.iso
    since = clock.since
    if clock.zone is not None and clock.zone.utcoffset(None) != JAPAN.utcoffset(None):
        moment = _moment(day.iso, clock)
        if moment is None:
            return None
        iso, since = moment.date().isoformat(), _since_midnight(moment)
        notes.append("datetime-moved")
    if since:
        notes.append("date-had-time")
    return Read(iso, tuple(notes))


def read_datetime(text: str) -> Read | None:
    """Read the value of a ``datetime`` field as ISO 8601 with Japan's offset.

    Returns
    -------
    Read or None
        E.g. ``2025-09-15T10:54:37+09:00``; ``None`` if the text has no whole day or no time
        that exists. A day alone is its midnight, which is told.
    """
    day_text, clock, sound = _split(text)
    day = read_day(day_text) if sound else None
    if day is None or len(day.iso) < len("YYYY-MM-DD"):
        return None
    notes: list[Note] = [*day.notes]
    if clock is None:
        notes.append("datetime-no-time")
        clock = Clock(dt.timedelta(), None)
    if clock.since == dt.timedelta(days=1):
        notes.append("datetime-midnight")
    if clock.zone is not None and clock.zone.utcoffset(None) != JAPAN.utcoffset(None):
        notes.append("datetime-moved")
    moment = _moment(day.iso, clock)
    return None if moment is None else Read(moment.isoformat(), tuple(notes))


def _split(text: str) -> tuple[str, Clock | None, bool]:
    """Return the date and the time of a text, and whether that time exists."""
    plain = _WEEKDAY.sub("", unicodedata.normalize("NFKC", text).strip()).strip()
    match = _CLOCK.match(plain) or _COMPACT_CLOCK.match(plain)
    if match is None:
        return plain, None, True
    parts = match.groupdict()
    clock = _clock(parts)
    return str(parts["date"]).strip(), clock, clock is not None


def _clock(parts: dict[str, str | None]) -> Clock | None:
    hour = int(parts["hour"] or 0)
    minute = int(parts.get("minute") or parts.get("minute_ja") or 0)
    second = int(parts.get("second") or parts.get("second_ja") or 0)
    fraction = float(f"0{(parts.get('fraction') or '.0').replace(',', '.')}")
    half = (parts.get("half") or parts.get("half_after") or "").upper().replace(".", "")
    if half:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if half in ("午後", "PM") else 0)
    if minute > 59 or second > 59:
        return None
    since = dt.timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=round(fraction * 1_000_000)
    )
    zone, sound = _zone(parts.get("zone"))
    return Clock(since, zone) if since <= dt.timedelta(days=1) and sound else None


def _zone(written: str | None) -> tuple[dt.timezone | None, bool]:
    if not written:
        return None, True
    if written.upper() in ("Z", "UTC", "GMT"):
        return dt.UTC, True
    if written.upper() == "JST":
        return JAPAN, True
    digits = written[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        return None, False
    sign = -1 if written[0] == "-" else 1
    return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes)), True


def _moment(day: str, clock: Clock) -> dt.datetime | None:
    try:
        start = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), clock.zone or JAPAN)
        return (start + clock.since).astimezone(JAPAN)
    except OverflowError:
        return None


def _since_midnight(moment: dt.datetime) -> dt.timedelta:
    return moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)
