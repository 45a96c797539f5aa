"""The consumer's position: the epoch, the number of batches handed over, and the iterator that may go on."""

from __future__ import annotations

import numpy as np

from fastmix.loader.order import MAX_EPOCH
from fastmix.loader.sampling import Sampling, UserSampler
from fastmix.loader.sources.source import digest


class Progress:
    """The only state of a loader that outlives an iterator.

    Attributes:
        steps: steps per epoch.
        epoch: the current epoch.
        step: number of its batches that were handed over.
        owner: the iterator that may go on; it has replaced all others.
        drawn: digest of the order that the current iterator got from the user's Sampler, else None.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.epoch = 0
        self.step = 0
        self.owner: object | None = None
        self.drawn: str | None = None
        self._start = 0  # where the next iterator starts
        self._expected: str | None = None  # digest of the order that it has to get, if it starts within an epoch

    def position(self) -> tuple[int, int]:
        """Return (epoch, step) of the next batch: after an epoch's last batch the next epoch's first."""
        return (self.epoch + 1, 0) if self.step == self.steps else (self.epoch, self.step)

    def begin(self, owner: object) -> tuple[int, int]:
        """Return (epoch, step) at which a new iterator starts."""
        self.epoch, _ = self.position()
        self.step, self._start = self._start, 0
        self.owner = owner
        return self.epoch, self.step

    def check(self, order: np.ndarray, kind: Sampling) -> None:
        """Compare the order that an iterator got with the one that the loaded state was taken in.

        Raises:
            ValueError: the user's Sampler did not yield the same indices again.
        """
        self.drawn = digest(order) if isinstance(kind, UserSampler) else None
        expected, self._expected = self._expected, None
        if expected is not None and self.drawn != expected:
            self.owner = None
            raise ValueError(
                "DataLoader: expected the indices that the sampler yielded when the state was taken, got others; its "
                "indices must depend on set_epoch(epoch) alone"
            )

    def finish(self) -> None:
        """Go on to the next epoch if this one was consumed to its end."""
        self.epoch, self.step = self.position()

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of another epoch; nothing changes if it is the current one."""
        if epoch != self.position()[0]:
            self.jump(epoch, 0)

    def jump(self, epoch: int, step: int, drawn: str | None = None) -> None:
        """Make the next iterator start here, and end the current one."""
        if epoch > MAX_EPOCH or step > self.steps:
            raise ValueError(
                f"DataLoader: expected an epoch of at most {MAX_EPOCH} and a step of at most {self.steps}, "
                f"got {epoch} and {step}"
            )
        self.epoch, self.step, self.owner = epoch, step, None
        self.finish()
        self._start = self.step
        self._expected = self.drawn = drawn if self._start else None
