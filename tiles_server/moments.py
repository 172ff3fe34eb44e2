"""Moments as a passenger here reads them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from tiles_server.language import language, say

JAPAN = timezone(timedelta(hours=9))
"""No summer time since 1951."""


def clock_and_day(moment: datetime | str, tongue: str | None = None) -> str:
    """Show a moment by Japanese time: ``11月24日（火）20:15`` or ``Tue 2026-11-24 20:15``."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    local = moment.astimezone(JAPAN)
    return f"{weekday(local, tongue)} {clock(local)}"


def clock(local: datetime) -> str:
    """Show the time of day of a moment in its own time zone: ``8:05``."""
    return f"{local.hour}:{local.minute:02d}"


def full_day(day: date) -> str:
    """Show a day with its year: ``2026年11月24日（火）`` or ``Tue 2026-11-24``."""
    return f"{day.year}年{weekday(day)}" if language() == "ja" else weekday(day)


def weekday(day: date, tongue: str | None = None) -> str:
    """Show a day with its weekday: ``11月24日（火）`` or ``Tue 2026-11-24``."""
    spoken = tongue or language()
    name = say("weekdays_short", spoken).split()[day.weekday()]
    if spoken == "ja":
        return f"{day.month}月{day.day}日（{name}）"
    return f"{name} {day:%Y-%m-%d}"
