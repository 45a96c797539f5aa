"""Mixing and finishing a batch with torch expressions, as training scripts without a mixing library do."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from benchmarks.rivals import ALPHA, Job


def mixed(images: torch.Tensor, labels: torch.Tensor, job: Job) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixup of a float batch with a permutation of itself, labels as one-hot rows; then the job's type and layout."""
    targets = functional.one_hot(labels.long(), job.num_classes).float()
    if np.random.random() < job.share:
        weight = float(np.random.beta(ALPHA, ALPHA))
        partner = torch.randperm(len(images))
        images = weight * images + (1 - weight) * images[partner]
        targets = weight * targets + (1 - weight) * targets[partner]
    return finished(images, job), targets


def finished(images: torch.Tensor, job: Job) -> torch.Tensor:
    """In the job's dtype and memory format; nothing is copied that has them."""
    return images.to(job.torch_dtype).contiguous(memory_format=job.memory_format)
