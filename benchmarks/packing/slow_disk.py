"""Epochs from a disk that serves a limited number of reads a second, as network and rotating disks do.

Every epoch begins with none of its files in the page cache. Needs root and cgroup v1: its ``blkio`` controller limits
the reads of a group of processes, and their children.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import fastmix
from benchmarks.data import read_description
from benchmarks.loader import evict
from benchmarks.rivals import ALPHA, Job, label_of, packed
from benchmarks.timing import summarize

CONTROLLER = Path("/sys/fs/cgroup/blkio")


def measure(job: Job, reads: int, rounds: int) -> dict:
    """Images per second of loose and packed files, in turns, if the disk serves ``reads`` a second."""
    shards = packed.shards(job)
    ways = {
        "fastmix": (job.folder, {}),
        "packed": (shards, {}),
        "packed:shuffle=blocks": (shards, {"shuffle": "blocks"}),
    }
    files = [*(path for path, _ in job.files()), *shards]
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    with limited(Path(job.folder), reads):
        for turn in range(rounds):
            for name in list(ways)[:: -1 if turn % 2 else 1]:
                data, options = ways[name]
                loader = fastmix.DataLoader(
                    data, job.batch_size, job.size, mix=fastmix.Mixup(ALPHA), num_threads=job.cores, **options
                )
                evict(files)
                start = time.perf_counter()
                images = sum(len(batch) for batch, _ in loader)
                speeds[name].append(images / (time.perf_counter() - start))
    found = {label_of(name): summarize(values)._asdict() for name, values in speeds.items()}
    return {"data": read_description(Path(job.folder)), "reads": reads, "images_per_second": found}


@contextlib.contextmanager
def limited(path: Path, reads: int) -> Iterator[None]:
    """Limit this process, and those that it starts, to ``reads`` a second from the disk that holds ``path``."""
    device = path.stat().st_dev
    group = CONTROLLER / f"fastmix-benchmark-{os.getpid()}"
    try:
        group.mkdir()
        limit = f"{os.major(device)}:{os.minor(device)} {reads}"
        (group / "blkio.throttle.read_iops_device").write_text(limit)
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        raise SystemExit(f"--slow-disk: expected root, and cgroup v1's blkio for the disk of {path}: {error}") from None
    (group / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (CONTROLLER / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()
