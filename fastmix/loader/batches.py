"""What the pipeline is fed for a draft, and the batch of torch tensors that is made of its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch

from fastmix.dali import Status
from fastmix.loader.graph.inputs import MASKS, PLAN, RANDOM_STATE, STATUS, sample_plan_names
from fastmix.loader.graph.keyed_random import random_state
from fastmix.loader.graph.outputs import to_torch
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.sources.reader_pool import Reading
from fastmix.loader.sources.source import Source
from fastmix.loader.step import Draft, Step
from fastmix.loader.targets import TargetMaker
from fastmix.plan.dropping import without
from fastmix.plan.mix_plan import MixPlan

# (images, targets), and after them the plan and the indices if they are asked for. With views of several sizes, the
# images of each size come before the targets.
Batch: TypeAlias = tuple[torch.Tensor, Any, *tuple[Any, ...]]
# Comes in the place of a sample that was not read.
_NOTHING = {"encoded": np.zeros(0, np.uint8), "pixels": np.zeros((1, 1, 3), np.uint8)}


@dataclass(frozen=True, eq=False)
class BatchMaker:
    """Feeds the graph and makes batches; it does not change while a loader lives."""

    source: Source
    graph: GraphSpec
    targets: TargetMaker
    device: torch.device
    return_plan: bool = False
    return_index: bool = False

    def inputs(self, draft: Draft, reading: Reading | None) -> dict[str, Any]:
        """Return the pipeline's inputs by name, one entry per sample; ``reading`` is over."""
        samples = draft.samples
        if reading is None:
            inputs: dict[str, Any] = {**self.source.files(samples), STATUS: draft.status}
        else:
            nothing = _NOTHING[self.graph.delivers]
            inputs = {
                self.graph.delivers: [nothing if data is None or not data.size else data for data in reading.data],
                STATUS: np.where(draft.status == 0, reading_status(reading), draft.status),
            }
        if self.graph.train:
            inputs["key"] = draft.sample_keys.rows
        if (plan := draft.plan) is not None:
            inputs[PLAN] = plan.rows.numpy()
            if self.graph.masks:
                inputs[MASKS] = plan.masks_of_samples()
            if self.graph.dense_targets:
                inputs["label"] = self._labels(samples, reading)
        if self.graph.augments:
            inputs |= zip(sample_plan_names(self.graph), draft.sample_rows, strict=True)
        if self.graph.dali_augment is not None:
            state = random_state(draft.key)
            inputs[RANDOM_STATE] = np.tile(state, (len(samples), 1))
        return inputs

    def finish(self, step: Step) -> Batch:
        """Return the batch of a step that has run."""
        draft, good = step.draft, step.good
        plan = None if draft.plan is None else without(draft.plan, ~good)
        if count := int(good.sum()):
            images, made = to_torch(self.graph, step.outputs, count)
            labels = self._labels(draft.samples, step.reading)
            labels = None if labels is None else labels[good]
            targets = self.targets.targets(labels, plan, count - step.images, made, self.device)
        else:
            images, targets = self._no_images(), self.targets.empty(plan, self.device)
        batch: tuple[Any, ...] = (*images, targets)
        if self.return_plan:
            batch += (plan if plan is not None else MixPlan.identity(count),)
        return (*batch, torch.from_numpy(draft.samples[good])) if self.return_index else batch

    def _no_images(self) -> list[torch.Tensor]:
        graph = self.graph
        memory_format = torch.channels_last if graph.channels_last else torch.contiguous_format
        options: dict[str, Any] = {"dtype": graph.dtype, "device": self.device, "memory_format": memory_format}
        if not graph.views:
            return [torch.empty((0, 3, *graph.size), **options)]
        return [torch.empty((0, 3, *each.size), **options).unflatten(0, (0, len(each.crops))) for each in graph.views]

    def _labels(self, samples: np.ndarray, reading: Reading | None) -> np.ndarray | None:
        """Return the labels of all samples; those of samples that were not read mean nothing."""
        if self.source.unlabelled:
            return None
        if self.source.labels is not None:
            return self.targets.values[samples]
        return self.targets.from_read(reading.labels, np.array([data is not None for data in reading.data]))


def reading_status(reading: Reading) -> np.ndarray:
    """Return int32 (B,): 0 for samples that were read."""
    status = [Status.transient if data is None else Status.ok if data.size else Status.empty for data in reading.data]
    return np.array(status, dtype=np.int32)
