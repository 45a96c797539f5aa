"""What goes into the pipeline for an (epoch, step), and what comes out of it, as torch tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix.dali import plan_arguments
from fastmix.loader.faults.faults import Faults
from fastmix.loader.graph.dali_queue import Ticket
from fastmix.loader.graph.inputs import RANDOM_STATE
from fastmix.loader.graph.keyed_random import random_state
from fastmix.loader.graph.outputs import to_torch
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.order import Order
from fastmix.loader.sources.reader_pool import Reading
from fastmix.loader.sources.source import Source
from fastmix.loader.targets import TargetMaker
from fastmix.plan.dropping import unmixed, without
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import Policy


@dataclass(frozen=True, eq=False)
class Draft:
    """What a rank's part of a step consists of.

    Attributes:
        epoch, step, offset: where it is, and the place of its first sample in the global batch.
        samples: int64 (B,), indices in the source, after bad ones were left out or replaced.
        repeats: how many of the last ones fill up the batch.
        plan: how they are mixed, if they are.
        asked: samples that the order asked for.
        bad: int64, those among them, and among what was to replace them, that are known to be bad.
    """

    epoch: int
    step: int
    offset: int
    samples: np.ndarray
    repeats: int
    plan: MixPlan | None
    asked: int
    bad: np.ndarray


@dataclass(frozen=True, eq=False)
class BatchMaker:
    """Functions of (epoch, step) and of which samples are bad, given what does not change while a loader lives."""

    source: Source
    order: Order
    graph: GraphSpec
    policy: Policy | None
    targets: TargetMaker
    faults: Faults
    device: torch.device
    return_plan: bool = False

    def draft(self, order: np.ndarray, epoch: int, step: int) -> Draft:
        """This rank's part of a step; ``order`` is the epoch's."""
        start, size, offset, repeats = self.order.part(step)
        samples = order[np.arange(start, start + size) % len(order)] if repeats else order[start : start + size]
        plan = None
        if self.policy is not None:
            image_size = (self.graph.size, self.graph.size)
            # Rank 0 and this rank's offset: a slice of the global batch's plan.
            plan = self.policy.plan(size, image_size, seed=self.order.seed, epoch=epoch, step=step, offset=offset)
            if repeats:
                plan = unmixed(plan, np.arange(size) >= size - repeats)
        bad = self.faults.known_bad(samples)
        draft = Draft(epoch, step, offset, samples, repeats, plan, size, samples[bad])
        if not bad.any():
            return draft
        return self._replaced(draft, bad, order) if self.faults.on_error == "replace" else self._skipped(draft, bad)

    def ticket(self, owner: object, draft: Draft, reading: Reading | None) -> Ticket:
        """What the pipeline is fed for a draft, whose samples have been read where that is not DALI's task."""
        samples, epoch = draft.samples, draft.epoch
        if reading is None:
            inputs: dict[str, Any] = {"path": self.source.encoded_paths(samples)}
        else:
            inputs = {self.graph.delivers: reading.data}
        if self.graph.train:
            inputs["key"] = np.stack((np.full_like(samples, epoch), samples), axis=1)
        if draft.plan is not None:
            inputs.update(plan_arguments(draft.plan))
            if self.graph.dense_targets:
                inputs["label"] = self._labels(samples, reading)
        if self.graph.augment is not None:
            state = random_state(self.order.seed, epoch, draft.step, draft.offset)
            inputs[RANDOM_STATE] = np.tile(state, (len(samples), 1))
        return Ticket(owner, samples, inputs)

    def batch(self, draft: Draft, reading: Reading | None, outputs: tuple) -> tuple:
        """(images, targets) of a batch that the pipeline has made, and the plan if it was asked for."""
        images, *made = to_torch(self.graph, outputs)
        labels = self._labels(draft.samples, reading)
        targets = self.targets.targets(labels, draft.plan, draft.repeats, made[0] if made else None, self.device)
        return self._with_plan(images, targets, draft)

    def empty_batch(self, draft: Draft) -> tuple:
        """The same of no samples."""
        graph = self.graph
        memory_format = torch.channels_last if graph.channels_last else torch.contiguous_format
        images = torch.empty(
            (0, 3, graph.size, graph.size), dtype=graph.dtype, device=self.device, memory_format=memory_format
        )
        return self._with_plan(images, self.targets.empty(draft.plan, self.device), draft)

    def _with_plan(self, images: torch.Tensor, targets: Any, draft: Draft) -> tuple:
        if not self.return_plan:
            return images, targets
        return images, targets, draft.plan if draft.plan is not None else MixPlan.identity(len(draft.samples))

    def _labels(self, samples: np.ndarray, reading: Reading | None) -> np.ndarray:
        if self.source.labels is not None:
            return self.targets.values[samples]
        return self.targets.from_read(reading.labels)

    def _replaced(self, draft: Draft, bad: np.ndarray, order: np.ndarray) -> Draft:
        samples = draft.samples.copy()
        for place in np.flatnonzero(bad):
            samples[place] = self.faults.replacement(int(samples[place]), draft.epoch, order)
        return Draft(**{**vars(draft), "samples": samples})

    def _skipped(self, draft: Draft, bad: np.ndarray) -> Draft:
        repeats = int((~bad[len(bad) - draft.repeats :]).sum()) if draft.repeats else 0
        plan = None if draft.plan is None else without(draft.plan, bad)
        return Draft(**{**vars(draft), "samples": draft.samples[~bad], "repeats": repeats, "plan": plan})
