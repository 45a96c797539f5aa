"""Threads that read samples ahead where DALI cannot: from shards and Datasets."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastmix.loader.sources.source import Source


@dataclass(eq=False)
class Reading:
    """A batch that is being read.

    Attributes:
        samples: int64 (B,).
        data: per sample what was read; None until then, or if reading failed.
        labels: per sample its label, if the source knows it only now.
        errors: by place in the batch, why a sample could not be read.
        done: set when all samples were read or failed.
    """

    samples: np.ndarray
    skipped: np.ndarray  # bool (B,): these are not read
    data: list[np.ndarray | None] = field(init=False)
    labels: list[Any] = field(init=False)
    errors: dict[int, Exception] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.data = [None] * len(self.samples)
        self.labels = [None] * len(self.samples)
        self._left = int((~self.skipped).sum())
        self._lock = threading.Lock()
        if self._left == 0:
            self.done.set()

    def read(self, source: Source, place: int) -> None:
        """Read the sample at ``place``, in any thread."""
        try:
            self.data[place], self.labels[place] = source.read(int(self.samples[place]))
        except Exception as error:
            self.errors[place] = error
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.done.set()


class ReaderPool:
    """Threads that end with the pool. They are daemons: a read that hangs does not keep the program from ending."""

    def __init__(self, source: Source, threads: int) -> None:
        self._source = source
        self._threads = threads
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._process: int | None = None  # in which the threads were started: a forked child has none

    def start(self, samples: np.ndarray, skipped: np.ndarray) -> Reading:
        """Begin to read a batch without the samples that are ``skipped``, bool (B,)."""
        if self._process != os.getpid():
            self._start_threads()
        reading = Reading(samples, skipped)
        for place in np.flatnonzero(~skipped).tolist():
            self._tasks.put((self._source, reading, place))
        return reading

    def _start_threads(self) -> None:
        self._process = os.getpid()
        self._tasks = queue.SimpleQueue()
        for i in range(self._threads):
            threading.Thread(target=_work, args=(self._tasks,), name=f"fastmix-read-{i}", daemon=True).start()
        weakref.finalize(self, _stop, self._tasks, self._threads)


def _work(tasks: queue.SimpleQueue) -> None:
    while (task := tasks.get()) is not None:
        source, reading, place = task
        reading.read(source, place)
        del task, source, reading  # nothing is kept alive while waiting for more


def _stop(tasks: queue.SimpleQueue, threads: int) -> None:
    for _ in range(threads):
        tasks.put(None)
