"""What titles and names of sheets say about days."""

from __future__ import annotations

_WORDS = (
    ("土日祝", "holiday"),
    ("土・日・祝", "holiday"),
    ("土曜・日曜・祝日", "holiday"),
    ("土休日", "holiday"),
    ("日祝", "sunday_holiday"),
    ("日・祝", "sunday_holiday"),
    ("日曜・祝日", "sunday_holiday"),
    ("日曜祝日", "sunday_holiday"),
    ("休日", "holiday"),
    ("weekend", "holiday"),
    ("土曜", "saturday"),
    ("平日", "weekday"),
    ("月～金", "weekday"),
    ("月〜金", "weekday"),
    ("weekday", "weekday"),
    ("毎日", "daily"),
    ("全日", "daily"),
)
"""The longer words first."""


def day_type_in(text: str) -> str:
    """Return the name of the day type a text speaks of; empty if of none."""
    return next((name for word, name in _WORDS if word in text), "")
