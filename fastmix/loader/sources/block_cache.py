"""Blocks of a source that are read whole, and held while their samples are wanted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class BlockCache(Generic[T]):
    """The blocks that were used last. Any thread may ask for one.

    Args:
        fetch: reads a block, and returns it and its bytes. Other threads that want the same block wait for it.
        limit: bytes to hold; the latest block stays, whatever its size.
    """

    def __init__(self, fetch: Callable[[int], tuple[T, int]], limit: int) -> None:
        self._fetch = fetch
        self._limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[int, Future[tuple[T, int]]] = OrderedDict()

    def get(self, block: int) -> T:
        """Return a block. A failed read is not held: the next thread that wants the block tries again."""
        with self._lock:
            future = self._held.get(block)
            if mine := future is None:
                future = self._held[block] = Future()
            self._held.move_to_end(block)
        if not mine:
            return future.result()[0]
        try:
            found = self._fetch(block)
        except BaseException as error:
            with self._lock:
                self._held.pop(block, None)
            future.set_exception(error)
            raise
        future.set_result(found)
        self._shrink()
        return found[0]

    def _shrink(self) -> None:
        with self._lock:
            sizes = {block: future.result()[1] for block, future in self._held.items() if future.done()}
            total = sum(sizes.values())
            for block in list(sizes)[:-1]:
                if total <= self._limit:
                    break
                total -= sizes[block]
                del self._held[block]
