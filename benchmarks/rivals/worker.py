"""One rival in a process of its own: makes batches when told to on standard input, answers in lines of JSON.

    python -m benchmarks.rivals.worker fastmix

reads lines such as {"task": "open", "arguments": {"folder": "...", "cores": 2}}, then tasks of TASKS.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import ModuleType

import torch

from benchmarks.rivals import Job, Unavailable, open_rival
from benchmarks.rivals.consumers import drain, emulate, train
from benchmarks.rivals.meter import PeakMemory, cpu_seconds, wait_until_idle


def check(job: Job, images: torch.Tensor, targets: torch.Tensor, module: ModuleType, recipe: str = "") -> None:
    """That this is the work that was asked for."""
    views = (2,) if recipe == "dino" else ()
    shape = (job.batch_size, *views, 3, job.size, job.size)
    assert images.shape == shape and images.dtype == job.torch_dtype, (images.shape, images.dtype)
    assert images.flatten(0, -4).is_contiguous(memory_format=job.memory_format), images.stride()
    # Normalised photographs: ImageNet's constants leave values within -2.2 and 2.7, some of them far from 0. Noise in
    # erased boxes exceeds them.
    low, high, spread = images.float().amin(), images.float().amax(), images.float().std()
    beyond = 5 if recipe == "deit" else 0
    assert -2.2 - beyond < low < -1 and 1 < high < 2.7 + beyond and 0.3 < spread < 2, (low, high, spread)
    if targets.dim() == 1:
        assert hasattr(module, "CEILING"), "labels are not mixed"
    else:
        assert targets.shape == (job.batch_size, job.num_classes), targets.shape
        wrong = (targets.sum(1) - 1).abs() > 1e-3
        assert not wrong.any() or hasattr(module, "DEFECT"), targets.sum(1)


def throughput(job: Job, batches: Iterator, seconds: float) -> dict:
    """Batches for at least so many seconds, taken as fast as they come."""
    drain(job, batches)
    cpu, marks = cpu_seconds(os.getpid()), [time.perf_counter()]
    while len(marks) < 3 or marks[-1] - marks[0] < seconds:
        images, targets = next(batches)
        marks.append(time.perf_counter())
    waits = [after - before for before, after in itertools.pairwise(marks)]
    images = len(images) * len(waits)
    del targets
    return {
        "images": images,
        "seconds": marks[-1] - marks[0],
        "cpu_seconds": cpu_seconds(os.getpid()) - cpu,
        "waits": waits,
    }


def memory(job: Job, batches: Iterator, seconds: float) -> dict:  # noqa: ARG001  (tasks have the same arguments)
    with PeakMemory(os.getpid()) as peak:
        end, taken = time.perf_counter() + seconds, 0
        while taken < 3 or time.perf_counter() < end:
            batch = next(batches)  # kept while the next one is made, as in training
            taken += 1
    del batch
    return {"peak_mib": peak.mib}


TASKS = {"throughput": throughput, "memory": memory, "emulate": emulate, "train": train}


def answer(job: Job, batches: Iterator, task: dict) -> dict:
    result = TASKS[task["task"]](job, batches, **task["arguments"])
    wait_until_idle([os.getpid()])
    return result


def opened(name: str, job: Job, cores: AbstractSet[int]) -> Iterator:
    """The rival's batches, the first of which has been looked at, on as many of the cores as the job asks for.

    Raises:
        Unavailable: it cannot do this.
    """
    os.sched_setaffinity(0, sorted(cores)[: job.cores])
    torch.set_num_threads(job.cores)
    module, options = open_rival(name)
    batches = module.batches(job, **options)
    check(job, *next(batches), module, options.get("recipe", ""))
    return batches


def main() -> None:
    # Libraries print what they like; the answers have the pipe to themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, cores = sys.argv[1], os.sched_getaffinity(0)

    def say(message: dict) -> None:
        print(json.dumps(message), file=answers, flush=True)

    job, batches = None, None
    for line in sys.stdin:
        task = json.loads(line)
        if task["task"] != "open":
            say(answer(job, batches, task))
            continue
        # What was open ends first, threads and processes too.
        batches = None
        job = Job(**task["arguments"])
        try:
            batches = opened(name, job, cores)
            say({"ready": True})
        except Unavailable as reason:
            say({"unavailable": str(reason)})
    # Not every rival's threads end by themselves.
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
