"""The consumer's position: the epoch, the number of batches handed over, and the iterator that may go on."""

from __future__ import annotations

from fastmix.loader.order import MAX_EPOCH


class Progress:
    """The only state of a loader that outlives an iterator.

    Attributes:
        steps: steps per epoch.
        epoch: the current epoch.
        step: number of its batches that were handed over.
        owner: the iterator that may go on; it has replaced all others.
        mixing: whether the next iterator mixes.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.epoch = 0
        self.step = 0
        self.owner: object | None = None
        self.mixing = True
        self._start = 0  # where the next iterator starts

    def position(self) -> tuple[int, int]:
        """Return (epoch, step) of the next batch: after an epoch's last batch the next epoch's first."""
        return (self.epoch + 1, 0) if self.step == self.steps else (self.epoch, self.step)

    @property
    def left_early(self) -> bool:
        """Whether the next iterator starts an epoch again of which batches were taken."""
        return self.owner is not None and self._start == 0 < self.step < self.steps

    def begin(self, owner: object) -> tuple[int, int]:
        """Return (epoch, step) at which a new iterator starts."""
        self.epoch, _ = self.position()
        self.step, self._start = self._start, 0
        self.owner = owner
        return self.epoch, self.step

    def finish(self) -> None:
        """Go on to the next epoch if this one was consumed to its end."""
        self.epoch, self.step = self.position()

    def set_epoch(self, epoch: int) -> bool:
        """Go to the start of another epoch; nothing changes, and the result is False, if it is the current one."""
        if epoch == self.position()[0]:
            return False
        self.jump(epoch, 0)
        return True

    def jump(self, epoch: int, step: int) -> None:
        """Make the next iterator start here, and end the current one."""
        if epoch > MAX_EPOCH or step > self.steps:
            raise ValueError(
                f"DataLoader: expected an epoch of at most {MAX_EPOCH} and a step of at most {self.steps}, "
                f"got {epoch} and {step}"
            )
        self.epoch, self.step, self.owner = epoch, step, None
        self.finish()
        self._start = self.step
