"""Makes the targets of a batch from its labels and its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix.loader.sources.source import Source
from fastmix.moving import moved
from fastmix.ops.targets import Targets, make_targets
from fastmix.plan.mix_plan import MixPlan

# The class id of a sample that only fills up a batch: torch's losses ignore it by default.
IGNORED = -100


@dataclass(frozen=True, eq=False)
class TargetMaker:
    """Makes a batch's targets.

    Attributes:
        values: int64 (N,) or float32 (N, num_classes), the labels of all samples; None if they come with the samples.
        dense: whether labels are rows of floats.
        form: of the targets with mixing; without, they are the labels.
        num_classes: columns of the rows.
        unlabelled: whether there are no labels.
    """

    values: np.ndarray | None
    dense: bool
    form: Targets
    num_classes: int
    unlabelled: bool = False

    def from_read(self, labels: Sequence[Any], read: np.ndarray) -> np.ndarray:
        """Convert labels that came with the samples, one entry each; zeros where ``read``, bool (B,), is false.

        Raises:
            ValueError: a label is not of the first sample's kind, or not below ``num_classes``.
        """
        filled: np.ndarray = np.zeros((len(labels), self.num_classes) if self.dense else len(labels), self._dtype)
        if read.any():
            filled[read] = self._checked([label for label, known in zip(labels, read, strict=True) if known])
        return filled

    @property
    def _dtype(self) -> type:
        return np.float32 if self.dense else np.int64

    def _checked(self, labels: Sequence[Any]) -> np.ndarray:
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
        return values.astype(self._dtype)

    def targets(
        self,
        labels: np.ndarray | None,
        plan: MixPlan | None,
        padding: int,
        made: torch.Tensor | None,
        device: torch.device,
    ) -> Any:
        """Return targets on ``device``. Padding gets class id -100, or rows of zeros, and so has no loss.

        Args:
            labels: int64 (B,) or float32 (B, C); None for no labels, and so no targets.
            plan: how the batch was mixed; None for not at all.
            padding: how many of the last samples only fill up the batch.
            made: dense targets, if the graph has made them.
            device: of the targets.
        """
        if labels is None:
            return None
        real = len(labels) - padding
        if made is not None:
            if padding:
                made[real:] = 0.0
            return made
        if padding:
            labels = labels.copy()
            labels[real:] = 0.0 if self.dense else IGNORED
        own = moved(torch.from_numpy(np.ascontiguousarray(labels)), device)
        if plan is None:
            return own
        return make_targets(self.form, own, plan, self.num_classes)

    def empty(self, plan: MixPlan | None, device: torch.device) -> Any:
        """Return the targets of an empty batch; ``plan`` is None without mixing."""
        if self.unlabelled:
            return None
        if plan is not None and self.form == "dense":
            return torch.empty((0, self.num_classes), device=device)
        labels = np.zeros((0, self.num_classes), np.float32) if self.dense else np.zeros(0, np.int64)
        return self.targets(labels, plan, 0, None, device)


def target_maker(source: Source, num_classes: int, form: Targets, mixing: bool, smoothing: float) -> TargetMaker:
    """Make the target maker of a source.

    Raises:
        ValueError: the source's labels cannot become such targets.
    """
    labels = source.labels
    dense = source.dense if labels is None else labels.dense
    if mixing and source.unlabelled:
        raise ValueError("DataLoader: expected labels in the data for mix=, got samples without; leave mix= out")
    if smoothing and dense:
        raise ValueError("DataLoader: expected smoothing=0 with labels that are vectors; smooth them before")
    if mixing and form == "dense" and num_classes == 0:
        raise ValueError("DataLoader: expected num_classes, since the data set does not say how many classes it has")
    values = None if labels is None else labels.widened(num_classes).values
    return TargetMaker(values, dense, form, num_classes, source.unlabelled)
