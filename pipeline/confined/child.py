"""The process in which a native library reads a foreign file.

It is started once, keeps its imports warm and answers one request after the other. A request is a
pickled ``(function, arguments, bytes of memory, seconds)``; an answer is pickled as well. Each is
preceded by its length. Whatever ends this process ends nothing else.
"""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = 8
"""Bytes of the number in front of every message."""


def write_message(stream: BinaryIO, message: object) -> None:
    """Write one message with its length."""
    body = pickle.dumps(message, protocol=5)
    stream.write(len(body).to_bytes(LENGTH, "little"))
    stream.write(body)
    stream.flush()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the other side closes."""
    # A crash of a reader is an answer, not something to keep gigabytes of.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while len(head := requests.read(LENGTH)) == LENGTH:
        body = requests.read(int.from_bytes(head, "little"))
        function, arguments, memory, seconds = pickle.loads(body)
        _bound(memory)
        # The default action ends the process even inside native code that never returns.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        answer = _answer(function, arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _bound(resource.RLIM_INFINITY)
        write_message(answers, answer)


def _bound(memory: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, hard))


def _answer(function: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """Return ``("value", v)``, or ``("refused"|"memory"|"failed", what happened)``."""
    try:
        return "value", _named(function)(*arguments)
    except TonariError as error:
        return "refused", error
    except MemoryError as error:
        return "memory", str(error)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return "failed", (reason, traceback.format_exc())


def _named(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def main(descriptor: int) -> None:
    """Serve on standard input and the pipe of this descriptor."""
    # Ctrl-C is for the parent, which ends this process itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, os.fdopen(descriptor, "wb"))
