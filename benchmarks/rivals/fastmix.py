"""fastmix's own loader, with its defaults; keyword arguments go to :class:`fastmix.DataLoader`."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.rivals import ALPHA, MEAN, STD, Job

LABEL = "fastmix"


def batches(job: Job, **options: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    import fastmix

    loader = fastmix.DataLoader(
        job.endless_files(),
        job.batch_size,
        job.size,
        mix=fastmix.Mixup(ALPHA, prob=job.share),
        num_classes=job.num_classes,
        dtype=job.torch_dtype,
        memory_format=job.memory_format,
        mean=MEAN,
        std=STD,
        num_threads=job.cores,
        device="cpu",
        on_error="raise",
        **options,
    )
    while True:
        yield from loader
