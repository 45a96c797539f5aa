"""Draw partners by distance, by weight or from a second batch, for ``policy.plan(..., partner=...)``.

Partners may repeat, so mix out of place. ``partner=`` also takes your own partners, such as those of k-mixup.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fastmix import _core
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.policies import Mixup

__all__ = ["kernel_partners", "nearest_partners", "other_partners", "weighted_partners"]


def _distances(name: str, points: Tensor) -> Tensor:
    """Return distances float64 (B, B), infinite on the diagonal so that no sample is its own partner."""
    if not isinstance(points, Tensor) or points.dim() == 0:
        raise TypeError(f"{name}: expected a tensor (B, ...), got {type(points).__name__}")
    flat = points.detach().reshape(points.shape[0], -1 if points.numel() else 0).to("cpu", torch.float64)
    if not bool(torch.isfinite(flat).all()):
        raise ValueError(f"{name}: expected finite values, got NaN or infinity")
    distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.fill_diagonal_(math.inf)


def other_partners(batch_size: int, others: int, key: DrawKey = DrawKey()) -> Tensor:
    """Draw one row of a second batch for each sample, each row equally often, for ``mix(..., other=)``.

    Args:
        batch_size: B >= 0.
        others: N, the rows of the other batch. A row is drawn again only after all rows were drawn.
        key: Key of the draw, as for ``Policy.draw``.

    Returns:
        int32 (B,) on the CPU, in [0, others).

    Raises:
        ValueError: ``others`` is 0 but ``batch_size`` is not, or a size is negative.
    """
    if others < 1 and batch_size > 0:
        raise ValueError(f"other_partners: expected others >= 1, got {others}")
    order = Mixup().draw(others, None, key).partner
    return order[torch.arange(batch_size) % max(others, 1)]


def weighted_partners(weights: Tensor, key: DrawKey = DrawKey()) -> Tensor:
    """Draw one partner per sample, with probability proportional to its weight.

    Args:
        weights: (B, B), finite and >= 0. A sample whose row is 0 is its own partner.
        key: Key of the draw, as for ``Policy.draw``.

    Returns:
        int32 (B,) on the CPU.

    Raises:
        ValueError: The shape does not fit, or a weight is negative, NaN or infinite.
    """
    table = torch.as_tensor(weights).detach().to("cpu", torch.float64)
    if table.dim() != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"weighted_partners: expected weights of shape (B, B), got {tuple(table.shape)}")
    return torch.from_numpy(_core.weighted_partners(table.numpy(), key.to_core()))


def nearest_partners(features: Tensor, k: int = 1, key: DrawKey = DrawKey()) -> Tensor:
    """Draw one of each sample's ``k`` nearest other samples, each equally likely (Local Mixup, kNN pairing).

    Args:
        features: (B, ...) finite. Distances are Euclidean, in float64 on the CPU; ties take the lower index.
        k: >= 1; at most B - 1 samples are considered.
        key: Key of the draw, as for ``Policy.draw``.

    Returns:
        int32 (B,) on the CPU; the sample of a batch of one is its own partner.

    Raises:
        TypeError: ``features`` is not a tensor.
        ValueError: A feature is NaN or infinite, or ``k`` < 1.
    """
    if k < 1:
        raise ValueError(f"nearest_partners: expected k >= 1, got {k}")
    distances = _distances("nearest_partners", features)
    nearest = distances.argsort(dim=1, stable=True)[:, :k]
    weights = torch.zeros_like(distances).scatter_(1, nearest, 1.0).fill_diagonal_(0.0)
    return weighted_partners(weights, key)


def kernel_partners(labels: Tensor, bandwidth: float, key: DrawKey = DrawKey()) -> Tensor:
    """Draw partners with probability proportional to ``exp(-d**2 / (2 * bandwidth**2))``.

    ``d`` is the Euclidean distance of the labels. A sample that is far from all others gets the nearest.
    Source: C-Mixup (Yao et al., NeurIPS 2022).

    Args:
        labels: (B, ...) finite, continuous.
        bandwidth: > 0, in the units of the labels.
        key: Key of the draw, as for ``Policy.draw``.

    Returns:
        int32 (B,) on the CPU; the sample of a batch of one is its own partner.

    Raises:
        TypeError: ``labels`` is not a tensor.
        ValueError: A label is NaN or infinite, or ``bandwidth`` is not finite and > 0.
    """
    if not (math.isfinite(bandwidth) and bandwidth > 0):
        raise ValueError(f"kernel_partners: expected a finite bandwidth > 0, got {bandwidth}")
    scaled = _distances("kernel_partners", labels) / bandwidth
    if scaled.shape[0] < 2:
        return torch.zeros(scaled.shape[0], dtype=torch.int32)
    # Divide each row by the weight of its nearest sample. Otherwise a row could underflow to all zeros.
    nearest = scaled.min(dim=1, keepdim=True).values
    weights = torch.exp(-0.5 * (scaled - nearest) * (scaled + nearest))
    return weighted_partners(weights, key)
