"""Orders of the samples in an epoch: pure functions of (seed, epoch), or the user's Sampler."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import torch

from fastmix import _core
from fastmix.loader.sources.source import Source

Shuffle: TypeAlias = Literal["blocks"] | bool

SAMPLERS = ("balanced", "same_class")
# An order by block draws from this many blocks at a time: 256 MiB if each has 8 MiB.
OPEN_BLOCKS = 32
# Some orders need a second permutation, independent of the first.
_OTHER_STREAM = 0x5DEECE66D


class Sampling(ABC):
    """An order of ``count`` samples for every epoch.

    Attributes:
        name: in the loader's state.
        count: samples per epoch.
        revisits: whether a sample may come twice in an epoch.
        spreads: whether every part of an epoch's order is a random part of the data.
    """

    name: str
    count: int
    revisits = False
    spreads = True

    @abstractmethod
    def samples(self, epoch: int) -> np.ndarray:
        """Return int64 (count,): indices in the source, the same on every rank."""


@dataclass(frozen=True)
class InOrder(Sampling):
    """The source's order."""

    count: int
    name = "source"
    spreads = False

    def samples(self, epoch: int) -> np.ndarray:  # noqa: ARG002
        return np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True)
class Shuffled(Sampling):
    """A uniformly random permutation."""

    count: int
    seed: int
    name = "shuffle"

    def samples(self, epoch: int) -> np.ndarray:
        return _core.epoch_order(self.count, self.seed, epoch)


@dataclass(frozen=True, eq=False)
class ByBlock(Sampling):
    """Blocks in random order, and the samples of ``OPEN_BLOCKS`` neighbouring blocks in random order.

    A block's samples come at uniformly random places of a window, which moves on by one block at a time:

        block at place 0   |--------------|
        block at place 1     |--------------|
        block at place 2       |--------------|

    Args:
        starts: int64 (K,), first sample of each block.
    """

    starts: np.ndarray
    count: int
    seed: int
    name = "blocks"
    spreads = False

    def samples(self, epoch: int) -> np.ndarray:
        place = np.empty(len(self.starts), dtype=np.int64)
        place[_core.epoch_order(len(self.starts), self.seed ^ _OTHER_STREAM, epoch)] = np.arange(len(self.starts))
        sizes = np.diff(self.starts, append=self.count)
        within = _core.epoch_order(self.count, self.seed, epoch) * (OPEN_BLOCKS / self.count)
        return np.argsort(np.repeat(place, sizes) + within, kind="stable")


def _by_class(labels: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """Return all samples class by class, within a class in this epoch's random order."""
    shuffled = _core.epoch_order(len(labels), seed, epoch)
    return shuffled[np.argsort(labels[shuffled], kind="stable")]


@dataclass(frozen=True, eq=False)
class Balanced(Sampling):
    """Every class equally often: an epoch has as many samples as the source, so samples of rare classes repeat.

    A class repeats its own random order, so the counts of its samples differ by one at most.
    """

    labels: np.ndarray
    seed: int
    name = "balanced"
    revisits = True

    @property
    def count(self) -> int:
        return len(self.labels)

    def samples(self, epoch: int) -> np.ndarray:
        members = _by_class(self.labels, self.seed, epoch)
        present, sizes = np.unique(self.labels, return_counts=True)
        starts = np.cumsum(sizes) - sizes
        # The classes take turns, and the turns are shuffled over the epoch.
        turn = np.arange(self.count)
        chosen = np.empty(self.count, dtype=np.int64)
        klass, visit = turn % len(present), turn // len(present)
        # If the classes do not divide count, the remainder goes to other classes in every epoch.
        klass = (klass + epoch) % len(present)
        slots = _core.epoch_order(self.count, self.seed ^ _OTHER_STREAM, epoch)
        chosen[slots] = members[starts[klass] + visit % sizes[klass]]
        return chosen


@dataclass(frozen=True, eq=False)
class SameClass(Sampling):
    """Every sample once; neighbours, which are mixed with each other, are of one class.

    A class with an odd number of samples leaves one over. These are paired with each other and come at random places.
    """

    labels: np.ndarray
    seed: int
    name = "same_class"
    spreads = False

    @property
    def count(self) -> int:
        return len(self.labels)

    def samples(self, epoch: int) -> np.ndarray:
        members = _by_class(self.labels, self.seed, epoch)
        _, sizes = np.unique(self.labels, return_counts=True)
        odd = np.zeros(self.count, dtype=bool)
        odd[(np.cumsum(sizes) - 1)[sizes % 2 == 1]] = True
        paired = np.concatenate((members[~odd], np.sort(members[odd])))
        pairs = self.count // 2
        if pairs == 0:
            return paired
        places = _core.epoch_order(pairs, self.seed ^ _OTHER_STREAM, epoch)
        mixed = paired[: 2 * pairs].reshape(pairs, 2)[places].reshape(-1)
        return np.concatenate((mixed, paired[2 * pairs :]))


class UserSampler(Sampling):
    """The user's order: a torch Sampler, or any iterable of indices with a length; ``set_epoch`` is optional.

    It yields the global order, which must be the same on every rank; the loader takes the rank's part.
    """

    name = "sampler"
    revisits = True
    spreads = False

    def __init__(self, sampler: Any, samples: int) -> None:
        if isinstance(sampler, torch.utils.data.DistributedSampler):
            raise ValueError(
                "DataLoader: expected a sampler of all samples, got a DistributedSampler; leave it out: the loader "
                "divides the order among the ranks itself"
            )
        if isinstance(sampler, torch.utils.data.BatchSampler):
            raise TypeError(
                "DataLoader: expected a sampler of samples, got a BatchSampler; pass its .sampler and batch_size="
            )
        if not isinstance(sampler, Iterable) or not hasattr(sampler, "__len__"):
            raise TypeError(
                f"DataLoader: expected sampler to be one of {SAMPLERS} or to have __iter__ and __len__, got "
                f"{type(sampler).__name__}"
            )
        self.sampler = sampler
        self.count = len(sampler)
        self._samples = samples

    def samples(self, epoch: int) -> np.ndarray:
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)
        try:
            order = np.fromiter((int(i) for i in self.sampler), dtype=np.int64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"DataLoader: expected indices from the sampler: {error}") from error
        if len(order) != self.count:
            raise ValueError(
                f"DataLoader: expected {self.count} indices from the sampler, its length, got {len(order)}"
            )
        if len(order) and not 0 <= order.min() <= order.max() < self._samples:
            raise ValueError(
                f"DataLoader: expected indices in [0, {self._samples}) from the sampler, got {order.min()} to "
                f"{order.max()}"
            )
        return order


def choose_sampling(sampler: Any, shuffle: Shuffle, source: Source, labels: np.ndarray | None, seed: int) -> Sampling:
    """Return the order that the loader's arguments name; ``labels`` are the source's, as the batches have them.

    Raises:
        ValueError, TypeError: no such order, or an order by class and labels that are not class ids.
    """
    count = len(source)
    if shuffle == "blocks":
        blocks = source.blocks()
        if blocks is None:
            raise ValueError(
                "DataLoader: expected tar shards or Parquet files of images with shuffle='blocks', got data without "
                "blocks; use shuffle=True"
            )
        return ByBlock(blocks, count, seed)
    if sampler is None:
        return Shuffled(count, seed) if shuffle else InOrder(count)
    if not isinstance(sampler, str):
        return UserSampler(sampler, count)
    if sampler not in SAMPLERS:
        raise ValueError(f"DataLoader: expected sampler to be one of {SAMPLERS} or a torch Sampler, got {sampler!r}")
    if labels is None or labels.ndim != 1:
        raise ValueError(f"DataLoader: expected class ids that are known in advance for sampler={sampler!r}")
    return (Balanced if sampler == "balanced" else SameClass)(labels, seed)
