"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

import logging
from typing import Protocol

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """A listener: a progress bar for a person, plain lines for a log, nothing for a test."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of `step` are finished."""


def silent(step: str, done: int, total: int) -> None:
    """Listen and say nothing."""


class Lasting:
    """A listener that may break: work goes on when nobody hears of it, and says so once.

    Parameters
    ----------
    listener
        Told until telling it raises an :class:`OSError`: its pipe is closed, its disk full.
    """

    def __init__(self, listener: Progress) -> None:
        self._listener: Progress = listener

    def __call__(self, step: str, done: int, total: int) -> None:
        """Pass on what is told while there is somebody to tell."""
        try:
            self._listener(step, done, total)
        except OSError as error:
            self._listener = silent
            logger.warning("progress cannot be shown any more: %s", error)
