"""One pass over the data: every step is drafted, run and finished."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from fastmix.loader.batches import Batch, BatchMaker
from fastmix.loader.drafts import Drafter
from fastmix.loader.faults.retries import Retries
from fastmix.loader.graph.dali_queue import DaliQueue
from fastmix.loader.progress import Progress
from fastmix.loader.sources.reader_pool import ReaderPool
from fastmix.loader.stall import Stall
from fastmix.loader.under_way import StepsUnderWay
from fastmix.stats import Stats


@dataclass(frozen=True, eq=False)
class Machinery:
    """What makes batches; it outlives the iterators."""

    drafter: Drafter
    maker: BatchMaker
    retries: Retries
    queue: DaliQueue
    readers: ReaderPool | None
    stall: Stall
    stats: Stats
    depth: int
    busy: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def one_thread(busy: threading.Lock) -> Iterator[None]:
    """Hold the lock, or refuse.

    Raises:
        RuntimeError: another thread holds it, or the interpreter is ending: it imports nothing and starts no threads.
    """
    if sys.is_finalizing():
        raise RuntimeError(
            "DataLoader: expected a running program, got one that is ending; take batches before, or in an atexit "
            "function, not in __del__ of an object that lives until the end"
        )
    if not busy.acquire(blocking=False):
        raise RuntimeError(
            "DataLoader: expected one thread at a time, got two that take batches from one loader; use a loader for "
            "each thread, or one thread that hands the batches on"
        )
    try:
        yield
    finally:
        busy.release()


class EpochIterator:
    """Yields the batches of an epoch that are left, and keeps the next ``depth`` of them under way."""

    def __init__(self, machinery: Machinery, progress: Progress) -> None:
        m = self._machinery = machinery
        self._progress = progress
        self._owner = object()
        self._process = os.getpid()
        self._epoch, self._drafted = progress.begin(self._owner)
        try:
            m.drafter.passes.begin(self._epoch, self._drafted)
        except ValueError:
            progress.owner = None
            raise
        # Not a method of the iterator: without a cycle, its reference to the pipeline ends when it is dropped.
        self._draft = partial(m.drafter.draft, self._epoch, progress.mixing)
        draws_ahead = m.drafter.thread is not None
        self._runs = StepsUnderWay(m.maker, m.queue, m.readers, m.stall, m.stats, m.depth, draws_ahead)
        m.retries.faults.begin()
        m.stats.begin()
        self._finished = False
        self._failed = False

    def __iter__(self) -> EpochIterator:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled or copied: the batches under way are in the pipeline of this process."""
        raise TypeError(
            "DataLoader: expected the loader to pickle or copy, got its iterator; pickle the loader, which goes on "
            "after the last batch, or loader.state_dict()"
        )

    def __len__(self) -> int:
        """Number of batches that are left."""
        return self._progress.steps - self._progress.step

    def __next__(self) -> Batch:
        with one_thread(self._machinery.busy):
            return self._next()

    def _next(self) -> Batch:
        if self._finished:
            raise StopIteration
        if self._process != os.getpid():
            raise RuntimeError(
                "DataLoader: expected the process that made this iterator, got a child that was forked since, which "
                "has none of the batches under way; make a new iterator there"
            )
        if self._progress.owner is not self._owner:
            raise RuntimeError(
                "DataLoader: expected the loader's newest iterator, got an older one: iter(loader), set_epoch or "
                "load_state_dict ended it; use one loader for each loop that runs at the same time"
            )
        if self._failed:
            raise RuntimeError(
                "DataLoader: expected a running iterator, got one that ended with an error; iterate anew"
            )
        if self._progress.step == self._progress.steps:
            self._finished = True
            self._progress.finish()
            self._machinery.stats.finish()
            self._machinery.retries.faults.finish(self._epoch)
            raise StopIteration
        # Holds until the batch is complete: after an interrupt, going on would lose this batch.
        self._failed = True
        batch = self._next_batch()
        self._progress.step += 1
        self._failed = False
        return batch

    def _next_batch(self) -> Batch:
        stats, start = self._machinery.stats, time.perf_counter()
        self._start_ahead()
        step = self._machinery.retries.run(self._runs, self._draft)
        with stats.stage("hand_over"):
            batch = self._machinery.maker.finish(step)
        self._runs.drop_oldest()
        self._start_ahead()
        stats.batches += 1
        stats.images += step.images
        stats.bytes += step.bytes
        stats.wait += time.perf_counter() - start
        return batch

    def _start_ahead(self) -> None:
        """Draft and start as many steps as there is room for."""
        with self._machinery.stats.stage("plan"):
            while self._runs.room and self._drafted < self._progress.steps:
                self._runs.start(self._draft(self._drafted))
                self._drafted += 1
            self._runs.submit()
