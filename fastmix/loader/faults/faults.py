"""Decides which samples are bad, and what follows: the batch fails, shrinks, or gets others in their place."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from fastmix.loader.faults.budget import Budget
from fastmix.loader.faults.errors import BadSample, DataError, count_samples, show
from fastmix.loader.faults.probe import Fault, Probe
from fastmix.loader.faults.quarantine import Quarantine
from fastmix.loader.graph.outputs import Checks
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source

OnError = Literal["raise", "skip", "replace"]
ON_ERROR = ("raise", "skip", "replace")

_PURPOSE = 0xBAD
# Candidates for a bad sample's place; if all of them are bad, so is the data set.
_CANDIDATES = 64
_JPEG_START = (0xFF, 0xD8)
_JPEG_END = (0xFF, 0xD9)


class BadSampleWarning(UserWarning):
    """An epoch went on without its bad samples."""


class Faults:
    """The bad samples of a source.

    Whether a sample is bad depends on its file, not on the crop: a truncated JPEG is bad even if the crop lies above
    the cut. So the batches do not depend on whether a sample was known to be bad beforehand.
    """

    def __init__(
        self, source: Source, on_error: OnError, quarantine: Quarantine, budget: Budget, max_pixels: int, seed: int
    ) -> None:
        self.on_error = on_error
        self.quarantine = quarantine
        self.budget = budget
        self._source = source
        self._max_pixels = max_pixels
        self._seed = seed
        self._probe: Probe | None = None
        self._cleared: set[int] = set()  # look damaged, but decode

    def begin(self) -> None:
        """Begin an epoch."""
        self.budget.reset()
        self.quarantine.refresh()

    def finish(self, epoch: int) -> None:
        """Report an epoch's bad samples in one warning."""
        if self.on_error == "raise" or not self.budget.bad:
            return
        what = "skipped" if self.on_error == "skip" else "replaced"
        warnings.warn(
            f"DataLoader: in epoch {epoch}, {count_samples(len(self.budget.bad))} that cannot be decoded "
            f"{'was' if len(self.budget.bad) == 1 else 'were'} {what}:\n{show(self.budget.bad)}",
            BadSampleWarning,
            stacklevel=3,
        )

    def known_bad(self, samples: np.ndarray) -> np.ndarray:
        """Return bool (B,): the samples that are not tried."""
        if self.on_error == "raise" or not self.quarantine.known:
            return np.zeros(len(samples), dtype=bool)
        return self.quarantine.bad(samples)

    def replacement(self, sample: int, epoch: int, order: np.ndarray) -> int:
        """Return the sample that comes in a bad one's place: its first candidate that is not known to be bad.

        The candidates are drawn uniformly from the epoch's order, keyed by (seed, epoch, bad sample).

        Raises:
            DataError: all candidates are bad.
        """
        key = np.random.SeedSequence((_PURPOSE, self._seed, epoch, sample))
        candidates = order[(key.generate_state(_CANDIDATES, np.uint64) % np.uint64(len(order))).astype(np.int64)]
        good = np.flatnonzero(~self.quarantine.bad(candidates))
        if not len(good):
            raise DataError(
                [self.quarantine.known[sample]], f"found no readable replacement in {_CANDIDATES} candidates"
            )
        return int(candidates[good[0]])

    def found(self, faults: dict[int, Fault], samples: np.ndarray, cause: Exception | None) -> None:
        """Remember the bad samples of a batch.

        Raises:
            DataError: ``on_error="raise"``.
        """
        bad = {sample: BadSample(self._source.path(sample), fault.reason) for sample, fault in faults.items()}
        for sample, fault in faults.items():
            self.quarantine.add(sample, bad[sample], fault.lasting)
        if self.on_error == "raise":
            raise DataError([bad[sample] for sample in samples.tolist() if sample in bad]) from cause

    def spend(self, bad: np.ndarray) -> None:
        """Charge the known bad samples of a batch to the epoch's budget."""
        for sample in bad.tolist():
            self.budget.spend(sample, self.quarantine.known[sample])

    def remote(self, samples: np.ndarray) -> bool:
        """Whether the pipeline reads one of these from a network, whose failures may pass."""
        return self._source.delivers == "path" and any(is_url(self._source.path(i)) for i in samples.tolist())

    def search(self, samples: np.ndarray) -> dict[int, Fault]:
        """Find the bad samples of a batch that failed, by reading and decoding each."""
        return self._probed(samples)

    def examine(self, samples: np.ndarray, checks: Checks | None) -> dict[int, Fault]:
        """Find the bad samples of a batch that did not fail: the graph's checks say which to decode whole."""
        if checks is None:
            return {}
        cut = (checks.first == _JPEG_START).all(axis=1) & (checks.last != _JPEG_END).any(axis=1)
        suspect = cut | (checks.shape[:, 0] * checks.shape[:, 1] > self._max_pixels)
        if not suspect.any():
            return {}
        unknown = np.array([sample for sample in samples[suspect].tolist() if sample not in self._cleared], np.int64)
        if not len(unknown):
            return {}
        faults = self._probed(unknown)
        self._cleared.update(set(unknown.tolist()) - set(faults))
        return faults

    def _probed(self, samples: np.ndarray) -> dict[int, Fault]:
        if self._probe is None:
            self._probe = Probe(self._source, self._max_pixels)
        return self._probe.faults(samples)
