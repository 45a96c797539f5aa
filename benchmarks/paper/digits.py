"""scikit-learn's bundled handwritten digits: tensors, JPEG folders, and batches of CIFAR's files made of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from benchmarks.paper.seeding import generator

CLASSES = 10
_SPLIT, _LABEL_NOISE = 11, 12
JPEG_QUALITY = 95


class Split(NamedTuple):
    """Training and test data: inputs (N, ...) and class ids (N,)."""

    inputs: Tensor
    labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor

    def to(self, device: torch.device) -> Split:
        """The same on another device."""
        return Split(*(part.to(device) for part in self))


def split(seed: int, count: int = 1024) -> Split:
    """A random split of the 1,797 digits: ``count`` to train, the rest to test; float32 (N, 1, 8, 8) in [0, 1]."""
    bundle = load_digits()
    images = torch.from_numpy(bundle.images).to(torch.float32).div(16.0).unsqueeze(1)
    labels = torch.from_numpy(bundle.target).to(torch.int64)
    order = torch.randperm(len(labels), generator=generator(seed, _SPLIT))
    train, test = order[:count], order[count:]
    return Split(images[train], labels[train], images[test], labels[test])


def corrupted(labels: Tensor, share: float, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Replace a share of the labels by uniformly random ones, which may be the true ones.

    Returns:
        ``(labels, replaced)``, class ids (N,) and bool (N,).
    """
    draw = generator(seed, _LABEL_NOISE)
    replaced = torch.zeros(len(labels), dtype=torch.bool)
    replaced[torch.randperm(len(labels), generator=draw)[: round(share * len(labels))]] = True
    random = torch.randint(0, classes, labels.shape, generator=draw)
    return torch.where(replaced, random, labels), replaced


def pixels(images: Tensor, size: int) -> Tensor:
    """(N, 1, 8, 8) in [0, 1] to uint8 (N, size, size, 3), every pixel a block; ``size`` is a multiple of 8."""
    levels = images.mul(255).round().to(torch.uint8)
    blocks = levels.repeat_interleave(size // 8, 2).repeat_interleave(size // 8, 3)
    return blocks.permute(0, 2, 3, 1).expand(-1, -1, -1, 3).contiguous()


def write_jpegs(folder: Path, seed: int, count: int, test_count: int, size: int = 32) -> Path:
    """Write ``train`` and ``val`` class folders of JPEGs, as ImageNet's are laid out."""
    from PIL import Image

    data = split(seed, count)
    for part, images, labels in (
        ("train", data.inputs, data.labels),
        ("val", data.test_inputs[:test_count], data.test_labels[:test_count]),
    ):
        for i, (image, label) in enumerate(zip(pixels(images, size), labels.tolist(), strict=True)):
            path = folder / part / f"digit{label}" / f"{i:05d}.JPEG"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(image)).save(path, quality=JPEG_QUALITY)
    return folder
