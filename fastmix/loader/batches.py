"""What the pipeline is fed for a draft, and the batch of torch tensors that is made of its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix.loader.graph.inputs import PLAN, RANDOM_STATE
from fastmix.loader.graph.keyed_random import random_state
from fastmix.loader.graph.outputs import to_torch
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.sources.reader_pool import Reading
from fastmix.loader.sources.source import Source
from fastmix.loader.step import Draft, Step
from fastmix.loader.targets import TargetMaker
from fastmix.plan.mix_plan import MixPlan


@dataclass(frozen=True, eq=False)
class BatchMaker:
    """Feeds the graph and makes batches; it does not change while a loader lives."""

    source: Source
    graph: GraphSpec
    targets: TargetMaker
    device: torch.device
    return_plan: bool = False

    def inputs(self, draft: Draft, reading: Reading | None) -> dict[str, Any]:
        """Return the pipeline's inputs by name, one entry per sample; ``reading`` is over."""
        samples = draft.samples
        if reading is None:
            inputs: dict[str, Any] = {"path": self.source.encoded_paths(samples)}
        else:
            inputs = {self.graph.delivers: reading.data}
        if self.graph.train:
            inputs["key"] = np.stack((np.full_like(samples, draft.epoch), samples), axis=1)
        if draft.plan is not None:
            inputs[PLAN] = draft.plan.rows.numpy()
            if self.graph.dense_targets:
                inputs["label"] = self._labels(samples, reading)
        if self.graph.augment is not None:
            state = random_state(self.graph.seed, draft.epoch, draft.step, draft.offset)
            inputs[RANDOM_STATE] = np.tile(state, (len(samples), 1))
        return inputs

    def finish(self, step: Step) -> tuple:
        """Return (images, targets) of a step that has run, and the plan if ``return_plan``."""
        draft = step.draft
        if len(draft.samples):
            images, *made = to_torch(self.graph, step.outputs)
            labels = self._labels(draft.samples, step.reading)
            targets = self.targets.targets(labels, draft.plan, draft.repeats, made[0] if made else None, self.device)
        else:
            images, targets = self._no_images(), self.targets.empty(draft.plan, self.device)
        if not self.return_plan:
            return images, targets
        return images, targets, draft.plan if draft.plan is not None else MixPlan.identity(len(draft.samples))

    def _no_images(self) -> torch.Tensor:
        graph = self.graph
        memory_format = torch.channels_last if graph.channels_last else torch.contiguous_format
        shape = (0, 3, graph.size, graph.size)
        return torch.empty(shape, dtype=graph.dtype, device=self.device, memory_format=memory_format)

    def _labels(self, samples: np.ndarray, reading: Reading | None) -> np.ndarray:
        if self.source.labels is not None:
            return self.targets.values[samples]
        return self.targets.from_read(reading.labels)
