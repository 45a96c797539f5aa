"""What goes into the pipeline for an (epoch, step), and what comes out of it, as torch tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from fastmix.dali import plan_arguments
from fastmix.data.graph import Graph
from fastmix.data.order import Order
from fastmix.data.prefetch import Ticket
from fastmix.data.sources import Source
from fastmix.policies import Policy


@dataclass(frozen=True, eq=False)
class BatchMaker:
    """Pure functions of (epoch, step), given what does not change while a loader lives."""

    source: Source
    order: Order
    graph: Graph
    policy: Policy | None
    device: torch.device

    def ticket(self, owner: object, order: np.ndarray, epoch: int, step: int) -> Ticket | None:
        """This rank's part of a step, or None if it is empty. ``order`` is the epoch's."""
        start, size, offset = self.order.part(step)
        if size == 0:
            return None
        samples = order[start : start + size]
        inputs = {"path": self.source.encoded_paths(samples)}
        if self.graph.train:
            inputs["key"] = np.stack((np.full_like(samples, epoch), samples), axis=1)
        if self.policy is not None:
            image_size = (self.graph.size, self.graph.size)
            # Rank 0 and this rank's offset: a slice of the global batch's plan.
            plan = self.policy.plan(size, image_size, seed=self.order.seed, epoch=epoch, step=step, offset=offset)
            inputs["label"] = self.source.labels[samples]
            inputs.update(plan_arguments(plan))
        return Ticket(owner, samples, inputs)

    def batch(self, ticket: Ticket, outputs: tuple) -> tuple[torch.Tensor, torch.Tensor]:
        """(images, targets) of a batch that the pipeline has made."""
        images, *targets = self.graph.to_torch(outputs)
        if targets:
            return images, targets[0]
        return images, torch.from_numpy(self.source.labels[ticket.samples]).to(self.device)

    def empty_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(images, targets) of no samples."""
        graph = self.graph
        memory_format = torch.channels_last if graph.channels_last else torch.contiguous_format
        images = torch.empty(
            (0, 3, graph.size, graph.size), dtype=graph.dtype, device=self.device, memory_format=memory_format
        )
        if graph.mixing:
            return images, torch.empty((0, graph.num_classes), device=self.device)
        return images, torch.empty((0,), dtype=torch.int64, device=self.device)
