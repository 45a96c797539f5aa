"""Draws a batch as the trainer gets it, with its labels and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fastmix.ops.targets import IndexTargets, PairTargets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 4


def draw_grid(
    images: torch.Tensor, targets: Any, classes: Sequence[str], mean: Sequence[float], std: Sequence[float], count: int
) -> Figure:
    """Draw the first ``count`` images.

    Args:
        images: (B, 3, H, W), normalised, any floating dtype or device.
        targets: the batch's targets in any form, or None.
        classes: C names.
        mean: that normalised the images.
        std: likewise.
        count: how many images at most.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from fastmix.loader.figure import NotebookFigure
    except ImportError as error:
        raise ImportError("preview: expected matplotlib; pip install matplotlib") from error
    pixels = to_pixels(images[:count], mean, std)
    rows = max(-(-len(pixels) // COLUMNS), 1)
    figure = NotebookFigure(figsize=(3 * COLUMNS, 3.3 * rows), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for i, (axis, image) in enumerate(zip(axes, pixels, strict=False)):
        axis.imshow(image.numpy())
        axis.set_title(describe(weights_of(targets, i), classes), fontsize=9)
    return figure


def to_pixels(images: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Normalised (B, 3, H, W) to float32 (B, H, W, 3) in [0, 1]."""
    shift, scale = (torch.tensor(values).view(3, 1, 1) for values in (mean, std))
    return (images.cpu().float() * scale + shift).clamp(0, 1).permute(0, 2, 3, 1)


def weights_of(targets: Any, i: int) -> dict[int, float]:
    """Return the weight of each class in a sample's targets; dense rows may have any sum."""
    if targets is None:
        return {}
    if isinstance(targets, PairTargets | IndexTargets):
        partner = targets.partner_labels if isinstance(targets, PairTargets) else targets.labels[targets.partner.long()]
        own = float(targets.weight[i])
        parts = [(targets.labels[i], own), (partner[i], 1.0 - own)]
    else:
        parts = [(targets[i], 1.0)]
    found: dict[int, float] = {}
    for label, weight in parts:
        row = {int(label): 1.0} if label.dim() == 0 else dict(enumerate(label.tolist()))
        for klass, share in row.items():
            found[klass] = found.get(klass, 0.0) + weight * share
    return found


def describe(weights: dict[int, float], classes: Sequence[str]) -> str:
    """Return the weights that are not 0, largest first: ``0.70 cat + 0.30 dog``."""
    order = sorted(weights, key=lambda klass: -weights[klass])
    names = [classes[klass] if 0 <= klass < len(classes) else str(klass) for klass in order]
    return " + ".join(
        f"{np.float32(weights[k]):.2f} {name}" for k, name in zip(order, names, strict=True) if weights[k]
    )
