"""Who may be whose partner: all samples of a class, or the nearest neighbours of every sample, found once."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_CHUNK = 1000


class Candidates(NamedTuple):
    """The possible partners of N samples.

    Attributes:
        rows: int64 (N, K) sample numbers, of which row i has ``counts[i]``; what follows is not looked at.
        counts: int64 (N,), at least 1.
    """

    rows: Tensor
    counts: Tensor

    def draw(self, samples: Tensor, generator: torch.Generator) -> Tensor:
        """One of its candidates for each of the samples (B,), all equally likely."""
        uniform = torch.rand(samples.shape, generator=generator, dtype=torch.float64)
        return self.rows[samples, (uniform * self.counts[samples]).long()]


def nearest(points: Tensor, count: int, labels: Tensor | None = None) -> Candidates:
    """The ``count`` nearest other points of each, by Euclidean distance.

    Args:
        points: (N, D) floats.
        count: In [1, N - 1]; where fewer others are of the point's class, all of them.
        labels: (N,) class ids on the CPU; only points of the same class count. None for all.

    Raises:
        ValueError: ``count`` is out of range, or a class has a single point.
    """
    if not 1 <= count < len(points):
        raise ValueError(f"nearest: expected count in [1, {len(points) - 1}], got {count}")
    if labels is not None and bool((labels.bincount() == 1).any()):
        raise ValueError("nearest: expected at least two points of every class")
    rows, counts = [], []
    for first in range(0, len(points), _CHUNK):
        part = torch.arange(first, min(first + _CHUNK, len(points)))
        distances = torch.cdist(points[part], points)
        distances[torch.arange(len(part)), part] = torch.inf
        if labels is not None:
            distances[(labels[part, None] != labels[None]).to(distances.device)] = torch.inf
        best, index = distances.topk(count, largest=False)
        rows.append(index.cpu())
        counts.append(torch.isfinite(best).sum(1).cpu())
    return Candidates(torch.cat(rows), torch.cat(counts))


def of_same_class(labels: Tensor) -> Candidates:
    """All samples of the class of each, itself included."""
    counts = labels.bincount()
    rows = torch.zeros(len(labels), int(counts.max()), dtype=torch.int64)
    for label in labels.unique().tolist():
        members = (labels == label).nonzero().flatten()
        rows[members, : len(members)] = members
    return Candidates(rows, counts[labels])
