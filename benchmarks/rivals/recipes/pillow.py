"""torch's DataLoader over the recipe's reference: Pillow images, torchvision's or timm's classes, mixed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from PIL import Image
from torch.utils.data import DataLoader

from benchmarks.rivals import DEPTH, Job
from benchmarks.rivals.recipes.references import mix_of, transform_of

LABEL = "torch DataLoader + Pillow"


class Samples:
    """A map-style Dataset of what the reference makes of a photograph, and labels."""

    def __init__(self, job: Job, recipe: str) -> None:
        self.files = job.endless_files()
        self.transform = transform_of(recipe, job.size)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        path, label = self.files[i]
        with Image.open(path) as image:
            return self.transform(image.convert("RGB")), label


def batches(job: Job, recipe: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    mix = mix_of(recipe, job.num_classes)
    loader = DataLoader(
        Samples(job, recipe),
        job.batch_size,
        shuffle=True,
        num_workers=job.cores,
        drop_last=True,
        persistent_workers=True,
        prefetch_factor=DEPTH,
    )
    while True:
        for images, labels in loader:
            # DINO's loop takes a list of views: nothing is stacked but what the check looks at.
            views = torch.stack(images[:2], 1) if isinstance(images, list) else images
            yield mix(views, labels)
