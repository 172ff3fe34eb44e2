"""The parent's side: warm child processes, what they may take, and how their end is told."""

from __future__ import annotations

import atexit
import logging
import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO, Any, Literal

from pipeline.confined.child import LENGTH, write_message
from pipeline.errors import TonariError

logger = logging.getLogger(__name__)

Cause = Literal["memory", "time", "crash", "failed"]
MIB = 1 << 20
GRACE = 5.0
"""Seconds after its own alarm that a child gets before it is killed from outside."""
START = "from pipeline.confined.child import main; main({})"
ENVIRONMENT = {
    # One reader reads one file: threads of linear algebra would only take address space.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Limits:
    """What one reading may take.

    Attributes
    ----------
    memory
        Bytes of private data (``RLIMIT_DATA``); Linux holds to it, macOS does not.
    seconds
        Of the clock on the wall.
    """

    memory: int
    seconds: float

    @classmethod
    def for_file(cls, size: int) -> Limits:
        """Return what a file of `size` bytes may take: plenty for it, little for the machine.

        The largest honest need measured is 30 bytes of memory per byte of file (a workbook of
        short cells) and 15 s per 10 MB.
        """
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(min(2048 * MIB + 60 * size, physical * 3 // 4), 120 + 6 * size / MIB)


class Stopped(TonariError):
    """A child process could not do its work.

    Attributes
    ----------
    cause
        It met a bound (``memory``, ``time``), was ended by its library (``crash``) or met
        something nobody foresaw (``failed``).
    """

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause, self.detail = cause, detail


@dataclass
class _Worker:
    """One child process."""

    environment: dict[str, str]
    owner: int = field(default_factory=os.getpid)

    def __post_init__(self) -> None:
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        ours, theirs = os.pipe()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START.format(theirs)],
                stdin=subprocess.PIPE,
                stdout=self.said,
                stderr=self.said,
                pass_fds=(theirs,),
                env=os.environ | ENVIRONMENT | self.environment,
            )
        finally:
            os.close(theirs)
        self.answers = os.fdopen(ours, "rb", buffering=0)

    def ask(self, function: str, arguments: tuple[Any, ...], limits: Limits) -> tuple[str, Any]:
        """Send one request and wait for its answer."""
        assert self.process.stdin is not None
        self.said.seek(0)
        self.said.truncate()
        deadline = time.monotonic() + limits.seconds + GRACE
        try:
            message = (function, arguments, limits.memory, limits.seconds)
            write_message(self.process.stdin, message)  # type: ignore[arg-type]
            head = self._read(LENGTH, deadline)
            body = self._read(int.from_bytes(head, "little"), deadline)
        except BrokenPipeError:
            raise self._ended() from None
        answer: tuple[str, Any] = pickle.loads(body)
        return answer

    def _read(self, length: int, deadline: float) -> bytearray:
        received = bytearray(length)
        view, got = memoryview(received), 0
        with selectors.DefaultSelector() as ready:
            ready.register(self.answers, selectors.EVENT_READ)
            while got < length:
                if not ready.select(max(deadline - time.monotonic(), 0)):
                    raise Stopped("time", "")
                more = self.answers.readinto(view[got:])
                if not more:
                    raise self._ended()
                got += more
        return received

    def _ended(self) -> Stopped:
        """Say why the process is no more, from its signal and what it said last."""
        number = -self.process.wait(GRACE)
        self.said.seek(0)
        last = self.said.read()[-4096:].decode("utf-8", "replace").strip().splitlines()
        said = next(
            (line for line in last if "memory allocation" in line), last[-1] if last else ""
        )
        if number == signal.SIGALRM:
            return Stopped("time", "")
        if "memory allocation" in said or number == signal.SIGKILL:
            return Stopped("memory", said)
        known = number > 0 and signal.Signals(number).name
        return Stopped("crash", f"{known or self.process.returncode} {said}".strip())

    def close(self) -> None:
        """End the process and free what it held."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.answers, self.said):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:
                continue


_idle: dict[str, list[_Worker]] = {}


def confined(
    kind: str,
    function: str,
    arguments: tuple[Any, ...],
    limits: Limits,
    environment: dict[str, str] | None = None,
) -> Any:
    """Call a function in a child process and return what it returns.

    Parameters
    ----------
    kind
        Of process: two kinds never share one, so that libraries which bring the same native code
        twice never meet. One idle process of each kind is kept warm.
    function
        ``module:name``; arguments and result travel as pickles.
    environment
        Variables its libraries read when they are loaded; the same for every call of a kind.

    Raises
    ------
    Stopped
        If it did not return: bounds, crashes and exceptions nobody foresaw.
    TonariError
        Of the function itself, as it raised it.
    """
    worker = _take(kind, environment or {})
    try:
        outcome, value = worker.ask(function, arguments, limits)
    except BaseException:
        worker.close()
        raise
    if outcome == "memory":
        worker.close()
        raise Stopped("memory", value)
    _idle.setdefault(kind, []).append(worker)
    if outcome == "refused":
        refusal: TonariError = value
        raise refusal
    if outcome == "failed":
        reason, trace = value
        logger.debug("%s%r\n%s", function, arguments, trace)
        raise Stopped("failed", reason)
    return value


def _take(kind: str, environment: dict[str, str]) -> _Worker:
    idle = _idle.setdefault(kind, [])
    while idle:
        worker = idle.pop()
        # After a fork the pipes of the parent's worker are not ours to speak through.
        if worker.owner == os.getpid() and worker.process.poll() is None:
            return worker
    return _Worker(environment)


@atexit.register
def close_all() -> None:
    """End every idle child process."""
    for workers in _idle.values():
        while workers:
            worker = workers.pop()
            if worker.owner == os.getpid():
                worker.close()
