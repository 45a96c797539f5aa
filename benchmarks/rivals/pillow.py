"""torch's DataLoader over Pillow's resize(box=), normalised in the workers, mixed with torch expressions."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.rivals import MEAN, STD, Job
from benchmarks.rivals.crops import PillowCrops
from benchmarks.rivals.naive import mixed
from benchmarks.rivals.workers import torch_loader

LABEL = "torch DataLoader + Pillow + torch mixing"


class NormalizedCrops(PillowCrops):
    """What ``ToTensor`` and ``Normalize`` make of them: float32 (3, size, size)."""

    mean = torch.tensor(MEAN)[:, None, None]
    std = torch.tensor(STD)[:, None, None]

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        image, label = super().__getitem__(i)
        return torch.from_numpy(image).float().div_(255).sub_(self.mean).div_(self.std), label


def batches(job: Job, draft: str = "no") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    loader = torch_loader(NormalizedCrops(job, draft == "yes"), job)
    while True:
        for images, labels in loader:
            yield mixed(images, labels, job)
