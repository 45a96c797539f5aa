"""Reads the samples of a source, each once, for the judge and for the pack."""

from __future__ import annotations

import os
import threading
from typing import Any, NamedTuple

import numpy as np

from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.source import Source


class Original(NamedTuple):
    """A sample as the source has it.

    Attributes:
        data: uint8 (bytes,) or uint8 (H, W, 3).
        label: a class id or a row of floats; None if there is none.
    """

    data: np.ndarray
    label: Any


class Originals(Source):
    """A source that keeps what was read of its samples until :meth:`take`. Any thread may call its methods.

    Args:
        source: the data.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.delivers = "pixels" if source.delivers == "pixels" else "encoded"
        self.labels = source.labels
        self.classes = source.classes
        self._read: dict[int, Original] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._source)

    def path(self, sample: int) -> str:
        return self._source.path(sample)

    def fingerprint(self) -> str:
        return self._source.fingerprint()

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        """Read a sample, unless it is kept.

        Raises:
            Exception: the source's, if it cannot read the sample.
        """
        with self._lock:
            kept = self._read.get(sample)
        if kept is None:
            kept = self._read_anew(sample)
            with self._lock:
                self._read[sample] = kept
        return kept

    def read_ahead(self, sample: int) -> None:
        """Read a sample; a failure is left to the next :meth:`read`."""
        try:
            self.read(sample)
        except Exception:
            return

    def take(self, sample: int) -> Original:
        """Return a sample, and keep it no longer."""
        self.read(sample)
        with self._lock:
            return self._read.pop(sample)

    def drop(self, sample: int) -> None:
        """Keep a sample no longer."""
        with self._lock:
            self._read.pop(sample, None)

    def _read_anew(self, sample: int) -> Original:
        label: Any = None
        if self._source.delivers == "path":
            data = np.frombuffer(_bytes_at(self._source.path(sample)), np.uint8)
        else:
            data, label = self._source.read(sample)
        if self.labels is not None:
            label = self.labels.values[sample]
        return Original(data, None if self._source.unlabelled else label)


def _bytes_at(path: str) -> bytes:
    if is_url(path):
        system, place = filesystem(path)
        return system.cat_file(place)
    with open(os.fsencode(path), "rb") as file:
        return file.read()
