"""Start the real server on a free port and stop it again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAM = "import json, sys; from pathlib import Path; from tiles_server.run import serve; "
PROGRAM += "serve(Path(sys.argv[1]), **json.loads(sys.argv[2]))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server: its address, its process and the lines it printed."""

    def __init__(self, process: subprocess.Popen, address: str) -> None:
        self.process = process
        self.address = address

    def stop(self) -> tuple[int, str, str]:
        """Ask it to stop and return exit status, output and error output."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def serving(data: Path, **options: object) -> Iterator[Server]:
    """Serve `data` with two workers unless told otherwise; wait until it answers."""
    import json

    port = free_port()
    settings = {"port": port, "workers": 2} | options
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data), json.dumps(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    server = Server(process, f"http://127.0.0.1:{port}")
    try:
        wait_until_up(server)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def wait_until_up(server: Server, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended: {server.process.communicate()}")
        try:
            httpx.get(server.address + "/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer in time")
