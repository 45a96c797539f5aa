"""Threads that make calls in turn and end with their owner."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable


class Threads:
    """Threads, started at the first call. They are daemons: a call that hangs does not keep the program from ending.

    Args:
        name: of the threads, with their number behind it.
        count: number of threads.
    """

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._calls: queue.SimpleQueue = queue.SimpleQueue()
        self._process: int | None = None  # in which the threads were started: a forked child has none

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        """Let a thread call ``function``, which must not raise; returns at once."""
        if self._process != os.getpid():
            self._start()
        self._calls.put((function, arguments))

    def _start(self) -> None:
        self._process = os.getpid()
        self._calls = queue.SimpleQueue()
        for i in range(self._count):
            threading.Thread(target=_work, args=(self._calls,), name=f"{self._name}-{i}", daemon=True).start()
        weakref.finalize(self, _stop, self._calls, self._count)


def _work(calls: queue.SimpleQueue) -> None:
    while (call := calls.get()) is not None:
        function, arguments = call
        function(*arguments)
        del call, function, arguments  # nothing is kept alive while waiting for more


def _stop(calls: queue.SimpleQueue, count: int) -> None:
    for _ in range(count):
        calls.put(None)
