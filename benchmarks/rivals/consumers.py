"""Consumers of batches: an emulated accelerator, and a small network that is really trained.

Both give accelerator utilisation as MLPerf Storage defines it: the time that computing takes if data is always there,
as a share of the time that went by, without the first step, which fills the pipeline.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional

from benchmarks.rivals import DEPTH, Job

LEAST_STEPS = 4


def drain(job: Job, batches: Iterator) -> None:
    """Take more batches than anybody has under way: behind them the queues are empty, and what comes is being made."""
    for _ in range(job.cores * DEPTH + 2):
        next(batches)


def emulate(job: Job, batches: Iterator, seconds: float, images_per_second: float) -> dict:
    """An accelerator that takes so many images per second: each step waits for a batch, then sleeps, as DLIO does."""
    drain(job, batches)
    step = job.batch_size / images_per_second
    start, waited, steps = time.perf_counter(), 0.0, 0
    while steps < LEAST_STEPS or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        next(batches)
        waited += time.perf_counter() - before
        time.sleep(step)
        steps += 1
    total = time.perf_counter() - start
    return {"steps": steps, "utilisation": min(steps * step / total, 1.0), "waited": waited, "seconds": total}


def network(classes: int) -> nn.Sequential:
    """Small enough for a CPU: a few percent of a ResNet-18's work."""
    layers: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes))


class Trainer:
    """Steps of stochastic gradient descent on dense targets."""

    def __init__(self, classes: int) -> None:
        torch.manual_seed(0)
        self.model = network(classes)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05, momentum=0.9)

    def step(self, images: torch.Tensor, targets: torch.Tensor) -> float:
        if targets.dim() == 1:
            targets = targets.long()
        loss = functional.cross_entropy(self.model(images.float()), targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def train(job: Job, batches: Iterator, seconds: float, step_seconds: float) -> dict:
    """Train on the same cores that load.

    Args:
        job: what the batches are.
        batches: endless.
        seconds: for how long, at least.
        step_seconds: what a step takes with a batch that is in memory and nothing else running.
    """
    trainer = Trainer(job.num_classes)
    trainer.step(*next(batches))
    drain(job, batches)
    start, waited, steps = time.perf_counter(), 0.0, 0
    while steps < LEAST_STEPS or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - before
        trainer.step(*batch)
        steps += 1
    total = time.perf_counter() - start
    utilisation = min(steps * step_seconds / total, 1.0)
    return {"steps": steps, "utilisation": utilisation, "waited": waited, "seconds": total}


def step_seconds(job: Job, repeats: int = 5) -> float:
    """Median time of a step with a batch in memory."""
    torch.set_num_threads(job.cores)
    trainer = Trainer(job.num_classes)
    images = torch.randn(job.batch_size, 3, job.size, job.size)
    targets = torch.full((job.batch_size, job.num_classes), 1 / job.num_classes)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        trainer.step(images, targets)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])
