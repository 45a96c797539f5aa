"""Timing on a GPU: batches that are not in the cache, and no time of the host."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

Body = Callable[[int], Any]  # takes the number of the batch, from 0
AHEAD_CYCLES = 4_000_000  # about 2 ms in which the host gets ahead of the device
FLUSH_BYTES = 256 << 20  # several times the largest cache
WARM_UP = 2


class Clock:
    """Times calls on one batch after the other, so that none finds its batch in the cache.

    Attributes:
        batches: How many batches there are in turn; a call on each is one sample, since events err by microseconds.
    """

    def __init__(self, device: str, small: bool) -> None:
        self.device = device
        self.batches = 2 if small else 10
        self._repeats = 2 if small else 30
        self._most_seconds = 1.0  # for one body
        self._flush = torch.empty(1 if device == "cpu" else FLUSH_BYTES, dtype=torch.uint8, device=device)

    def seconds(self, body: Body, restore: Body) -> float:
        """Return the seconds per call of one sample. ``restore`` runs on every batch before it and does not count."""
        for k in range(self.batches):
            restore(k)
        self._flush.fill_(0)
        if self.device == "cpu":
            start = time.perf_counter()
            for k in range(self.batches):
                body(k)
            return (time.perf_counter() - start) / self.batches
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda._sleep(AHEAD_CYCLES)
        begin.record()
        for k in range(self.batches):
            body(k)
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3 / self.batches

    def medians(self, bodies: Mapping[str, Body], restore: Body) -> dict[str, dict[str, Any]]:
        """Return medians and quartiles in seconds, in alternating order; a body that fails says so and is left out."""
        found: dict[str, list[float]] = {name: [] for name in bodies}
        failed: dict[str, str] = {}
        spent = dict.fromkeys(bodies, 0.0)
        names = list(bodies)
        for turn in range(WARM_UP + self._repeats):
            for name in names if turn % 2 == 0 else reversed(names):
                if name in failed or (spent[name] > self._most_seconds and len(found[name]) >= 3):
                    continue
                start = time.perf_counter()
                try:
                    elapsed = self.seconds(bodies[name], restore)
                except Exception as error:
                    # A rival that this machine cannot run; ours are called by the tests.
                    failed[name] = repr(error)[:300]
                    continue
                if turn >= WARM_UP:
                    found[name].append(elapsed)
                    spent[name] += time.perf_counter() - start
        return {name: {"error": failed[name]} if name in failed else _summary(times) for name, times in found.items()}


def _summary(times: list[float]) -> dict[str, Any]:
    first, middle, third = statistics.quantiles(times, n=4, method="inclusive")
    return {
        "median": middle,
        "first_quartile": first,
        "third_quartile": third,
        "best": min(times),
        "samples": len(times),
    }


def allocated(body: Body, device: str) -> int | None:
    """Return the bytes that a call takes beyond what was there, its result included."""
    if device == "cpu":
        return None
    body(0)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    body(0)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before
