"""Counts of an epoch: batches, samples, bytes, and the consumer's seconds of waiting by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

STAGES = ("plan", "read", "pipeline", "hand_over", "recover")


class Stats:
    """Counts of the current or the last epoch.

    The stages count only seconds that the consumer waited: work behind its back does not show.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin an epoch."""
        self.start = time.perf_counter()
        self.end: float | None = None
        self.batches = self.images = self.bytes = self.skipped = self.replaced = 0
        self.stages = dict.fromkeys(STAGES, 0.0)
        self.wait = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the seconds of a block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] += time.perf_counter() - start

    def finish(self) -> None:
        """End the epoch."""
        self.end = time.perf_counter()

    def as_dict(self) -> dict[str, float | int | dict[str, float]]:
        """Return what ``DataLoader.stats`` documents."""
        seconds = max((self.end or time.perf_counter()) - self.start, 1e-9)
        return {
            "batches": self.batches,
            "images": self.images,
            "seconds": seconds,
            "images_per_second": self.images / seconds,
            "wait_seconds": self.wait,
            "wait_share": min(self.wait / seconds, 1.0),
            "stage_seconds": dict(self.stages),
            "bytes": self.bytes,
            "skipped": self.skipped,
            "replaced": self.replaced,
        }
