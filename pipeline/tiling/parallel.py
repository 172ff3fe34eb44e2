"""Work over many shapes, shared among threads."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor


def spread(pool: Executor, threads: int, count: int, task: Callable[[int, int], object]) -> None:
    """Run ``task(first, last)`` over `count` items in one part per thread."""
    parts = min(threads, max(1, count // 1024))
    bounds = [count * k // parts for k in range(parts + 1)]
    futures = [pool.submit(task, a, b) for a, b in pairwise(bounds)]
    for future in futures:
        future.result()
