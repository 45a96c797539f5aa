"""torch's DataLoader over Pillow's resize(box=), normalised in the workers, mixed with torch expressions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.rivals import MEAN, STD, Job
from benchmarks.rivals.crops import PillowCrops
from benchmarks.rivals.naive import mixed
from benchmarks.rivals.workers import torch_loader

LABEL = "torch DataLoader + Pillow + torch mixing"


_MEAN, _STD = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))


def normalized(image: np.ndarray) -> torch.Tensor:
    """What ``ToTensor`` and ``Normalize`` make of a crop: float32 (3, size, size)."""
    return torch.from_numpy(image).float().div_(255).sub_(_MEAN).div_(_STD)


class NormalizedCrops(PillowCrops):
    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        image, label = super().__getitem__(i)
        return normalized(image), label


def batches(job: Job, draft: str = "no") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    loader = torch_loader(NormalizedCrops(job, draft == "yes"), job)
    while True:
        for images, labels in loader:
            yield mixed(images, labels, job)
