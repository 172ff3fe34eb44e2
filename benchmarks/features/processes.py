"""Starting servers and waiting for them."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PATIENCE = 60


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    words: Sequence[str], port: int, path: str, variables: Mapping[str, str]
) -> Iterator[int]:
    """Run a server until it answers 200 at `path`; give its process number, stop it at the end."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            list(words), stdout=log, stderr=log, env=os.environ | dict(variables)
        )
        try:
            end = time.monotonic() + PATIENCE
            while not _answers(port, path):
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise RuntimeError(f"{words[0]} does not answer: {log.read()[-1500:]}")
                time.sleep(0.2)
            yield process.pid
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
