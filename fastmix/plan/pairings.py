"""Partners chosen by likeness, for ``policy.plan(..., partner=...)``. They may repeat: mix out of place.

Partners from elsewhere go the same way: the permutation of an optimal-transport assignment (k-mixup), say.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fastmix import _core
from fastmix.plan.draw_key import draw_key
from fastmix.plan.policies import Mixup

__all__ = ["kernel_partners", "nearest_partners", "other_partners", "weighted_partners"]


def _distances(name: str, points: Tensor) -> Tensor:
    """float64 (B, B), infinite on the diagonal: nobody is its own partner."""
    if not isinstance(points, Tensor) or points.dim() == 0:
        raise TypeError(f"{name}: expected a tensor (B, ...), got {type(points).__name__}")
    flat = points.detach().reshape(points.shape[0], -1 if points.numel() else 0).to("cpu", torch.float64)
    if not bool(torch.isfinite(flat).all()):
        raise ValueError(f"{name}: expected finite values, got NaN or infinity")
    distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.fill_diagonal_(math.inf)


def other_partners(
    batch_size: int, others: int, *, seed: int = 0, epoch: int = 0, step: int = 0, rank: int = 0, offset: int = 0
) -> Tensor:
    """Rows of a second batch, for ``plan.with_partner`` and ``mix(..., other=)``: in random order, equally often.

    Args:
        batch_size: B >= 0.
        others: How many rows the other batch has; none of them comes up twice before all have come up once.
        seed: As for ``Policy.plan``.
        epoch: As for ``Policy.plan``.
        step: As for ``Policy.plan``.
        rank: As for ``Policy.plan``.
        offset: As for ``Policy.plan``.

    Returns:
        int32 (B,) on the CPU, in [0, others).

    Raises:
        ValueError: No rows to choose from, or a negative size.
    """
    if others < 1 and batch_size > 0:
        raise ValueError(f"other_partners: expected an other batch with samples, got {others}")
    order = Mixup().plan(others, seed=seed, epoch=epoch, step=step, rank=rank, offset=offset).partner
    return order[torch.arange(batch_size) % max(others, 1)]


def weighted_partners(
    weights: Tensor, *, seed: int = 0, epoch: int = 0, step: int = 0, rank: int = 0, offset: int = 0
) -> Tensor:
    """One partner per sample, with probability proportional to its weight.

    Args:
        weights: (B, B), finite and >= 0; a sample whose row is 0 is its own partner.
        seed: As for ``Policy.plan``.
        epoch: As for ``Policy.plan``.
        step: As for ``Policy.plan``.
        rank: As for ``Policy.plan``.
        offset: As for ``Policy.plan``.

    Returns:
        int32 (B,) on the CPU.

    Raises:
        ValueError: Another shape, a negative weight, NaN or infinity.
    """
    key = draw_key(seed, epoch, step, rank, offset)
    table = torch.as_tensor(weights).detach().to("cpu", torch.float64)
    if table.dim() != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"weighted_partners: expected weights of shape (B, B), got {tuple(table.shape)}")
    return torch.from_numpy(_core.weighted_partners(table.numpy(), *key))


def nearest_partners(
    features: Tensor, k: int = 1, *, seed: int = 0, epoch: int = 0, step: int = 0, rank: int = 0, offset: int = 0
) -> Tensor:
    """One of the ``k`` nearest other samples, each equally likely (Local Mixup, kNN pairing).

    Args:
        features: (B, ...) finite; distances are Euclidean, in float64 on the CPU. Equally near ones: the first.
        k: >= 1; at most B - 1 of them are asked.
        seed: As for ``Policy.plan``.
        epoch: As for ``Policy.plan``.
        step: As for ``Policy.plan``.
        rank: As for ``Policy.plan``.
        offset: As for ``Policy.plan``.

    Returns:
        int32 (B,) on the CPU; a sample alone in its batch is its own partner.

    Raises:
        TypeError: ``features`` is no tensor.
        ValueError: NaN or infinity, ``k`` < 1.
    """
    if k < 1:
        raise ValueError(f"nearest_partners: expected k >= 1, got {k}")
    distances = _distances("nearest_partners", features)
    nearest = distances.argsort(dim=1, stable=True)[:, :k]
    weights = torch.zeros_like(distances).scatter_(1, nearest, 1.0).fill_diagonal_(0.0)
    return weighted_partners(weights, seed=seed, epoch=epoch, step=step, rank=rank, offset=offset)


def kernel_partners(
    targets: Tensor,
    bandwidth: float,
    *,
    seed: int = 0,
    epoch: int = 0,
    step: int = 0,
    rank: int = 0,
    offset: int = 0,
) -> Tensor:
    """C-Mixup (Yao et al., NeurIPS 2022): partners with probability ``exp(-d**2 / (2 * bandwidth**2))``.

    ``d`` is the Euclidean distance of the targets. A sample far from all others takes the nearest.

    Args:
        targets: (B, ...) finite, the continuous labels.
        bandwidth: > 0, in the units of the targets.
        seed: As for ``Policy.plan``.
        epoch: As for ``Policy.plan``.
        step: As for ``Policy.plan``.
        rank: As for ``Policy.plan``.
        offset: As for ``Policy.plan``.

    Returns:
        int32 (B,) on the CPU; a sample alone in its batch is its own partner.

    Raises:
        TypeError: ``targets`` is no tensor.
        ValueError: NaN or infinity, ``bandwidth`` not finite and > 0.
    """
    if not (math.isfinite(bandwidth) and bandwidth > 0):
        raise ValueError(f"kernel_partners: expected a finite bandwidth > 0, got {bandwidth}")
    scaled = _distances("kernel_partners", targets) / bandwidth
    if scaled.shape[0] < 2:
        return torch.zeros(scaled.shape[0], dtype=torch.int32)
    # Relative to the nearest, so that no row underflows to zeros.
    nearest = scaled.min(dim=1, keepdim=True).values
    weights = torch.exp(-0.5 * (scaled - nearest) * (scaled + nearest))
    return weighted_partners(weights, seed=seed, epoch=epoch, step=step, rank=rank, offset=offset)
