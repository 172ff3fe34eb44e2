"""What the scheduler needs of whatever runs its steps."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pipeline.graph.worker import Done, Task


class WorkerLostError(Exception):
    """The process that ran a step ended in the middle of it."""


class StepExecutor(Protocol):
    """What the scheduler needs of any of them."""

    @property
    def slots(self) -> int:
        """How many steps run at once."""

    def submit(self, task: Task) -> Future[Done]:
        """Begin a step; the future raises :class:`WorkerLostError` if its process ends."""

    def stop(self, *, now: bool) -> None:
        """End all workers: at once, in the middle of steps, or when they have nothing to do."""


def settle(future: Future[Done], done: Done | None, error: BaseException | None) -> None:
    """Give a future its outcome unless it was given up meanwhile."""
    with contextlib.suppress(Exception):
        if error is not None:
            future.set_exception(error)
        elif done is not None:
            future.set_result(done)
