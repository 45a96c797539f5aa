"""Timing on a GPU: the work alone, without the time that the host takes to ask for it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

Body = Callable[[], Any]
AHEAD_CYCLES = 4_000_000  # about 2 ms in which the host gets ahead of the device


def seconds_of(body: Body, prepare: Body, device: str) -> float:
    """One call. `prepare` runs before it and does not count; what it writes has driven old data out of the cache."""
    prepare()
    if device == "cpu":
        start = time.perf_counter()
        body()
        return time.perf_counter() - start
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda._sleep(AHEAD_CYCLES)
    begin.record()
    body()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def medians(bodies: Mapping[str, Body], prepare: Body, device: str, repeats: int) -> dict[str, dict[str, float]]:
    """Median and quartiles in seconds, in alternating order; a body that fails says so and is left out."""
    seconds: dict[str, list[float]] = {name: [] for name in bodies}
    failed: dict[str, str] = {}
    names = list(bodies)
    for turn in range(3 + repeats):
        for name in names if turn % 2 == 0 else reversed(names):
            if name in failed:
                continue
            try:
                elapsed = seconds_of(bodies[name], prepare, device)
            except Exception as error:
                # A rival that this machine cannot run; ours are called by the tests.
                failed[name] = repr(error)[:300]
                continue
            if turn >= 3:
                seconds[name].append(elapsed)
    return {name: _summary(times) if name not in failed else {"error": failed[name]} for name, times in seconds.items()}


def _summary(times: list[float]) -> dict[str, float]:
    first, middle, third = statistics.quantiles(times, n=4, method="inclusive")
    return {"median": middle, "first_quartile": first, "third_quartile": third, "best": min(times)}


def allocated(body: Body, device: str) -> int | None:
    """Bytes that a call takes beyond what was there, its result included."""
    if device == "cpu":
        return None
    body()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    body()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before
