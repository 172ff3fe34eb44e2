"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener: a progress bar for a person, plain lines for a log, nothing for a test."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of `step` are finished."""


def silent(step: str, done: int, total: int) -> None:
    """Listen and say nothing."""
