"""Labels and class names that a Dataset shows besides its samples, also behind Subset and ConcatDataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import ConcatDataset, Subset


def all_labels(dataset: Any) -> list[Any] | None:
    """Return the labels of all samples from ``targets`` or ``labels``; None if there are none of this length."""
    if isinstance(dataset, Subset):
        inner = all_labels(dataset.dataset)
        return None if inner is None else [inner[i] for i in dataset.indices]
    if isinstance(dataset, ConcatDataset):
        parts = [all_labels(part) for part in dataset.datasets]
        return None if any(part is None for part in parts) else [label for part in parts for label in part or ()]
    for name in ("targets", "labels"):
        values = getattr(dataset, name, None)
        if values is None or isinstance(values, str) or not hasattr(values, "__len__") or len(values) != len(dataset):
            continue
        # A target transform changes the labels: only those that come with the samples count.
        if getattr(dataset, "target_transform", None) is not None:
            return None
        return values.tolist() if isinstance(values, torch.Tensor | np.ndarray) else list(values)
    return None


def all_names(dataset: Any) -> Sequence[str] | None:
    """Return the names in ``classes``; of a ConcatDataset, if all parts have the same."""
    if isinstance(dataset, Subset):
        return all_names(dataset.dataset)
    if isinstance(dataset, ConcatDataset):
        names = [all_names(part) for part in dataset.datasets]
        if any(other != names[0] for other in names):
            raise ValueError("data: expected the same classes in all parts of a ConcatDataset, got different ones")
        return names[0]
    names = getattr(dataset, "classes", None)
    return tuple(map(str, names)) if isinstance(names, list | tuple) else None
