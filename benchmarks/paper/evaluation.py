"""Errors, losses and calibration of logits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_BINS = 15


def error_percent(logits: Tensor, labels: Tensor) -> float:
    """The share of wrong predictions, in percent; NaN of nothing."""
    return 100.0 * (logits.argmax(1) != labels).float().mean().item()


def calibration_error_percent(logits: Tensor, labels: Tensor) -> float:
    """Expected calibration error in percent: |confidence - accuracy|, averaged over 15 bins of equal width."""
    confidence, predicted = F.softmax(logits.double(), 1).max(1)
    hit = (predicted == labels).double()
    bins = (confidence * _BINS).long().clamp(max=_BINS - 1)
    gaps = torch.zeros(_BINS, dtype=torch.float64).index_add_(0, bins.cpu(), (confidence - hit).cpu())
    return 100.0 * gaps.abs().sum().item() / len(labels)
