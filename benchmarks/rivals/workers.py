"""torch's DataLoader with as many workers as the job has cores, as every rival on it uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils.data import DataLoader

from benchmarks.rivals import DEPTH, Job


def torch_loader(data: Any, job: Job, collate: Callable[[list], Any] | None = None) -> DataLoader:
    """Return the loader of a map-style Dataset; ``collate`` makes a batch of its samples."""
    return DataLoader(
        data,
        job.batch_size,
        shuffle=True,
        num_workers=job.cores,
        collate_fn=collate,
        drop_last=True,
        persistent_workers=True,
        prefetch_factor=DEPTH,
    )
