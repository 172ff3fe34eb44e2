"""Asking a server over several connections at once, in a process of its own: ``python -m …``.

Reads a JSON document with ``port``, ``paths``, ``connections`` and ``seconds`` from its input and
writes one with what it saw.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any


def ask(port: int, paths: list[str], end: float, start: int, step: int) -> dict[str, Any]:
    """Ask for paths in turn over one connection until the time is over."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seconds, size, wrong = [], 0, 0
    at = start
    while time.perf_counter() < end:
        begun = time.perf_counter()
        connection.request("GET", paths[at % len(paths)])
        answer = connection.getresponse()
        size += len(answer.read())
        seconds.append(time.perf_counter() - begun)
        wrong += answer.status != 200
        at += step
    connection.close()
    return {"seconds": seconds, "bytes": size, "wrong": wrong}


def main() -> None:
    """Run the load that standard input describes."""
    told = json.load(sys.stdin)
    connections, seen = told["connections"], []
    begun = time.perf_counter()
    end = begun + told["seconds"]
    threads = [
        threading.Thread(
            target=lambda start=number: seen.append(
                ask(told["port"], told["paths"], end, start, connections)
            )
        )
        for number in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - begun
    seconds = sorted(second for one in seen for second in one["seconds"])
    result = {
        "answers": len(seconds),
        "rate": len(seconds) / taken,
        "p50": seconds[len(seconds) // 2] * 1000,
        "p99": seconds[int(len(seconds) * 0.99)] * 1000,
        "bytes": sum(one["bytes"] for one in seen),
        "wrong": sum(one["wrong"] for one in seen),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
