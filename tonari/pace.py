"""How fast a step goes and how long it may still take, in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTLED = 1.0
"""Seconds after which a rate says something."""


class Pace:
    """Watches one step; what was done before it is first asked does not count as speed.

    Parameters
    ----------
    clock
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def words(self, done: int, total: int) -> str:
        """Return how far the step is, and once that can be told, its speed and an estimate.

        Parameters
        ----------
        done, total
            Units finished and units in all; a total of 0 is unknown.
        """
        now = self._clock()
        if self._start is None:
            self._start = now, done
        since, before = self._start
        count = f"{done:,}/{total:,}" if total else f"{done:,}"
        passed, finished = now - since, done - before
        if passed < _SETTLED or finished <= 0:
            return count
        rate = finished / passed
        speed = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
        if not total or done >= total:
            return f"{count} ({speed})"
        return f"{count} ({speed}, あと約 {_duration((total - done) / rate)})"


def _duration(seconds: float) -> str:
    """Return a time in numbers and the units of a clock, which need no translation."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
