"""fastmix's own loader on shards that ``fastmix.pack`` wrote without loss; ``shuffle=blocks`` reads them in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.rivals import Job
from benchmarks.rivals.fastmix import loaded
from benchmarks.rivals.prepared import prepared

LABEL = "fastmix, packed"
FORM = "packed"
# The index of each is read beforehand.
MOST_COPIES = 50


def write(job: Job, path: Path) -> None:
    import fastmix

    fastmix.pack(job.folder, path, jobs=job.cores)


def shards(job: Job) -> list[Path]:
    return sorted(prepared(job, FORM, write).glob("*.tar"))


def batches(job: Job, **options: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    written = shards(job)
    places = [job.place(shard, copy) for copy in job.copies()[:MOST_COPIES] for shard in written]
    return loaded(job, places, **options)
