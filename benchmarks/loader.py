"""Images per second from encoded files to mixed training batches: fastmix beside the other loaders.

All make the same batches, float32 (B, 3, 224, 224), normalised and mixed, and dense targets, from the same files on the
same cores. Each has a process of its own and works alone, in turns and in alternating order; a round begins when the
queues it had filled are empty. Lists are repeated, so that no epoch ends meanwhile. The files are in the page cache
(``--cold``: thrown out of it before every round).

    python -m benchmarks.loader --json benchmarks/results/loader.json
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.data import read_description, write_set
from benchmarks.rivals import Job, label_of
from benchmarks.rivals.contest import Contest
from benchmarks.timing import summarize, write_json

RIVALS = (
    "fastmix",
    "fastmix:decode=dali",
    "dali",
    "dali:mixing=torch",
    "timm",
    "pillow",
    "torchvision",
    "torchvision:decode=torchvision",
    "torchvision:decode=torchcodec",
    "ffcv",
    "spdl",
)
# Without what differs in resizing and mixing only, and with Pillow when it may leave out frequencies.
LARGE_RIVALS = ("fastmix", "dali", "timm", "timm:draft=yes", "pillow", "ffcv", "spdl")


class Setting(NamedTuple):
    """What is measured: a set of photographs, and what the loaders make of it."""

    photographs: str
    batch_size: int
    rivals: tuple[str, ...]
    most_rounds: int | None = None


SETTINGS = {
    "imagenet": Setting("imagenet", 64, RIVALS),
    "imagenet-256": Setting("imagenet", 256, ("fastmix", "dali", "timm")),
    # 64 large photographs are 780 megapixels: seconds of decoding, for one batch. Rounds are long anyway.
    "large": Setting("large", 8, LARGE_RIVALS, most_rounds=2),
}


def evict(files: Iterable[str | Path]) -> None:
    """Take the files out of the page cache."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def contest(
    names: tuple[str, ...], job: Job, rounds: int, seconds: float, before: Callable[[], None] | None = None
) -> dict:
    """Per rival what it achieved, and why the others do not run; ``before`` is called before every round of each."""
    with Contest(names, job) as contest:
        answers = contest.rounds(rounds, "throughput", before, seconds=seconds)
        memory = dict(contest.round("memory", 1, seconds=seconds / 2))
        rivals = {name: figures(name, answers[name], memory[name]) for name in answers if name in memory}
        return {"rivals": rivals, "unavailable": contest.unavailable}


def figures(name: str, rounds: list[dict], memory: dict) -> dict:
    waits = np.concatenate([found["waits"] for found in rounds])
    return {
        "label": label_of(name),
        "images_per_second": summarize([found["images"] / found["seconds"] for found in rounds])._asdict(),
        "cpu_seconds_per_1000": summarize([1e3 * found["cpu_seconds"] / found["images"] for found in rounds])._asdict(),
        "peak_mib": memory["peak_mib"],
        "batch_ms": {
            "batches": len(waits),
            "p50": 1e3 * float(np.quantile(waits, 0.5)),
            "p99": 1e3 * float(np.quantile(waits, 0.99)),
            "max": 1e3 * float(waits.max()),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--rivals", nargs="+", help="by default all; a variant is written timm:draft=yes")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=4, help="at least 2")
    parser.add_argument("--seconds", type=float, default=2.0, help="per rival and round")
    parser.add_argument("--cold", action="store_true", help="files are not in the page cache")
    parser.add_argument("--quick", action="store_true", help="few and small: shows that everything runs, no figures")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 2, 0.1
    sets = {}
    for name in arguments.sets:
        setting = SETTINGS[name]
        folder = write_set(setting.photographs, 4 if arguments.quick else None)
        job = Job(str(folder), 2 if arguments.quick else setting.batch_size, arguments.size, arguments.cores)
        rivals = tuple(arguments.rivals or setting.rivals)
        rounds = min(arguments.rounds, setting.most_rounds or arguments.rounds)
        before = functools.partial(evict, [path for path, _ in job.files()]) if arguments.cold else None
        found = contest(rivals, job, rounds, arguments.seconds, before)
        sets[name] = {"data": read_description(folder), "job": {**job._asdict(), "folder": folder.name}, **found}
        Console(width=160).print(table(name, sets[name]))
        for rival, reason in found["unavailable"].items():
            print(f"  {label_of(rival)} does not run: {reason}")
    if arguments.json:
        write_json(arguments.json, {"cache": "cold" if arguments.cold else "warm", "sets": sets})


def table(name: str, found: dict) -> Table:
    result = Table(title=f"{name}: {found['job']['cores']} cores, batches of {found['job']['batch_size']}, medians")
    for column in ("loader", "images/s", "IQR", "CPU s / 1000", "peak MiB", "p50 ms", "p99 ms", "max ms"):
        result.add_column(column, justify="left" if column == "loader" else "right")
    for figure in found["rivals"].values():
        speed, batch = figure["images_per_second"], figure["batch_ms"]
        result.add_row(
            figure["label"],
            f"{speed['median']:.0f}",
            f"{100 * speed['iqr'] / speed['median']:.0f} %",
            f"{figure['cpu_seconds_per_1000']['median']:.2f}",
            f"{figure['peak_mib']:.0f}",
            *(f"{batch[key]:.1f}" for key in ("p50", "p99", "max")),
        )
    return result


if __name__ == "__main__":
    main()
