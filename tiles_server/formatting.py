"""Values, days and times as a person reads them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from tiles_server.language import language, messages, say

if TYPE_CHECKING:
    from tiles_server.interfaces import Named
    from tiles_server.manifest import Words

JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")
"""A kana or a kanji: nothing else is written with them here."""
_WIDE = "\u3000-\u303f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff9f"
_RUN = re.compile(f"[{_WIDE}](?:[{_WIDE}0-9 ]*[{_WIDE}])?")
"""Japanese with its punctuation, and the numbers between."""
_MARKED = Markup('<span lang="ja">{}</span>')

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


def term(kind: str, name: str) -> str:
    """Say `name` in words if there are words for it."""
    key = f"{kind}_{name}"
    return say(key) if key in messages() else name


def shown_value(value: object) -> str:
    """Show one value of a table to a person."""
    if value is None or value == "":
        return say("empty_value")
    if isinstance(value, bool):
        return say("yes_" if value else "no_")
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def shown_day(moment: str) -> str:
    """Show the day of an ISO 8601 moment or of a GTFS date; a year or month as it is."""
    if len(moment) == 8 and moment.isdecimal():
        moment = f"{moment[:4]}-{moment[4:6]}-{moment[6:]}"
    if moment.endswith("Z"):
        moment = datetime.fromisoformat(moment).astimezone(JAPAN).isoformat()
    day = moment[:10]
    if language() == "ja" and re.fullmatch(r"\d{4}(-\d{2}){0,2}", day, re.ASCII):
        parts = zip((int(part) for part in day.split("-")), "年月日", strict=False)
        return "".join(f"{number}{unit}" for number, unit in parts)
    return day


def foreign(said: Words | Named | str) -> Markup:
    """Return the attribute ``lang`` for what is not said in the language of the page.

    Parameters
    ----------
    said
        Words, of which the page shows the other language's when its own are missing; or a value
        of the data, which is Japanese if it is written so.
    """
    own = language()
    if isinstance(said, str):
        other = "ja" if own == "en" and JAPANESE.search(said) else ""
    else:
        first, second = (said.en, said.ja) if own == "en" else (said.ja, said.en)
        other = ("ja" if own == "en" else "en") if second and not first else ""
    return Markup(f' lang="{other}"' if other else "")


def spoken(said: object) -> Markup | str:
    """Mark the Japanese words of a text on an English page, as HTML.

    What people wrote once, in one language, stands in sentences of both: names, credits, contacts.
    """
    text = str(said)
    if language() != "en" or isinstance(said, Markup) or not JAPANESE.search(text):
        return said if isinstance(said, Markup) else text
    marked, at = Markup(), 0
    for run in _RUN.finditer(text):
        marked += escape(text[at : run.start()]) + _MARKED.format(run[0])
        at = run.end()
    return marked + escape(text[at:])
