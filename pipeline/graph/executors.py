"""Where steps run: here one after another, in processes of this machine, or on a cluster."""

from __future__ import annotations

import os
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pipeline.errors import SchedulerError
from pipeline.graph.worker import Done, Task, run_task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.graph.executor import StepExecutor
    from pipeline.progress import Progress

LEAST_SHARE = 512 << 20
"""Bytes below which a step has too little to work with."""
KINDS = ("serial", "processes", "local", "tcp://HOST:PORT")


class SerialExecutor:
    """Runs steps in this process, one after another: for a debugger."""

    slots = 1

    def __init__(self, tell: Progress) -> None:
        self._tell = tell

    def submit(self, task: Task) -> Future[Done]:
        """Run a step; what it raises is raised here, Ctrl-C included."""
        future: Future[Done] = Future()
        try:
            future.set_result(run_task(task, self._tell))
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self, *, now: bool) -> None:
        """Do nothing: nothing runs."""


class DaskExecutor:
    """Runs steps on the workers of a Dask cluster, which see the same folders.

    Parameters
    ----------
    address
        ``tcp://…`` of a scheduler; ``local`` starts a cluster of processes here.
    tell
        Told what the steps tell.
    workers
        Processes of a local cluster.

    Raises
    ------
    SchedulerError
        If distributed is not installed or the scheduler does not answer.
    """

    def __init__(self, address: str, tell: Progress, workers: int) -> None:
        from pipeline.graph import dask  # noqa: PLC0415 - an optional dependency

        self._cluster = dask.Cluster(address, tell, workers)
        self.slots: int = self._cluster.slots

    def submit(self, task: Task) -> Future[Done]:
        """Begin a step on some worker."""
        return self._cluster.submit(task)

    def stop(self, *, now: bool) -> None:
        """Leave the cluster; one that was started here ends."""
        self._cluster.close(now=now)


def executor_for(
    scheduler: str, tell: Progress, modules: Sequence[str] = (), memory: int = 0
) -> StepExecutor:
    """Return the executor that ``--scheduler`` names.

    Parameters
    ----------
    tell
        Told what the steps tell, also from other threads.
    modules
        That the steps will need: imported once where processes are forked.
    memory
        Bytes that all steps together may hold: fewer run at once where each would have too little.

    Raises
    ------
    SchedulerError
        If there is none of that name, or it cannot be reached.
    """
    workers = len(os.sched_getaffinity(0))
    if memory:
        workers = max(1, min(workers, memory // LEAST_SHARE))
    match scheduler:
        case "serial":
            return SerialExecutor(tell)
        case "processes":
            from pipeline.graph.processes import ProcessesExecutor  # noqa: PLC0415

            return ProcessesExecutor(workers, tell, modules)
        case "local":
            return DaskExecutor(scheduler, tell, workers)
        case _ if scheduler.startswith(("tcp://", "tls://")):
            return DaskExecutor(scheduler, tell, workers)
        case _:
            known = ", ".join(KINDS)
            raise SchedulerError(f"there is no scheduler '{scheduler}'; known: {known}")
