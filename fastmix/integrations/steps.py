"""Count the calls of a drop-in, in the main process and in DataLoader's workers."""

from __future__ import annotations

from torch.utils.data import get_worker_info

from fastmix.plan.draw_key import DrawKey


class Steps:
    """Count calls and derive each call's draw key.

    A worker starts from a copy of the main process's count, so that it adds its own seed to the key. DataLoader draws
    that seed from its ``generator=`` for every epoch and worker. Plans therefore differ between workers and epochs, and
    repeat with the generator's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.step = 0

    def next_key(self) -> DrawKey:
        """Return this call's key, and count the call."""
        worker = get_worker_info()
        seed = self.seed if worker is None else (self.seed ^ worker.seed) % 2**64
        key = DrawKey(seed, step=self.step, rank=0 if worker is None else worker.id + 1)
        self.step += 1
        return key
