"""Adversarial examples: FGSM (Goodfellow et al., 2015) and I-FGSM (Kurakin et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def fgsm(
    model: nn.Module, inputs: Tensor, labels: Tensor, radius: Tensor | float, low: Tensor | float, high: Tensor | float
) -> Tensor:
    """One step along the sign of the loss's gradient; :func:`iterated_fgsm` with one step."""
    return iterated_fgsm(model, inputs, labels, radius, low, high, steps=1)


def iterated_fgsm(
    model: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    radius: Tensor | float,
    low: Tensor | float,
    high: Tensor | float,
    steps: int = 10,
) -> Tensor:
    """Equal steps that sum to the radius, clipped to the range of inputs after each.

    Args:
        model: Attacked in evaluation mode; its gradients are not touched.
        inputs: (B, ...).
        labels: (B,) true class ids: the attack makes their loss larger.
        radius: Of the ball in the maximum norm, in units of the inputs; a tensor broadcasts (one per channel).
        low: Least value of an input, as ``radius``.
        high: Largest.
        steps: The paper takes 10.

    Returns:
        (B, ...), within the ball and the range.
    """
    training = model.training
    model.eval()
    moved = inputs.detach().clone()
    for _ in range(steps):
        moved.requires_grad_(True)
        loss = F.cross_entropy(model(moved), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, moved)
        moved = moved.detach() + gradient.sign() * radius / steps
        moved = torch.minimum(torch.maximum(moved, torch.as_tensor(low).to(moved)), torch.as_tensor(high).to(moved))
    model.train(training)
    return moved
