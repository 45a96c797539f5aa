"""How many bad samples an epoch may have before something else must be wrong."""

from __future__ import annotations

import math

from fastmix.loader.faults.errors import BadSample, DataError, count_samples

# With fewer samples than this a rate says nothing yet: these many are taken for granted.
PROBATION = 1000


class Budget:
    """Counts the bad samples of an epoch, of one rank.

    Args:
        limit: an int is a number per epoch; a float in [0, 1] a share of the samples that were asked for so far, of
            which the first 1,000 (or all, in a smaller epoch) count as asked for.
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
        """So many samples were asked for."""
        self.asked += samples

    def spend(self, sample: int, bad: BadSample) -> None:
        """A bad one came up; the same sample costs once per epoch.

        Raises:
            DataError: one too many.
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
