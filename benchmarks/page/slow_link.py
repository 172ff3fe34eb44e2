"""A poor connection between a browser and a server: latency, and a bandwidth all share.

Chromium's own emulation leaves the requests of workers alone, and tiles are fetched by workers.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUND_TRIP = 0.150
DOWN, UP = 1_600_000 / 8, 750_000 / 8
"""Seconds; bytes a second."""
PIECE = 1_460


@dataclass
class Link:
    """A link in use: where it is reached, its requests, and the bytes of their answers."""

    port: int = 0
    bytes: int = 0
    requests: int = 0


class _Lane:
    """One direction: pieces go one after another, whatever connection they belong to."""

    def __init__(self, rate: float, is_down: bool) -> None:
        self.is_down = is_down
        self._rate = rate
        self._free = 0.0

    def arrival(self, size: int) -> float:
        """Return when a piece sent now arrives, on the clock of the running loop."""
        now = asyncio.get_running_loop().time()
        self._free = max(self._free, now) + size / self._rate
        return self._free + ROUND_TRIP / 2


@contextmanager
def slow_link(port: int) -> Iterator[Link]:
    """Relay to a server on this machine over a slow link."""
    link, ready, done = Link(), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_relay(port, link, ready, done)))
    thread.start()
    ready.wait()
    try:
        yield link
    finally:
        done.set()
        thread.join()


async def _relay(port: int, link: Link, ready: threading.Event, done: threading.Event) -> None:
    up, down = _Lane(UP, is_down=False), _Lane(DOWN, is_down=True)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(ROUND_TRIP)  # SYN and its answer
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            _carry(reader, far_writer, up, link), _carry(far_reader, writer, down, link)
        )

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    ready.set()
    while not done.is_set():
        await asyncio.sleep(0.05)
    server.close()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: _Lane, link: Link
) -> None:
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            when, piece = await on_the_way.get()
            await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))
            if not piece:
                writer.close()
                return
            writer.write(piece)

    delivering = asyncio.ensure_future(deliver())
    try:
        while piece := await reader.read(PIECE):
            if lane.is_down:
                link.bytes += len(piece)
            else:
                link.requests += piece.startswith(b"GET ")
            on_the_way.put_nowait((lane.arrival(len(piece)), piece))
    except ConnectionError:
        pass
    on_the_way.put_nowait((lane.arrival(0), b""))
    await delivering
