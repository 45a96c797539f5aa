"""``PathTable``: many paths in two arrays, whatever the longest one is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

_CHUNK = 1 << 14


class PathTable:
    """Paths as bytes, one after the other in one array.

    Raises:
        ValueError: a path is empty or has a zero byte.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        here = os.getcwd()
        absolute = [path if path.startswith("/") or "://" in path else _below(here, path) for path in paths]
        if "\0" in "".join(absolute) or "" in paths:
            bad = next(path for path in paths if not path or "\0" in path)
            raise ValueError(f"data: expected paths that are not empty and have no zero bytes, got {bad!r}")
        encoded = list(map(os.fsencode, absolute))
        self._bytes = np.frombuffer(b"".join(encoded), np.uint8)
        self.lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lengths)])

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, sample: int) -> bytes:
        return self._bytes[self._starts[sample] : self._starts[sample + 1]].tobytes()

    def padded(self, samples: np.ndarray, width: int | None = None) -> np.ndarray:
        """Return uint8 (B, width): paths, padded with zeros or cut; the longest one fits by default."""
        lengths = self.lengths[samples, None]
        places = np.arange(int(lengths.max(initial=0)) if width is None else width)
        inside = places < lengths
        table = np.zeros(inside.shape, np.uint8)
        table[inside] = self._bytes[(self._starts[samples, None] + places)[inside]]
        return table

    def common_start(self) -> int:
        """Return how many bytes all paths begin with."""
        start = int(self.lengths.min(initial=len(self._bytes)))
        for chunk in self._chunks(np.arange(len(self))):
            table = self.padded(chunk, start)
            differs = np.flatnonzero((table != self.padded(np.zeros(1, np.int64), start)).any(axis=0))
            start = int(differs[0]) if len(differs) else start
        return start

    def without_start(self, start: int) -> Iterator[np.ndarray]:
        """Yield uint8 arrays which together are the paths without their first ``start`` bytes."""
        for chunk in self._chunks(np.arange(len(self))):
            first = self._starts[chunk[0]]
            part = self._bytes[first : self._starts[chunk[-1] + 1]]
            keep = np.ones(len(part), bool)
            keep[(self._starts[chunk, None] - first + np.arange(start)).reshape(-1)] = False
            yield part[keep]

    def find(self, paths: Iterable[str]) -> np.ndarray:
        """Return int64: the samples that have one of these paths, ascending."""
        wanted = set(map(os.fsencode, paths))
        candidates = np.flatnonzero(np.isin(self.lengths, list(map(len, wanted))))
        return candidates[np.array([self[sample] in wanted for sample in candidates.tolist()], dtype=bool)]

    @staticmethod
    def _chunks(samples: np.ndarray) -> Iterator[np.ndarray]:
        return (samples[start : start + _CHUNK] for start in range(0, len(samples), _CHUNK))


def _below(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path)) if path else path
