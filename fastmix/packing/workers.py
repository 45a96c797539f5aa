"""Calls in threads, whose results come in order, a bounded number ahead."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Results that wait while the first one is late, per thread.
_AHEAD = 4


class Workers:
    """A pool of threads.

    Args:
        threads: how many.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, "fastmix-pack")

    def in_order(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield ``function(item)`` of every item, in order; exceptions too come in order."""
        running: deque[Future[R]] = deque()
        for item in items:
            running.append(self._pool.submit(function, item))
            if len(running) > _AHEAD * self.threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

    def stop(self) -> None:
        """End the threads; calls that have not begun are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def workers(threads: int) -> Iterator[Workers]:
    """Start threads, and end them in every case."""
    pool = Workers(threads)
    try:
        yield pool
    finally:
        pool.stop()
