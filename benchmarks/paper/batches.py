"""Batches of data in memory, mixed by fastmix: shuffled, resumable at any step, a function of (seed, epoch, step)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

import fastmix as fm
from benchmarks.paper.seeding import generator

_ORDER, _AUGMENT = 1, 2
PADDING = 4


class MemoryBatches(ABC):
    """An epoch after another of ``(inputs, targets)``, with a loader's manners.

    Targets are class ids without ``mix`` and dense targets (B, C) with it, as :class:`fastmix.DataLoader` gives them.

    Args:
        labels: (N,) class ids, on the CPU; targets go where the inputs are.
        batch_size: The last batch of an epoch may be smaller.
        classes: C.
        seed: Of order, augmentation and mixing.
        mix: A policy, or None for ERM.

    Attributes:
        epoch: The current epoch.
        step: Its batches that were handed over.
    """

    def __init__(self, labels: Tensor, batch_size: int, classes: int, seed: int, mix: fm.Policy | None) -> None:
        self.labels, self.batch_size, self.classes = labels, batch_size, classes
        self.seed, self.mix = seed, mix
        self.epoch = self.step = 0

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The rest of the epoch; the epoch advances at its end."""
        order = torch.randperm(len(self.labels), generator=generator(self.seed, _ORDER, self.epoch))
        for samples in order.split(self.batch_size)[self.step :]:
            plan = self._plan(len(samples), self.labels[samples])
            self.step += 1
            targets = self.labels[samples]
            if plan is not None:
                targets = fm.mix_labels(targets, plan, self.classes)
            inputs = self.prepare(samples, plan)
            yield inputs, targets.to(inputs.device)
        self.epoch, self.step = self.epoch + 1, 0

    @abstractmethod
    def prepare(self, samples: Tensor, plan: fm.MixPlan | None) -> Tensor:
        """The inputs of a batch, mixed by the plan if there is one."""

    def state_dict(self) -> dict[str, int]:
        """The batch that comes next."""
        return {"epoch": self.epoch, "step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where batches with this state were."""
        self.epoch, self.step = state["epoch"], state["step"]

    def _plan(self, count: int, groups: Tensor) -> fm.MixPlan | None:
        if self.mix is None:
            return None
        by_class = self.mix.pairing in ("same_class", "different_class")
        draw = {"seed": self.seed, "epoch": self.epoch, "step": self.step}
        return self.mix.plan(count, **draw, groups=groups if by_class else None)


class TensorBatches(MemoryBatches):
    """Floating inputs (N, ...), mixed in place after they are gathered."""

    def __init__(self, inputs: Tensor, labels: Tensor, batch_size: int, classes: int, seed: int, mix=None) -> None:
        super().__init__(labels, batch_size, classes, seed, mix)
        self.inputs = inputs

    def prepare(self, samples: Tensor, plan: fm.MixPlan | None) -> Tensor:
        inputs = self.inputs[samples]
        if plan is not None:
            fm.mix_(inputs, plan)
        return inputs


class PixelBatches(MemoryBatches):
    """uint8 images (N, H, W, 3): a crop out of a zero-padded image and a flip (CIFAR's recipe), mixed and normalised.

    ``mean`` and ``std`` are in units of the full pixel range; ``flip=False`` is for what has a left and a right.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        batch_size: int,
        classes: int,
        seed: int,
        mix: fm.Policy | None = None,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        flip: bool = True,
    ) -> None:
        super().__init__(labels, batch_size, classes, seed, mix)
        self.images, self.mean, self.std, self.flip = images, mean, std, flip

    def prepare(self, samples: Tensor, plan: fm.MixPlan | None) -> Tensor:
        # Behind the step that counts this batch already: no two batches share a generator.
        draw = generator(self.seed, _AUGMENT, self.epoch, self.step)
        count, height, width = len(samples), *self.images.shape[1:3]
        y, x = torch.randint(0, 2 * PADDING + 1, (2, count, 1), generator=draw)
        flip = torch.randint(0, 2, (count,), generator=draw).bool() & self.flip
        rows, columns = y + torch.arange(height), x + torch.arange(width)
        padded = torch.nn.functional.pad(self.images[samples], (0, 0, PADDING, PADDING, PADDING, PADDING))
        cropped = padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
        return fm.normalize_mix(cropped, plan, mean=self.mean, std=self.std, mirror=flip)


def normalized(images: Tensor, mean: Sequence[Any], std: Sequence[Any]) -> Tensor:
    """Evaluation images: uint8 (N, H, W, 3) to float32 (N, 3, H, W), neither cropped nor flipped."""
    return fm.normalize_mix(images, None, mean=mean, std=std)
