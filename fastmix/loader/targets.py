"""Targets from labels and a plan: dense, as a pair of labels, or as labels and who is mixed with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix.ops.targets import Targets, make_targets
from fastmix.plan.mix_plan import MixPlan

# What torch's losses ignore unless told otherwise: the class id of a sample that only fills up a batch.
IGNORED = -100


@dataclass(frozen=True, eq=False)
class TargetMaker:
    """Makes a batch's targets.

    Attributes:
        values: int64 (N,) or float32 (N, num_classes), the labels of all samples; None if they come with the samples.
        dense: whether labels are rows of floats.
        form: what targets are with mixing. Without they are the labels.
        num_classes: columns of rows.
    """

    values: np.ndarray | None
    dense: bool
    form: Targets
    num_classes: int

    def from_read(self, labels: Sequence[Any]) -> np.ndarray:
        """Labels that came with the samples, one entry each.

        Raises:
            ValueError: they are not of the kind of the first sample's, or outside of ``num_classes``.
        """
        shape = (len(labels), self.num_classes) if self.dense else (len(labels),)
        kind = f"vectors of {self.num_classes} floats" if self.dense else f"class ids below {self.num_classes}"
        try:
            values = np.asarray(labels)
            if values.shape != shape or values.dtype.kind not in ("fiub" if self.dense else "iu"):
                raise ValueError(f"{values.dtype} of shape {values.shape}")
            if not self.dense and (values.min() < 0 or (self.num_classes and values.max() >= self.num_classes)):
                raise ValueError(f"ids from {values.min()} to {values.max()}")
        except ValueError as error:
            raise ValueError(f"DataLoader: expected {kind} as labels from the data set, got {error}") from error
        return values.astype(np.float32 if self.dense else np.int64)

    def targets(
        self, labels: np.ndarray, plan: MixPlan | None, repeats: int, made: torch.Tensor | None, device: torch.device
    ) -> Any:
        """Targets on ``device``. Repeats get class id -100, or rows of zeros, and so have no loss.

        Args:
            labels: int64 (B,) or float32 (B, C).
            plan: how the batch was mixed, if it was.
            repeats: how many of the last samples fill up the batch.
            made: dense targets that the graph has made already.
            device: where they are to be.
        """
        real = len(labels) - repeats
        if made is not None:
            if repeats:
                made[real:] = 0.0
            return made
        if repeats:
            labels = labels.copy()
            labels[real:] = 0.0 if self.dense else IGNORED
        own = torch.from_numpy(np.ascontiguousarray(labels)).to(device)
        if plan is None:
            return own
        return make_targets(self.form, own, plan, self.num_classes)

    def empty(self, plan: MixPlan | None, device: torch.device) -> Any:
        """Targets of no samples, mixed by a plan of none or not at all."""
        if plan is not None and self.form == "dense":
            return torch.empty((0, self.num_classes), device=device)
        labels = np.zeros((0, self.num_classes), np.float32) if self.dense else np.zeros(0, np.int64)
        return self.targets(labels, plan, 0, None, device)
