"""Loaders, a model and marks of batches, which the clients' tests share; two processes with torchrun."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor, nn

import fastmix as fm
from benchmarks.rivals import Unavailable
from benchmarks.rivals.compiled import import_torchvision

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "WANDB_MODE": "offline",
}

# Some clients import torchvision; none of them calls a compiled operator here.
with contextlib.suppress(Unavailable):
    import_torchvision()

CLASSES, PER_CLASS, BATCH = 8, 12, 8
SAMPLES = CLASSES * PER_CLASS
STEPS = SAMPLES // BATCH
OPTIONS: dict[str, Any] = {"batch_size": BATCH, "size": 32, "device": "cpu", "num_threads": 1}


def train(photos: Path | str, **options: Any) -> fm.DataLoader:
    return fm.DataLoader(photos, **{**OPTIONS, "mix": fm.Mixup(0.2, per="pair"), **options})


def evaluation(photos: Path | str, **options: Any) -> fm.DataLoader:
    return fm.DataLoader(photos, **{**OPTIONS, "train": False, **options})


class Net(nn.Module):
    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 5, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


def mark(images: Tensor) -> float:
    """Tell batches apart: the same bits have the same mark."""
    return float(images.double().sum())


def marks(batches: Iterable[Any]) -> list[float]:
    return [mark(images) for images, *_ in batches]


def passes(loader: fm.DataLoader, count: int) -> Iterator[Any]:
    for _ in range(count):
        yield from loader


def two_processes(script: Path, *arguments: object, out: Path) -> list[Any]:
    """Run a script on two gloo processes; each writes its findings, as JSON, to ``out`` and its rank."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{root}:{Path(__file__).parent}"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    done = subprocess.run(
        [*command, *map(str, arguments), str(out)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return [json.loads(Path(f"{out}.{rank}").read_text()) for rank in range(2)]


def report(out: str, found: Any) -> None:
    """Write one rank's findings."""
    Path(f"{out}.{os.environ['RANK']}").write_text(json.dumps(found))


def parts(photos: Path | str, count: int = 1, **options: Any) -> list[list[float]]:
    """What each of two ranks has to see in ``count`` epochs."""
    loaders = [train(photos, rank=rank, world_size=2, **options) for rank in range(2)]
    return [marks(passes(loader, count)) for loader in loaders]
