"""What does augmenting a batch in memory cost, by operation and by policy?

Operations: one thread, ``augment_`` against the same call of Pillow. Policies: one thread and all cores, against
torchvision's and timm's classes on Pillow images, torchvision's on tensors, DALI's ``auto_aug`` and kornia's, as far as
they are installed. On all cores Pillow has as many processes as cores, and torchvision's tensors are left out: they
take about as long as Pillow. Drawing counts everywhere. The batch, uint8 (B, H, W, 3), is in memory before, and
``copy`` copies it in the same run.

    python -m benchmarks.augment --json benchmarks/results/augment.json
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import fastmix as fm
from benchmarks.augment import rivals
from benchmarks.augment.operations import OPERATIONS, Call
from benchmarks.augment.pictures import Picture, batch_of, pictures
from benchmarks.augment.pillow_workers import PillowWorkers
from benchmarks.augment.policies import POLICIES
from benchmarks.augment.rows import PEERS, operation_rows, policy_rows
from benchmarks.timing import compare, write_json
from fastmix.augment import SamplePlan
from fastmix.plan.draw_key import SampleKeys


class Metered:
    """A function that notes the CPU seconds of its calls, and of other processes as it returns them."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function, self.seconds = function, list[float]()

    def __call__(self) -> None:
        start = time.process_time()
        elsewhere = self.function()
        here = time.process_time() - start
        self.seconds.append(here + (elsewhere if isinstance(elsewhere, float) else 0.0))


def measure(
    plan: SamplePlan | Callable[[], SamplePlan], pristine: Tensor, peers: dict[str, Callable[[], Any]], repeats: int
) -> dict:
    """Return microseconds and CPU seconds per 1,000 images by function: medians of alternating rounds."""
    batch, other, count = pristine.clone(), torch.empty_like(pristine), len(pristine)
    functions = {
        "augment_": Metered(lambda: fm.augment_(batch, plan() if callable(plan) else plan, channels_last=True)),
        "copy": Metered(lambda: other.copy_(pristine)),
        **{name: Metered(peer) for name, peer in peers.items()},
    }
    times = compare(functions, repeats, prepare=lambda: batch.copy_(pristine))
    return {
        "microseconds": {name: 1e6 * found.median / count for name, found in times.items()},
        "cpu_seconds_per_1000": {
            name: 1e3 * statistics.median(metered.seconds[-repeats:]) / count for name, metered in functions.items()
        },
        "fastest": 1e6 * min(times["augment_"].all) / count,
    }


def each(call: Call, images: list[Picture]) -> None:
    for image in images:
        call(image)


def operations(images: list[Picture], repeats: int) -> list[dict]:
    rows, pristine = [], batch_of(images)
    for name, (operation, call, floor) in OPERATIONS.items():
        plan = SamplePlan.from_operations([[operation]] * len(images))
        peers = {"Pillow": partial(each, call, images)}
        rows.append({"name": name, "floor": floor, **measure(plan, pristine, peers, repeats)})
    return rows


def policies(images: list[Picture], threads: int, repeats: int) -> list[dict]:
    """Return a row for each policy; ``threads`` above 1 compares on that many cores."""
    rows, pristine = [], batch_of(images)
    count, size = len(images), images[0].width
    keys = SampleKeys(seed=1, epoch=0, sample=np.arange(count))
    torch.set_num_threads(threads)
    for name, (policy, floor) in POLICIES.items():
        with ExitStack() as stack:
            peers: dict[str, Callable[[], Any] | None] = {
                "DALI": rivals.dali(name, pristine, threads),
                "kornia": rivals.kornia(name, pristine),
            }
            call = rivals.on_pillow(name)
            if threads == 1:
                peers["torchvision tensors"] = rivals.on_tensors(name, pristine)
                peers["Pillow"] = None if call is None else partial(each, call, images)
            elif call is not None:
                peers["Pillow"] = stack.enter_context(PillowWorkers(name, count, size, threads))
            found = {peer: peers[peer] for peer in PEERS if peers.get(peer) is not None}
            row = measure(partial(policy.plan, keys, (size, size)), pristine, found, repeats)
            rows.append({"name": name, "threads": threads, "floor": floor, **row})
    return rows


def shown(lines: list[list[str]]) -> Table:
    table = Table()
    for i, column in enumerate(lines[0]):
        table.add_column(column, justify="right" if i else "left")
    for line in lines[1:]:
        table.add_row(*line)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=128, help="images per policy; operations take an eighth")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    images, cores = pictures(arguments.batch_size, arguments.size), len(os.sched_getaffinity(0))
    torch.set_num_threads(1)
    results = {
        "size": arguments.size,
        "set": fm._core.build_info()["cpu"],
        "operations": operations(images[: max(1, len(images) // 8)], arguments.repeats),
        "policies": [row for n in dict.fromkeys((1, cores)) for row in policies(images, n, arguments.repeats)],
    }
    console = Console(width=180)
    for rows in (operation_rows, policy_rows("one"), *([policy_rows("all")] if cores > 1 else [])):
        console.print(shown(rows(results)))
    if arguments.json:
        write_json(arguments.json, results)


if __name__ == "__main__":
    main()
