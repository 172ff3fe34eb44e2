"""What was typed into the forms, as the desk takes it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.config.base import Text
from tiles_server.formatting import JAPAN
from tiles_server.language import messages

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

EARLIEST, LATEST = 2000, 2100
"""Years a day may lie in: what is typed beyond them is a slip, and overflows when added to."""
_CLOCK = re.compile(r"([0-9]{1,2})(?::|時)([0-5]?[0-9])?分?")

CAUSES = tuple(k.removeprefix("cause_") for k in messages() if k.startswith("cause_"))
EFFECTS = tuple(k.removeprefix("effect_") for k in messages() if k.startswith("effect_"))
"""What there are words for, in the order they are offered."""


@dataclass
class CancelForm:
    """Which trips are meant.

    Attributes
    ----------
    date, route, stop, after, before, cause
        As typed; empty for all.
    trips
        Those that were ticked.
    problems
        Field to the sentence that says what is wrong with it.
    """

    date: str = ""
    route: str = ""
    stop: str = ""
    after: str = ""
    before: str = ""
    cause: str = "WEATHER"
    trips: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: MultiDict[str, str]) -> CancelForm:
        """Read a form."""
        form = cls(cause=fields.get("cause", "WEATHER"), trips=tuple(fields.getlist("trips")))
        for name in ("date", "route", "stop", "after", "before"):
            setattr(form, name, fields.get(name, "").strip()[:200])
        if form.date and day_of(form.date) is None:
            form.problems["date"] = "refused_day"
        for name in ("after", "before"):
            if getattr(form, name) and seconds_of(getattr(form, name)) is None:
                form.problems[name] = "refused_clock"
        if form.cause not in CAUSES:
            form.problems["cause"] = "refused_other"
        return form

    @property
    def from_clock(self) -> str:
        """First departure that is meant, as ``H:MM``."""
        seconds = seconds_of(self.after)
        return "" if seconds is None else _text(seconds)

    @property
    def behind_clock(self) -> str:
        """The minute behind the last departure that is meant, which who types it includes."""
        seconds = seconds_of(self.before)
        return "" if seconds is None else _text(seconds + 60)


@dataclass
class AnnounceForm:
    """An announcement that cancels nothing; attributes as in :class:`CancelForm`, as typed."""

    header: str = ""
    header_en: str = ""
    description: str = ""
    description_en: str = ""
    url: str = ""
    effect: str = "OTHER_EFFECT"
    start_date: str = ""
    start_time: str = ""
    end_date: str = ""
    end_time: str = ""
    routes: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: MultiDict[str, str]) -> AnnounceForm:
        """Read a form."""
        form = cls(routes=tuple(fields.getlist("routes")))
        for name in cls.__dataclass_fields__:
            if name not in ("routes", "problems"):
                setattr(form, name, fields.get(name, "").strip()[:2000])
        form.effect = form.effect or "OTHER_EFFECT"
        return form

    def check(self) -> None:
        """Fill `problems`."""
        if not self.header:
            self.problems["header"] = "refused_headline"
        if len(self.header) > 120 or len(self.header_en) > 120:
            self.problems["header"] = "refused_long"
        if self.url and not self.url.startswith(("https://", "http://")):
            self.problems["url"] = "refused_url"
        if self.ends is None:
            self.problems["end_date"] = "refused_moment"
        elif self.ends <= max(self.starts or self.ends - timedelta(1), datetime.now(JAPAN)):
            self.problems["end_date"] = "refused_over"
        if (self.start_date or self.start_time) and self.starts is None:
            self.problems["start_date"] = "refused_moment"
        if self.effect not in EFFECTS:
            self.problems["effect"] = "refused_other"

    @property
    def starts(self) -> datetime | None:
        """From when it is shown; None from now on."""
        return _moment(self.start_date, self.start_time or "0:00")

    @property
    def ends(self) -> datetime | None:
        """Until when it is shown."""
        return _moment(self.end_date, self.end_time or "24:00")

    @property
    def words(self) -> tuple[Text, Text]:
        """Headline and text."""
        return (
            Text(ja=self.header, en=self.header_en),
            Text(ja=self.description, en=self.description_en),
        )


def day_of(text: str) -> date | None:
    """Read a day as browsers send it, ``2026-11-24``; also ``2026/11/24``."""
    try:
        day = date.fromisoformat(unicodedata.normalize("NFKC", text).replace("/", "-"))
    except ValueError:
        return None
    return day if EARLIEST <= day.year <= LATEST else None


def seconds_of(text: str) -> int | None:
    """Read a time of a service day: ``18:00``, ``24:10``, ``１８：００``, ``18時30分``."""
    match = _CLOCK.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", ""))
    return int(match[1]) * 3600 + int(match[2] or 0) * 60 if match else None


def _moment(day: str, clock: str) -> datetime | None:
    found, seconds = day_of(day), seconds_of(clock)
    if found is None or seconds is None:
        return None
    return datetime.combine(found, datetime.min.time(), JAPAN) + timedelta(seconds=seconds)


def _text(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}"
