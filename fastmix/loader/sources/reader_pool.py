"""Threads that read samples ahead where DALI cannot: from remote shards and Datasets."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastmix.loader.sources.source import Source
from fastmix.loader.threads import Threads


@dataclass(eq=False)
class Reading:
    """A batch that is being read.

    Attributes:
        samples: int64 (B,).
        data: per sample what was read; None until then, or if reading failed.
        labels: per sample its label, if the source knows it only now.
        errors: by place in the batch, why a sample could not be read.
        ending: what the data set raised to end the program (SystemExit, KeyboardInterrupt), for the consumer's thread.
        done: set when all samples were read or failed, or one ends the program.
    """

    samples: np.ndarray
    skipped: np.ndarray  # bool (B,): these are not read
    data: list[np.ndarray | None] = field(init=False)
    labels: list[Any] = field(init=False)
    errors: dict[int, Exception] = field(default_factory=dict)
    ending: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.data = [None] * len(self.samples)
        self.labels = [None] * len(self.samples)
        self._left = int((~self.skipped).sum())
        self._lock = threading.Lock()
        if self._left == 0:
            self.done.set()

    @property
    def complete(self) -> bool:
        """Whether all samples were read or failed."""
        return self.done.is_set() and self.ending is None

    def read(self, source: Source, place: int) -> None:
        """Read the sample at ``place``, in any thread."""
        try:
            self.data[place], self.labels[place] = source.read(int(self.samples[place]))
        except Exception as error:
            self.errors[place] = error
        except BaseException as error:
            self.ending = error
            self.done.set()
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.done.set()


class ReaderPool:
    """Reads the samples of a source in threads."""

    def __init__(self, source: Source, threads: int) -> None:
        self._source = source
        self._threads = Threads("fastmix-read", threads)

    def start(self, samples: np.ndarray, skipped: np.ndarray) -> Reading:
        """Begin to read a batch without the samples that are ``skipped``, bool (B,)."""
        reading = Reading(samples, skipped)
        for place in np.flatnonzero(~skipped).tolist():
            self._threads.call(reading.read, self._source, place)
        return reading
