"""What all benchmarks share: measuring in turns, medians and spreads, and results with the machine they come from."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import torch

# Ours, and the rivals' as far as they are installed.
_PACKAGES = (
    "fastmix",
    "torch",
    "nvidia-dali-cuda130",
    "numpy",
    "pillow",
    "timm",
    "torchvision",
    "torchcodec",
    "ffcv",
    "spdl-io",
    "kornia",
    "litdata",
    "mosaicml-streaming",
)


class Times(NamedTuple):
    """Seconds per call."""

    median: float
    iqr: float  # between the first and the third quartile
    all: list[float]


def compare(
    functions: Mapping[str, Callable[[], Any]],
    repeats: int,
    warmup: int = 1,
    prepare: Callable[[], Any] = lambda: None,
) -> dict[str, Times]:
    """Time several functions in turns, so that whatever slows the machine down slows all of them down.

    Every round calls each function once; the order is reversed from round to round. On a machine with a GPU a call
    ends when the GPU has finished.

    Args:
        functions: by name; each is one measurement.
        repeats: rounds that count, at least 2.
        warmup: rounds before them that do not.
        prepare: runs before every call and does not count, so that all find the same data.
    """
    if repeats < 2:
        raise ValueError(f"compare: expected repeats >= 2, got {repeats}")
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    names = list(functions)
    for turn in range(warmup + repeats):
        for name in names if turn % 2 == 0 else reversed(names):
            prepare()
            elapsed = measure(functions[name])
            if turn >= warmup:
                seconds[name].append(elapsed)
    return {name: summarize(times) for name, times in seconds.items()}


def measure(function: Callable[[], Any]) -> float:
    """Seconds of one call, GPU work included."""
    synchronize()
    start = time.perf_counter()
    function()
    synchronize()
    return time.perf_counter() - start


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def summarize(seconds: list[float]) -> Times:
    first, _, third = statistics.quantiles(seconds, n=4, method="inclusive")
    return Times(statistics.median(seconds), third - first, seconds)


def write_json(path: str | Path, results: Mapping[str, Any]) -> None:
    """Write results, and with them the machine, the versions, the date and the command."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**origin(), "results": results}, indent=2) + "\n")


def origin() -> dict[str, Any]:
    """Where results come from: command, date, machine and versions."""
    return {
        "command": command(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
    }


def command() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"-m {spec.name.removesuffix('.__main__')}" if spec is not None else shlex.quote(sys.argv[0])
    return f"python {program} {shlex.join(sys.argv[1:])}".rstrip()


def machine() -> dict[str, Any]:
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": cpu_name(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpus": gpus,
        "system": platform.platform(),
    }


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return {"python": platform.python_version(), **found, "cuda": torch.version.cuda or "none"}
