"""Where a drop-in is in its sequence of plans, in the main process and in DataLoader's workers."""

from __future__ import annotations

from typing import Any

from torch.utils.data import get_worker_info


class Steps:
    """Counts calls. A worker starts from a copy of the main process's count, so it adds its own seed to the key.

    DataLoader draws that seed anew for every epoch and worker, from its ``generator=``: plans differ between workers
    and epochs, and repeat when the generator is seeded alike.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.step = 0

    def next_key(self) -> dict[str, Any]:
        """The key of this call, as keywords of ``Policy.plan``."""
        worker = get_worker_info()
        seed = self.seed if worker is None else (self.seed ^ worker.seed) % 2**64
        key = {"seed": seed, "step": self.step, "rank": 0 if worker is None else worker.id + 1}
        self.step += 1
        return key
