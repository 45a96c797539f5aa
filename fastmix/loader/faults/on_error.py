"""Decides which samples are bad, and what follows: the batch fails, shrinks, or gets others in their place."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Literal

import numpy as np

from fastmix.dali import Status
from fastmix.loader.faults.budget import Budget
from fastmix.loader.faults.errors import BadSample, DataError, count_samples, show
from fastmix.loader.faults.fault import Fault, fault_of, read_fault, with_absent
from fastmix.loader.faults.quarantine import Quarantine, file_status
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source
from fastmix.loader.step import Step

OnError = Literal["raise", "skip", "replace"]
ON_ERROR = ("raise", "skip", "replace")

_PURPOSE = 0xBAD
# Candidates for a bad sample's place; if all of them are bad, so is the data set.
_CANDIDATES = 64


class BadSampleWarning(UserWarning):
    """An epoch went on without its bad samples."""


class Faults:
    """The bad samples of a source.

    A verdict is a function of a file and a window. Only verdicts that hold for every window are remembered, so no batch
    depends on what earlier epochs found.
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
        self._absent: dict[str, bool] = {}  # of this epoch, by URL

    def begin(self) -> None:
        """Begin an epoch."""
        self.budget.reset()
        self._absent.clear()
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

    @property
    def bad_samples(self) -> list[BadSample]:
        """The remembered bad samples, and those that are bad in this epoch only."""
        return list(dict.fromkeys([*self.quarantine.known.values(), *self.budget.bad]))

    def known_bad(self, samples: np.ndarray) -> np.ndarray:
        """Return bool (B,): the samples that are not tried."""
        if self.on_error == "raise" or not self.quarantine.known:
            return np.zeros(len(samples), dtype=bool)
        return self.quarantine.bad(samples)

    def replacement(self, sample: int, epoch: int, order: np.ndarray, bad_here: Mapping[int, BadSample]) -> int:
        """Return the sample that comes in a bad one's place: its first candidate that is not bad.

        The candidates are drawn uniformly from the epoch's order, keyed by (seed, epoch, bad sample).

        Raises:
            DataError: all candidates are bad.
        """
        key = np.random.SeedSequence((_PURPOSE, self._seed, epoch, sample))
        candidates = order[(key.generate_state(_CANDIDATES, np.uint64) % np.uint64(len(order))).astype(np.int64)]
        good = np.flatnonzero(~(self.quarantine.bad(candidates) | np.isin(candidates, list(bad_here))))
        if not len(good):
            raise DataError(
                [self._bad_sample(sample, bad_here)], f"found no readable replacement in {_CANDIDATES} candidates"
            )
        return int(candidates[good[0]])

    def examine(self, step: Step) -> dict[int, Fault]:
        """Return the bad samples of a step that has run, without those that were not tried, and their faults."""
        report, samples = step.report, step.draft.samples
        if report is None:
            return {}
        errors = {} if step.reading is None else step.reading.errors
        faults = {}
        for place in np.flatnonzero((report.status != 0) & (step.draft.status == 0)).tolist():
            sample = int(samples[place])
            if place in errors:
                faults[sample] = read_fault(errors[place])
                continue
            fault = fault_of(Status(int(report.status[place])), report.messages.get(place, ""), self._max_pixels)
            faults[sample] = self._unless_changed(sample, fault, int(report.written[place]))
        if self._source.delivers != "path":
            return faults
        return with_absent(faults, {sample: self._source.path(sample) for sample in faults}, self._absent)

    def found(self, faults: dict[int, Fault], samples: np.ndarray, cause: Exception | None) -> dict[int, BadSample]:
        """Return the bad samples of a batch, after remembering those whose faults last.

        Raises:
            DataError: ``on_error="raise"``.
        """
        bad = {sample: BadSample(self._source.path(sample), fault.reason) for sample, fault in faults.items()}
        for sample, fault in faults.items():
            if fault.scope == "file":
                self.quarantine.add(sample, bad[sample])
        if self.on_error == "raise":
            raise DataError([bad[sample] for sample in samples.tolist() if sample in bad]) from cause
        return bad

    def spend(self, samples: np.ndarray, bad_here: Mapping[int, BadSample]) -> None:
        """Charge bad samples to the epoch's budget."""
        for sample in samples.tolist():
            self.budget.spend(sample, self._bad_sample(sample, bad_here))

    def _bad_sample(self, sample: int, bad_here: Mapping[int, BadSample]) -> BadSample:
        return bad_here.get(sample) or self.quarantine.known[sample]

    def _unless_changed(self, sample: int, fault: Fault, written: int) -> Fault:
        """Return the fault, or one that may pass if the file has changed since it was read."""
        path = self._source.path(sample)
        if fault.scope != "file" or self._source.delivers != "path" or is_url(path):
            return fault
        changed = os.path.isfile(path) if written < 0 else file_status(path).written != written
        return Fault("changed while it was read", "moment", retry=True) if changed else fault
