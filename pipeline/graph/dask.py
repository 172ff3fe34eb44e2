"""Steps on a Dask cluster: keys and paths travel, tables stay in the shared folder."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pipeline.errors import SchedulerError
from pipeline.graph.executor import WorkerLostError, settle
from pipeline.graph.worker import Done, Task, run_task

try:
    import distributed
except ImportError as error:
    raise SchedulerError(
        "running on a cluster needs dask.distributed; install tonari[cluster]"
    ) from error

if TYPE_CHECKING:
    from pipeline.progress import Progress

TOPIC = "tonari"
_ANSWER_SECONDS = "10s"


class Cluster:
    """A connection to a cluster.

    Parameters
    ----------
    address
        Of the scheduler; ``local`` starts one, with `workers` processes of one thread each.

    Raises
    ------
    SchedulerError
        If the scheduler does not answer or has no workers.
    """

    def __init__(self, address: str, tell: Progress, workers: int) -> None:
        self._own: Any = None
        if address == "local":
            self._own = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            )
            address = self._own.scheduler_address
        try:
            self._client = distributed.Client(address, timeout=_ANSWER_SECONDS)
            self._client.wait_for_workers(1, timeout=30)
        except (OSError, TimeoutError) as error:
            raise SchedulerError(
                f"no scheduler with workers answers at {address}; start it, or use another one "
                f"({type(error).__name__})"
            ) from error
        self._client.subscribe_topic(TOPIC, lambda event: tell(*event[1]))
        threads = sum(self._client.nthreads().values())
        self.slots: int = 2 * threads

    def submit(self, task: Task) -> Future[Done]:
        """Begin a step on some worker."""
        future: Future[Done] = Future()
        remote = self._client.submit(_remote, task, pure=False, retries=0)
        remote.add_done_callback(lambda done: _finish(done, future))
        future.remote = remote  # type: ignore[attr-defined]
        return future

    def close(self, *, now: bool) -> None:
        """Leave; steps that run are forgotten."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=1 if now else 10)
        if self._own is not None:
            self._own.close(timeout=1 if now else 10)


def _finish(remote: Any, future: Future[Done]) -> None:
    if remote.status == "finished":
        settle(future, remote.result(), None)
        return
    try:
        error = remote.exception()
    except Exception as reason:
        error = reason
    lost = isinstance(error, distributed.KilledWorker | distributed.CancelledError)
    settle(future, None, WorkerLostError(str(error)) if lost or error is None else error)


_telling = threading.Lock()


def _remote(task: Task) -> Done:
    worker = distributed.get_worker()

    def tell(step: str, done: int, total: int) -> None:
        with _telling:
            worker.log_event(TOPIC, (step, done, total))

    return run_task(task, tell)
