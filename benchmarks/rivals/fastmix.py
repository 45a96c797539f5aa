"""fastmix's own loader, with its defaults; keyword arguments go to :class:`fastmix.DataLoader`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.rivals import ALPHA, MEAN, STD, Job

LABEL = "fastmix"
REQUESTS = 64


def batches(job: Job, **options: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    return loaded(job, job.endless_files(), **options)


def loaded(job: Job, data: object, **options: Any) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches of data of any kind."""
    import fastmix

    # A store answers late: many requests have to be under way, and each takes a thread.
    threads = REQUESTS if job.store else job.cores
    loader = fastmix.DataLoader(
        data,
        job.batch_size,
        job.size,
        mix=fastmix.Mixup(ALPHA, prob=job.share),
        num_classes=job.num_classes,
        dtype=job.torch_dtype,
        memory_format=job.memory_format,
        mean=MEAN,
        std=STD,
        num_threads=threads,
        device="cpu",
        on_error="raise",
        **options,
    )
    while True:
        yield from loader
