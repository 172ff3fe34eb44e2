"""Start the real server on a free port and stop it again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

ROOT = Path(__file__).parents[2]
PROGRAM = "import json, sys; from functools import partial; from pathlib import Path; "
PROGRAM += "from tiles_server.run import serve; from tonari.transit import Transit; "
PROGRAM += "data = Path(sys.argv[1]).resolve(); "
PROGRAM += "options = json.loads(sys.argv[2]); "
PROGRAM += "options |= {k: Path(v) for k, v in options.items() if k == 'staff'}; "
PROGRAM += "serve(data, transit=partial(Transit, data), **options)"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server: its address, its process and the lines it printed."""

    def __init__(self, process: subprocess.Popen, address: str, log: IO[str]) -> None:
        self.process = process
        self.address = address
        self.log = log

    def stop(self) -> tuple[int, str, str]:
        """Ask it to stop and return exit status, output and error output."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out, self.errors()

    def errors(self) -> str:
        """Return what it has written to its error output."""
        self.log.seek(0)
        return self.log.read()


@contextmanager
def serving(data: Path, **options: object) -> Iterator[Server]:
    """Serve `data` with two workers unless told otherwise; wait until it answers."""
    port = free_port()
    settings = {"port": port, "workers": 2} | options
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        # A file, not a pipe: a pipe nobody reads would stop the server once it is full.
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(data), json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        server = Server(process, f"http://127.0.0.1:{port}", log)
        try:
            wait_until_up(server)
            yield server
        finally:
            if process.poll() is None:
                server.stop()
            else:
                process.stdout.close()
            assert "Traceback" not in server.errors(), server.errors()[-3000:]


def wait_until_up(server: Server, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended: {server.errors()}")
        try:
            httpx.get(server.address + "/healthz", timeout=60)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer in time")
