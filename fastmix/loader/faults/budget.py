"""Bounds the number of bad samples in an epoch: with more, something else is wrong."""

from __future__ import annotations

import math

from fastmix.loader.faults.errors import BadSample, DataError, count_samples

# A share of fewer samples than this means nothing: so many count as asked for from the start.
PROBATION = 1000


class Budget:
    """Counts the bad samples of an epoch, of one rank.

    Args:
        limit: an int is a number per epoch; a float in [0, 1] is a share of the samples asked for so far, at least the
            first 1,000 (or all, in a smaller epoch).
        samples: per epoch.
    """

    def __init__(self, limit: int | float, samples: int) -> None:
        self.limit = limit
        self._probation = min(samples, PROBATION)
        self.reset()

    def reset(self) -> None:
        """Begin an epoch."""
        self.asked = 0
        self.bad: list[BadSample] = []
        self._places: set[int] = set()

    def ask(self, samples: int) -> None:
        """Count samples that are asked for."""
        self.asked += samples

    def spend(self, sample: int, bad: BadSample) -> None:
        """Count a bad sample, once per epoch.

        Raises:
            DataError: there are more than the limit.
        """
        if sample in self._places:
            return
        self._places.add(sample)
        self.bad.append(bad)
        allowed = self.limit
        if isinstance(self.limit, float):
            allowed = math.ceil(self.limit * max(self.asked, self._probation))
        if len(self.bad) > allowed:
            raise DataError(
                self.bad,
                f"expected at most max_bad={self.limit} bad samples in an epoch, got {count_samples(len(self.bad))} "
                f"among the first {self.asked}",
            )
