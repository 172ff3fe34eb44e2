"""Steps in processes of this machine, each watched alone: one that dies takes no other along."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        """Have a step run, and return what its process says of it, or raise that.

        Only what goes wrong between the two processes is a lost worker: a listener of ours that
        cannot write, or a machine that starts no more processes, is not.
        """
        worker = self._workers.get(slot)
        if worker is None:
            worker = self._workers[slot] = self._start()
        if self._stopped:
            worker.process.kill()
        try:
            worker.pipe.send(task)
        except OSError as error:
            raise self._lost(slot) from error
        unheard: Exception | None = None
        while True:
            try:
                kind, content = worker.pipe.recv()
            except (EOFError, OSError) as error:
                raise self._lost(slot) from error
            if kind != "progress":
                break
            try:
                self._tell(*content)
            except Exception as error:
                # The step goes on to its end: a process left in the middle answers the next one.
                unheard = error
        # What the step itself raised may be an OSError too; its process is well.
        if kind == "error":
            failed: Exception = content
            raise failed
        if unheard is not None:
            raise unheard
        done: Done = content
        return done

    def _lost(self, slot: int) -> WorkerLostError:
        """Give up a process that cannot be talked to: it may still live, and be waited for."""
        lost = self._workers.pop(slot)
        lost.process.kill()
        lost.pipe.close()
        lost.process.join()
        return WorkerLostError(f"process {slot} is gone")

    def _start(self) -> _Worker:
        """Start a process.

        Raises
        ------
        WorkerLostError
            If the server that forks them was killed; it is started again the next time.
        OSError
            If this machine gives no more processes or files.
        """
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        try:
            process.start()
        except (EOFError, ConnectionError) as error:
            ours.close()
            raise WorkerLostError("the server of processes is gone") from error
        finally:
            theirs.close()
        return _Worker(process, ours)


def _work(pipe: Connection) -> None:
    """Run the steps that come through a pipe, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    say = _Voice(pipe)
    threading.Thread(target=_listen, args=(pipe, tasks), daemon=True).start()
    while True:
        task = tasks.get()
        try:
            done = run_task(task, lambda *told: say("progress", told))
        except Exception as error:
            say("error", _portable(error))
        else:
            say("done", done)


class _Voice:
    """Speaks to whoever gave the task, from any thread; ends the process if it cannot be heard."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._speaking = pipe, threading.Lock()

    def __call__(self, kind: str, content: object) -> None:
        with self._speaking:
            try:
                self._pipe.send((kind, content))
            except OSError:
                # An answer that is not heard would be waited for; an end is always noticed.
                os._exit(1)


def _portable(error: Exception) -> Exception:
    """Return an error as it can travel: one that cannot is told in words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _listen(pipe: Connection, tasks: queue.SimpleQueue[Task]) -> None:
    """Take tasks; end the process at once when whoever gave them is gone, killed even."""
    while True:
        try:
            tasks.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)
