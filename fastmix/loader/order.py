"""Divides an epoch's order into global batches, and those into the ranks' parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from fastmix.loader.places import Places
from fastmix.loader.repeated import repeated
from fastmix.loader.sampling import InOrder, Sampling, Shuffled

LastBatch = Literal["drop", "partial", "pad"]

LAST_BATCH = ("drop", "partial", "pad")
# Limits of the native order: 32-bit counts, signed 64-bit seeds (as DALI's), 32-bit epochs.
MAX_SAMPLES = 2**32 - 1
MAX_SEED = 2**63 - 1
MAX_EPOCH = 2**32 - 1


class Part(NamedTuple):
    """A rank's part of one global batch."""

    start: int  # place of its first sample in the epoch's order
    size: int  # number of samples
    offset: int  # place of its first sample in the global batch
    padding: int = 0  # how many of its last samples only fill up the batch


@dataclass(frozen=True)
class Order:
    """The order of an epoch and its division into steps and ranks.

    A global batch is ``batch_size * world_size`` consecutive samples of the epoch's order; rank ``r`` takes
    ``[r * batch_size, (r + 1) * batch_size)`` of it. So the global batches depend on the product of world size and
    ``batch_size`` alone. The state is (epoch, step): nothing is replayed to get there.

    Every rank has the same number of steps. ``last_batch`` says what happens to the remainder of an epoch. ``"drop"``
    drops it. ``"partial"`` shares it out evenly, in neighbouring pairs if ``batch_size`` is even, so that partners stay
    together; with fewer pairs than ranks some parts are empty. ``"pad"`` appends samples from the beginning of the
    epoch's order.

    Args:
        count: N, number of samples per epoch, at least 1.
        batch_size: samples per rank and step, at least 1.
        seed: in [0, 2**63).
        shuffle: a uniformly random order in each epoch, or the source's order.
        last_batch: "drop", "partial" or "pad".
        rank: in [0, world_size).
        world_size: at least 1.
        sampling: another order of ``count`` samples; ``shuffle`` is then unused.
        repeats: how often each sample comes in a row, so that an epoch has 1/repeats of the samples.

    Raises:
        ValueError: an argument is out of range, or ``"drop"`` leaves no step.
    """

    count: int
    batch_size: int
    seed: int = 0
    shuffle: bool = True
    last_batch: LastBatch = "drop"
    rank: int = 0
    world_size: int = 1
    sampling: Sampling | None = None
    repeats: int = 1

    def __post_init__(self) -> None:
        limits = {
            "count": (1, MAX_SAMPLES),
            "batch_size": (1, 2**31 - 1),
            "seed": (0, MAX_SEED),
            "world_size": (1, 2**31 - 1),
            "rank": (0, self.world_size - 1),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"DataLoader: expected {name} in [{low}, {high}], got {value}")
        if self.last_batch not in LAST_BATCH:
            raise ValueError(f"DataLoader: expected last_batch to be one of {LAST_BATCH}, got {self.last_batch!r}")
        if self.steps == 0:
            raise ValueError(
                f"DataLoader: expected at least batch_size * world_size = {self.global_batch} samples with "
                f"last_batch='drop', got {self.count}; use a smaller batch_size or last_batch='partial' or 'pad'"
            )

    @property
    def global_batch(self) -> int:
        """Samples per step over all ranks."""
        return self.batch_size * self.world_size

    @property
    def steps(self) -> int:
        """Steps per epoch, the same on every rank."""
        extra = 0 if self.last_batch == "drop" else self.global_batch - 1
        return (self.count + extra) // self.global_batch

    @cached_property
    def _last_sizes(self) -> set[int]:
        """Return the sizes of the ranks' parts of the last step."""
        return {replace(self, rank=rank).part(self.steps - 1).size for rank in range(self.world_size)}

    @property
    def has_empty_parts(self) -> bool:
        """Whether a rank's part of the last step has no samples."""
        return self.last_batch == "partial" and 0 in self._last_sizes

    @property
    def is_uneven(self) -> bool:
        """Whether the ranks' parts of the last step differ in size."""
        return self.last_batch == "partial" and len(self._last_sizes) > 1

    @cached_property
    def kind(self) -> Sampling:
        """The order itself."""
        if self.sampling is not None:
            return self.sampling
        return Shuffled(self.count, self.seed) if self.shuffle else InOrder(self.count)

    def samples(self, epoch: int) -> np.ndarray:
        """Return int64 (N,): the epoch's order, the same on every rank."""
        samples = self.kind.samples(epoch)
        return samples if self.repeats == 1 else repeated(samples, self.repeats, self.global_batch)

    def places(self, epoch: int) -> Places:
        """Return the epoch's order with the occurrences of its samples."""
        return Places(self.samples(epoch), self.kind.revisits or self.repeats > 1)

    def part(self, step: int) -> Part:
        """Return this rank's part of a step; places beyond the order's end continue at its beginning."""
        start = step * self.global_batch
        size = min(self.global_batch, self.count - start)
        if size == self.global_batch:
            offset = self.rank * self.batch_size
            return Part(start + offset, self.batch_size, offset)
        if self.last_batch == "pad":
            offset = self.rank * self.batch_size
            own = min(max(size - offset, 0), self.batch_size)
            return Part(start + offset, self.batch_size, offset, self.batch_size - own)
        # batch_size is a multiple of the unit, so no share is larger than batch_size.
        unit = 2 if self.batch_size % 2 == 0 else 1
        units = -(-size // unit)
        low, high = (min(size, unit * (units * r // self.world_size)) for r in (self.rank, self.rank + 1))
        return Part(start + low, high - low, low)
