"""torch's DataLoader over the recipe's reference: Pillow images, torchvision's or timm's classes, mixed at the end."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.rivals import Job
from benchmarks.rivals.recipes.references import Photographs, mix_of, transform_of
from benchmarks.rivals.workers import torch_loader

LABEL = "torch DataLoader + Pillow"


def batches(job: Job, recipe: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    mix = mix_of(recipe, job.num_classes)
    loader = torch_loader(Photographs(job, transform_of(recipe, job.size)), job)
    while True:
        for images, labels in loader:
            # DINO's loop takes a list of views: nothing is stacked but what the check looks at.
            views = torch.stack(images[:2], 1) if isinstance(images, list) else images
            yield mix(views, labels)
