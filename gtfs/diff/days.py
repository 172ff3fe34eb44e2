"""Days in a planner's words: weekdays, Saturdays, from a date on, on single days."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gtfs.calendar import DAY_CLASSES
from gtfs.diff.change import Words, joined, listed, phrase

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

_SINGLE = 5
"""Up to so many dates are listed one by one rather than as a rule with exceptions."""


def class_words(classes: Collection[str]) -> Words:
    """Name classes of days: Monday to Friday are weekdays, all of them every day."""
    have = set(classes)
    if have >= set(DAY_CLASSES):
        return phrase("days-every")
    parts: list[Words] = []
    for code, members in _GROUPS:
        if have >= set(members):
            parts.append(phrase(code))
            have -= set(members)
    parts += [phrase(name) for name in DAY_CLASSES if name in have]
    return joined(parts)


_GROUPS = (
    ("days-weekdays", DAY_CLASSES[:5]),
    ("days-weekend", ("sat", "sun", "holiday")),
    ("days-sunday-holiday", ("sun", "holiday")),
)


def day_words(days: Sequence[dt.date], among: Mapping[dt.date, str]) -> Words:
    """Name a set of dates out of those that were compared.

    Parameters
    ----------
    days
        The dates to name, sorted, at least one.
    among
        Every compared date with its class.
    """
    if len(days) <= _SINGLE and len(days) < len(among):
        return listed([_date(day) for day in days])
    return _as_period(days, among) or _as_rule(days, among)


def _as_period(days: Sequence[dt.date], among: Mapping[dt.date, str]) -> Words | None:
    """Name all dates of some classes within a stretch of time, if that is what they are."""
    classes = {among[day] for day in days}
    same = [day for day in sorted(among) if among[day] in classes]
    first, last = days[0], days[-1]
    if len([day for day in same if first <= day <= last]) != len(days):
        return None
    name = class_words(classes)
    match first == same[0], last == same[-1]:
        case True, True:
            return name
        case False, True:
            return phrase("days-from", days=name, date=first)
        case True, False:
            return phrase("days-until", days=name, date=last)
    return phrase("days-within", days=name, first=first, last=last)


def _as_rule(days: Sequence[dt.date], among: Mapping[dt.date, str]) -> Words:
    """Name the classes most of whose dates are meant, then the further and the missing dates."""
    have, every = Counter(among[day] for day in days), Counter(among.values())
    classes = [name for name in DAY_CLASSES if 2 * have[name] > every[name]]
    further = [day for day in days if among[day] not in classes]
    meant = set(days)
    missing = [day for day in sorted(among) if among[day] in classes and day not in meant]
    if not classes:
        return listed([_date(day) for day in days])
    words = class_words(classes)
    if further:
        words = phrase("days-with", days=words, dates=listed([_date(day) for day in further]))
    if missing:
        words = phrase("days-without", days=words, dates=listed([_date(day) for day in missing]))
    return words


def _date(day: dt.date) -> Words:
    return Words(
        f"{day.isoformat()}（{'月火水木金土日'[day.weekday()]}）", f"{day:%a} {day.isoformat()}"
    )
