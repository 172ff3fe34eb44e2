"""Steps in processes of this machine, each watched alone: one that dies takes no other along."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.graph.executor import WorkerLostError, settle
from pipeline.graph.worker import Done, Task, run_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess

    from pipeline.progress import Progress


@dataclass
class _Worker:
    process: ForkServerProcess
    pipe: Connection


class ProcessesExecutor:
    """Runs steps in as many processes as asked for.

    A pool of :mod:`concurrent.futures` is broken for good when one of its processes is killed, and
    does not say in the middle of which work. Here a thread stands behind each process.

    Parameters
    ----------
    slots
        How many processes.
    tell
        Told, from threads, what the steps tell.
    modules
        Imported once, by the server all processes are forked from.
    """

    def __init__(self, slots: int, tell: Progress, modules: Sequence[str] = ()) -> None:
        self.slots = slots
        self._tell = tell
        self._waiting: queue.SimpleQueue[tuple[Task, Future[Done]] | None] = queue.SimpleQueue()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__, *modules])
        self._workers: dict[int, _Worker] = {}
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._serve, args=(slot,), daemon=True) for slot in range(slots)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> Future[Done]:
        """Begin a step in the next process that is free."""
        future: Future[Done] = Future()
        self._waiting.put((task, future))
        return future

    def stop(self, *, now: bool) -> None:
        """End all processes; `now` in the middle of what they do."""
        self._stopped = self._stopped or now
        for _ in self._threads:
            self._waiting.put(None)
        if now:
            for worker in list(self._workers.values()):
                worker.process.kill()
        for thread in self._threads:
            thread.join(10)

    def pids(self) -> list[int]:
        """Return the ids of the processes there are now."""
        found = [worker.process.pid for worker in list(self._workers.values())]
        return [pid for pid in found if pid is not None]

    def _serve(self, slot: int) -> None:
        """Hand one process a step after the other until there is nothing more."""
        while (item := self._waiting.get()) is not None:
            task, future = item
            if self._stopped:
                settle(future, None, WorkerLostError())
                continue
            try:
                outcome = self._run(slot, task)
            except Exception as error:
                settle(future, None, error)
            else:
                settle(future, outcome, None)
        worker = self._workers.pop(slot, None)
        if worker is not None:
            worker.pipe.close()
            worker.process.join()

    def _run(self, slot: int, task: Task) -> Done:
        try:
            worker = self._workers.get(slot)
            if worker is None:
                worker = self._workers[slot] = self._start()
            if self._stopped:
                worker.process.kill()
            worker.pipe.send(task)
            answer = self._answer(worker)
        except (EOFError, OSError) as error:
            lost = self._workers.pop(slot, None)
            if lost is not None:
                # Whoever cannot be talked to may still live, and be waited for in vain.
                lost.process.kill()
                lost.process.join()
            raise WorkerLostError(f"process {slot} is gone") from error
        # What the step itself raised may be an OSError too; its process is well.
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, worker: _Worker) -> Done | Exception:
        """Wait for what a process says of its step, and pass on how far it is."""
        while True:
            kind, content = worker.pipe.recv()
            if kind == "progress":
                self._tell(*content)
            else:
                answer: Done | Exception = content
                return answer

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _work(pipe: Connection) -> None:
    """Run the steps that come through a pipe, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    sending = threading.Lock()
    threading.Thread(target=_listen, args=(pipe, tasks), daemon=True).start()
    while True:
        task = tasks.get()

        def tell(step: str, done: int, total: int) -> None:
            with sending:
                pipe.send(("progress", (step, done, total)))

        message: tuple[str, Any]
        try:
            message = ("done", run_task(task, tell))
        except Exception as error:
            message = ("error", error)
        with contextlib.suppress(OSError):
            pipe.send(message)


def _listen(pipe: Connection, tasks: queue.SimpleQueue[Task]) -> None:
    """Take tasks; end the process at once when whoever gave them is gone, killed even."""
    while True:
        try:
            tasks.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)
