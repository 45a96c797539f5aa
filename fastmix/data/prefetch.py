"""Keeps batches under way in a DALI pipeline, each with a ticket that says whose it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from nvidia.dali import Pipeline


@dataclass(frozen=True, eq=False)
class Ticket:
    """One batch: whom it is for, and what the pipeline was fed for it.

    Attributes:
        owner: the iterator that asked for it.
        samples: int64 (B,), indices in the source, B >= 1.
        inputs: the pipeline's inputs by name, with B entries each.
    """

    owner: object
    samples: np.ndarray
    inputs: dict[str, np.ndarray]


class Prefetcher:
    """Runs batches through a pipeline, in the order in which they are submitted.

    When an iterator is given up, its batches run on, and the next one passes over them. The pipeline is built when
    the first batch is submitted.
    """

    def __init__(self, build: Callable[[], Pipeline], device: torch.device) -> None:
        self._build = build
        self._device = device
        self._pipeline: Pipeline | None = None
        self._tickets: deque[Ticket] = deque()

    def submit(self, ticket: Ticket) -> None:
        """Start a batch; returns at once."""
        try:
            if self._pipeline is None:
                self._pipeline = self._build()
            for name, data in ticket.inputs.items():
                self._pipeline.feed_input(name, data)
            self._pipeline.schedule_run()
            self._tickets.append(ticket)
        except BaseException:
            # An interrupt may have come between two inputs: whatever follows would be out of step.
            self.reset()
            raise

    def take(self, owner: object) -> tuple:
        """The outputs of the owner's oldest batch. Waits for it on the host (CPU), or on the current stream (CUDA).

        Raises:
            RuntimeError: the batch failed. All batches under way are lost, and the next one starts a new pipeline:
                DALI gives no promise for one that failed.
        """
        try:
            while self._tickets[0].owner is not owner:
                self._discard()
            outputs = self._pipeline.outputs(self._stream())
            self._tickets.popleft()
        except BaseException:
            # Also after an interrupt between the two: tickets and runs would be out of step.
            self.reset()
            raise
        return outputs

    def reset(self) -> None:
        """Drop the pipeline and all that is under way in it."""
        self._pipeline = None
        self._tickets.clear()

    def _discard(self) -> None:
        try:
            self._pipeline.outputs(self._stream())
            self._tickets.popleft()
        except RuntimeError:
            # Nobody wants this batch, so nobody minds its error; what was submitted after it starts again.
            _, *wanted = self._tickets
            self.reset()
            for ticket in wanted:
                self.submit(ticket)

    def _stream(self) -> torch.cuda.Stream | None:
        return torch.cuda.current_stream(self._device) if self._device.type == "cuda" else None
