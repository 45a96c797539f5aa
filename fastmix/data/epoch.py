"""One pass over the data."""

from __future__ import annotations

from collections import deque

import torch

from fastmix.data.batches import BatchMaker
from fastmix.data.errors import DataError
from fastmix.data.faults import find_bad_samples
from fastmix.data.prefetch import Prefetcher, Ticket
from fastmix.data.progress import Progress


class EpochIterator:
    """Yields the batches of an epoch that are left, and keeps the next ``depth`` of them under way."""

    def __init__(self, maker: BatchMaker, prefetcher: Prefetcher, progress: Progress, depth: int) -> None:
        self._maker = maker
        self._prefetcher = prefetcher
        self._progress = progress
        self._depth = depth
        # Tickets name their owner by this, so that the prefetcher does not keep the iterator alive.
        self._owner = object()
        self._epoch, self._submitted = progress.begin(self._owner)
        self._order = maker.order.samples(self._epoch)
        self._tickets: deque[Ticket | None] = deque()  # None: an empty part, with which the pipeline is not bothered
        self._finished = False
        self._failed = False

    def __iter__(self) -> EpochIterator:
        return self

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        if self._finished:
            raise StopIteration
        if self._progress.owner is not self._owner:
            raise RuntimeError(
                "DataLoader: expected the loader's newest iterator, got an older one: iter(loader), set_epoch or "
                "load_state_dict ended it; use one loader for each loop that runs at the same time"
            )
        if self._failed:
            raise RuntimeError(
                "DataLoader: expected a running iterator, got one that ended with an error; iterate anew"
            )
        if self._progress.step == self._progress.steps:
            self._finished = True
            self._progress.finish()
            raise StopIteration
        # Until the batch is safely here: also an interrupt must not lose a batch and go on with the next one.
        self._failed = True
        self._submit()
        batch = self._take()
        self._submit()
        self._progress.step += 1
        self._failed = False
        return batch

    def _submit(self) -> None:
        while len(self._tickets) < self._depth and self._submitted < self._progress.steps:
            ticket = self._maker.ticket(self._owner, self._order, self._epoch, self._submitted)
            if ticket is not None:
                self._prefetcher.submit(ticket)
            self._tickets.append(ticket)
            self._submitted += 1

    def _take(self) -> tuple[torch.Tensor, torch.Tensor]:
        ticket = self._tickets.popleft()
        if ticket is None:
            return self._maker.empty_batch()
        try:
            outputs = self._prefetcher.take(self._owner)
        except RuntimeError as error:
            self._raise_data_error(ticket, error)
        return self._maker.batch(ticket, outputs)

    def _raise_data_error(self, ticket: Ticket, error: RuntimeError) -> None:
        maker = self._maker
        bad_samples = find_bad_samples(maker.graph, maker.source, ticket, maker.device)
        if not bad_samples:
            raise RuntimeError(
                f"DataLoader: a batch of {len(ticket.samples)} samples failed, but none of them fails alone: {error}"
            ) from error
        raise DataError(bad_samples) from error
