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
    images: Sequence[torch.Tensor],
    targets: Any,
    classes: Sequence[str],
    mean: Sequence[float],
    std: Sequence[float],
    count: int,
) -> Figure:
    """Draw the first ``count`` images, or the views of the first samples, at most so many but those of one sample.

    Args:
        images: one (B, 3, H, W), or (B, V, 3, H, W) for each size of views; normalised, any floating dtype or device.
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
    views = [[view for part in parts for view in part] for parts in zip(*map(_with_views, images), strict=True)]
    shown = len(views[0]) if views else 1
    columns = COLUMNS if shown == 1 else shown
    pixels = [(i, v, view) for i, each in enumerate(views[: max(count // shown, 1)]) for v, view in enumerate(each)]
    rows = max(-(-len(pixels) // columns), 1)
    figure = NotebookFigure(figsize=(3 * columns, 3.3 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, (sample, view, image) in zip(axes, pixels, strict=False):
        axis.imshow(to_pixels(image[None], mean, std)[0].numpy())
        name = describe(weights_of(targets, sample), classes)
        axis.set_title(name if shown == 1 else f"{name} view {view}".strip(), fontsize=9)
    return figure


def _with_views(images: torch.Tensor) -> torch.Tensor:
    """Return (B, V, 3, H, W)."""
    return images if images.dim() == 5 else images[:, None]


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
