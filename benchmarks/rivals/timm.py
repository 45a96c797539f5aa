"""timm's way: uint8 crops of Pillow, mixed in the workers by FastCollateMixup, normalised by PrefetchLoader."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.rivals import ALPHA, MEAN, STD, Job, Unavailable
from benchmarks.rivals.compiled import import_torchvision
from benchmarks.rivals.crops import PillowCrops
from benchmarks.rivals.naive import finished
from benchmarks.rivals.workers import torch_loader

LABEL = "torch DataLoader + Pillow + timm FastCollateMixup"


def batches(job: Job, draft: str = "no") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    import_torchvision()  # timm.data needs it
    try:
        from timm.data import FastCollateMixup
        from timm.data.loader import PrefetchLoader
    except ImportError as error:
        raise Unavailable(f"timm: {error}") from error
    if job.batch_size % 2:
        raise Unavailable("FastCollateMixup: batch size must be even")
    collate = FastCollateMixup(ALPHA, prob=job.share, label_smoothing=0.0, num_classes=job.num_classes)
    loader = torch_loader(PillowCrops(job, draft == "yes"), job, collate)
    device = torch.device("cpu")
    while True:
        for images, targets in PrefetchLoader(loader, MEAN, STD, device=device, img_dtype=job.torch_dtype):
            yield finished(images, job), targets
