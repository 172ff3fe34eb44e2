"""Starting the server: granian's workers under the WSGI application."""

from __future__ import annotations

import logging
import os
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from tiles_server.app import create_app
from tiles_server.errors import StartError
from tiles_server.files import MOST_STREAMS
from tiles_server.language import say

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication

    from tiles_server.interfaces import TransitMaker

THREADS = MOST_STREAMS + 32
"""Threads of a process: one for every download that may be under way, and some for all else.

They are started when needed. A few threads would be as fast, but a few slow clients could then
keep everybody else out.
"""

GRACE_SECONDS = 10
"""How long a worker may finish its answers after being told to stop."""


def serve(
    data: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int | None = None,
    public_url: str | None = None,
    behind_proxy: bool = False,
    transit: TransitMaker | None = None,
    staff: Path | None = None,
    quiet: bool = False,
) -> None:
    """Serve the current release of `data` until told to stop (Ctrl-C or SIGTERM).

    Parameters
    ----------
    data
        The folder that holds ``releases/``.
    host, port
        Where to listen.
    workers
        Processes; by default one per processor, at most four.
    public_url, behind_proxy, transit, staff
        See :func:`tiles_server.app.create_app`.
    quiet
        Do not print the line with the address.

    Raises
    ------
    StartError
        If the address is in use or cannot be listened on, or `public_url` is none.
    """
    load = partial(_load, data.resolve(), public_url, behind_proxy, transit, staff)
    load()  # what is wrong with the settings is said here, once, not by every worker
    port = _free(host, port)
    count = workers or min(4, os.cpu_count() or 1)
    server = Granian(
        "tiles_server",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=count,
        blocking_threads=THREADS,
        backlog=2048,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        log_level=LogLevels.warning,
    )
    logging.getLogger("_granian").addFilter(_is_news)
    if not quiet:
        print(f"Tonari: {public_url or _address(host, port)}", flush=True)
        if not (data / "releases" / "current").exists():
            print(say("nothing_yet", "ja"), say("nothing_yet", "en"), sep="\n", file=sys.stderr)
    server.serve(target_loader=load, wrap_loader=False)


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out granian's warning about the number of threads, which is intended."""
    return not record.getMessage().startswith("Configuration allows spawning")


def _load(
    data: Path,
    public_url: str | None,
    behind_proxy: bool,
    transit: TransitMaker | None,
    staff: Path | None,
) -> WSGIApplication:
    return create_app(
        data / "releases",
        public_url=public_url,
        behind_proxy=behind_proxy,
        transit=transit,
        staff=staff,
    )


def _free(host: str, port: int) -> int:
    """Return `port`, or a free one for 0; fail here if it is taken, for the workers would not.

    They listen with SO_REUSEPORT and would silently share the port with another server.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            words = {"host": host, "port": port, "reason": error.strerror or error}
            both = "\n".join(say("port_busy", tongue, **words) for tongue in ("ja", "en"))
            raise StartError(both) from error
        return int(probe.getsockname()[1])


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
