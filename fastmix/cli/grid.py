"""Draws a mixed batch, with the weights of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure

from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD

COLUMNS = 4


def draw_grid(images: torch.Tensor, targets: torch.Tensor, classes: Sequence[str], path: Path, count: int = 12) -> None:
    """Write the first ``count`` images to a PNG.

    Args:
        images: (B, 3, H, W), normalised with ImageNet's mean and standard deviation, any floating dtype or device.
        targets: (B, C) dense targets.
        classes: C names.
        path: the PNG; its folder is made.
        count: how many images at most.
    """
    pixels = to_pixels(images[:count])
    rows = -(-len(pixels) // COLUMNS)
    figure = Figure(figsize=(3 * COLUMNS, 3.3 * rows), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, image, target in zip(axes, pixels, targets[:count].cpu(), strict=False):
        axis.imshow(image.numpy())
        axis.set_title(describe(target, classes), fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def to_pixels(images: torch.Tensor) -> torch.Tensor:
    """Normalised (B, 3, H, W) to float32 (B, H, W, 3) in [0, 1]."""
    mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (images.cpu().float() * std + mean).clamp(0, 1).permute(0, 2, 3, 1)


def describe(target: torch.Tensor, classes: Sequence[str]) -> str:
    """The non-zero entries of a dense target, largest first: ``0.70 cat + 0.30 dog``."""
    order = target.argsort(descending=True)
    return " + ".join(f"{target[c]:.2f} {classes[c]}" for c in order.tolist() if target[c] > 0)
