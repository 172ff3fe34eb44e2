"""Days in a planner's words: weekdays, Saturdays, from a date on, on single days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.days.calendar import DAY_CLASSES
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
    first, last, every = days[0], days[-1], sorted(among)
    rules = [
        _rule(days, {day: among[day] for day in every if start <= day <= end}, span, cost)
        for start, end, span, cost in (
            (every[0], every[-1], "", 0),
            (first, every[-1], "days-from", 1),
            (every[0], last, "days-until", 1),
            (first, last, "days-within", 2),
        )
    ]
    best = min(rules, key=lambda rule: rule.cost)
    return best.words(first, last) if best.classes else listed([_date(day) for day in days])


@dataclass(frozen=True, slots=True)
class _Rule:
    """Classes of days within a stretch of time, with further and missing dates.

    `cost` tells how long it is to say: dates one by one, a stretch as much as one or two dates.
    """

    classes: list[str]
    further: list[dt.date]
    missing: list[dt.date]
    span: str
    cost: int

    def words(self, first: dt.date, last: dt.date) -> Words:
        said = class_words(self.classes)
        if self.span:
            ends = {"first": first, "last": last, "date": last if "until" in self.span else first}
            said = phrase(self.span, days=said, **ends)
        if self.further:
            said = phrase("days-with", days=said, dates=listed([_date(d) for d in self.further]))
        if self.missing:
            said = phrase("days-without", days=said, dates=listed([_date(d) for d in self.missing]))
        return said


def _rule(days: Sequence[dt.date], among: Mapping[dt.date, str], span: str, cost: int) -> _Rule:
    """Find the classes most of whose dates are meant, then the further and the missing dates."""
    meant = set(days)
    have, every = Counter(among[day] for day in days), Counter(among.values())
    classes = [name for name in DAY_CLASSES if 2 * have[name] > every[name]]
    if set(classes) >= set(every) >= set(DAY_CLASSES[:7]):
        classes = list(DAY_CLASSES)  # a stretch of time without a holiday has every day too
    further = [day for day in days if among[day] not in classes]
    missing = [day for day in sorted(among) if among[day] in classes and day not in meant]
    return _Rule(classes, further, missing, span, cost + len(further) + len(missing))


def _date(day: dt.date) -> Words:
    return Words(
        f"{day.isoformat()}（{'月火水木金土日'[day.weekday()]}）", f"{day:%a} {day.isoformat()}"
    )
