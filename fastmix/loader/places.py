"""The places of an epoch: which sample comes at each, and how often it came before."""

from __future__ import annotations

import numpy as np

# Occurrences of replacements count down from the greatest that a key holds. Those of the order count up from 0.
_LAST_OCCURRENCE = 2**32 - 1


class Places:
    """The order of one epoch, the same in every world size. Places beyond its end continue at its beginning.

    Args:
        samples: int64 (N,), the epoch's order.
        revisits: whether a sample may come twice in it; without, counting is skipped.
    """

    def __init__(self, samples: np.ndarray, revisits: bool) -> None:
        self.samples = samples
        counts = np.bincount(samples) if revisits else None
        self._counts = counts if counts is not None and counts.max() > 1 else None
        self._occurrence = None if self._counts is None else _occurrences(samples)

    def part(self, start: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples at consecutive places and how often each came before, int64 (size,) each."""
        rounds, place = np.divmod(np.arange(start, start + size), len(self.samples))
        samples = self.samples[place]
        if self._counts is None or self._occurrence is None:
            return samples, rounds
        return samples, rounds * self._counts[samples] + self._occurrence[place]


def replaced_occurrence(place: int) -> int:
    """Return the occurrence of a sample that replaces a bad one.

    Every place has another, and none of the samples that the order has, so that a replacement is drawn anew. It does
    not depend on which other samples are bad.
    """
    return (_LAST_OCCURRENCE - place) % (_LAST_OCCURRENCE + 1)


def _occurrences(samples: np.ndarray) -> np.ndarray:
    """Return int64 (N,): how often the sample at each place came before."""
    by_sample = np.argsort(samples, kind="stable")
    _, first, counts = np.unique(samples[by_sample], return_index=True, return_counts=True)
    occurrence = np.empty(len(samples), dtype=np.int64)
    occurrence[by_sample] = np.arange(len(samples)) - np.repeat(first, counts)
    return occurrence
