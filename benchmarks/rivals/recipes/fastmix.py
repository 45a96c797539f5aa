"""fastmix's loader with a recipe; ``plain=yes`` is the same loader with crops, flips and mixing alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.rivals import ALPHA, MEAN, STD, Job

LABEL = "fastmix"


def batches(job: Job, recipe: str, plain: str = "no") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    import fastmix

    options: dict[str, Any] = {"num_classes": job.num_classes, "num_threads": job.cores, "device": "cpu"}
    if recipe == "dino":
        for large, _, labels in _epochs(fastmix, job, recipe=fastmix.recipes.DINO, **options):
            yield large, torch.nn.functional.one_hot(labels, job.num_classes).float()
    chosen = {
        "v2": fastmix.recipes.TORCHVISION_V2,
        "randaugment": fastmix.recipes.TORCHVISION_V2.replace(
            augment=fastmix.augment.Compose(
                [
                    fastmix.augment.RandomResizedCrop(),
                    fastmix.augment.RandomHorizontalFlip(),
                    fastmix.augment.RandAugment(2, 9),
                ]
            ),
            mix=fastmix.Mixup(ALPHA),
            smoothing=0.0,
        ),
        "deit": fastmix.recipes.DEIT,
    }[recipe]
    # Every sample once, as the others.
    options |= {"recipe": chosen, "size": job.size, "repeats": 1, "mean": MEAN, "std": STD}
    if plain == "yes":
        options |= {"augment": None, "interpolation": chosen.augment.policies[0].interpolation}
    yield from _epochs(fastmix, job, **options)


def _epochs(fastmix: Any, job: Job, **options: Any) -> Iterator[tuple]:
    loader = fastmix.DataLoader(job.endless_files(), job.batch_size, **options)
    while True:
        yield from loader
