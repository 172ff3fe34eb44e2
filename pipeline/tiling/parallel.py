"""Work over many shapes, shared among threads."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

T = TypeVar("T")
R = TypeVar("R")


def spread(pool: Executor, threads: int, count: int, task: Callable[[int, int], object]) -> None:
    """Run ``task(first, last)`` over `count` items in one part per thread."""
    parts = min(threads, max(1, count // 1024))
    bounds = [count * k // parts for k in range(parts + 1)]
    futures = [pool.submit(task, a, b) for a, b in pairwise(bounds)]
    for future in futures:
        future.result()


def in_order(
    pool: Executor, task: Callable[[T], R], items: Iterable[T], ahead: int = 2
) -> Iterator[R]:
    """Yield ``task(item)`` for every item in order, at most `ahead` of them waiting or running."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(task, item))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
