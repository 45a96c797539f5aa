"""What does augmentation cost in the loader, and in others?

Policies: one process holds a loader for each policy. They load the same photographs in turns, and the order is reversed
from round to round. Figures are CPU milliseconds per image (user and system, all threads), and speed relative to the
loader without ``augment=``: the ratio of CPU times of the same round, as a median.

Recipes: torchvision's V2 at 176 and 224 pixels, RandAugment n = 2, DeiT's and DINO's ten views; through fastmix,
fastmix with the recipe's crops, flips and mixing alone ("plain"), torch's DataLoader over Pillow with torchvision's or
timm's classes, timm's ``create_loader`` and DALI's ``auto_aug``. Each has a process of its own, and only one works at a
time, as in ``loader.py``. A time over another's is the median of the rounds' ratios, by wall clock and by CPU seconds.

    python -m benchmarks.augment_loader --json benchmarks/results/augment_loader.json
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import fastmix
import fastmix.augment as fa
from benchmarks.data import read_description, write_set
from benchmarks.rivals import Job, label_of
from benchmarks.rivals.contest import Contest
from benchmarks.timing import summarize, write_json

PLAIN = "no augment"
POLICIES: dict[str, fa.SamplePolicy | None] = {
    PLAIN: None,
    "RandomResizedCrop alone": fa.RandomResizedCrop(),
    "TrivialAugmentWide": fa.TrivialAugmentWide(),
    "RandAugment(2, 9)": fa.RandAugment(2, 9),
    "V2: TrivialAugmentWide, erasing 0.1": fa.Compose([fa.TrivialAugmentWide(), fa.RandomErasing(0.1)]),
    "DeiT: rand-m9-mstd0.5-inc1, noise 0.25": fa.Compose(
        [fa.from_timm("rand-m9-mstd0.5-inc1"), fa.RandomErasing(0.25, "pixel", dialect="timm")]
    ),
}


def cost(loader: fastmix.DataLoader) -> float:
    """Return the CPU milliseconds per image of one epoch."""
    start, images = time.process_time(), 0
    for batch, _ in loader:
        images += len(batch)
    return 1e3 * (time.process_time() - start) / images


class Row(NamedTuple):
    """A recipe of ``benchmarks.rivals.recipes``, and the side of its images in pixels."""

    recipe: str
    size: int


ROWS = {
    "torchvision V2, 176 px": Row("v2", 176),
    "torchvision V2, 224 px": Row("v2", 224),
    "RandAugment n2 m9, 224 px": Row("randaugment", 224),
    "DeiT, 224 px": Row("deit", 224),
    "DINO, 2 x 224 and 8 x 96 px": Row("dino", 224),
}
OURS, BESIDE, RIVALS = "fastmix", "plain", ("pillow", "timm", "dali")


def policies(folder: Path, batch_size: int, size: int, rounds: int) -> dict:
    """Return each policy's cost beside the loader without augmentation."""
    options = {"mix": fastmix.Mixup(0.2), "device": "cpu"}
    loaders = {
        name: fastmix.DataLoader(folder, batch_size, size, augment=policy, **options)
        for name, policy in POLICIES.items()
    }
    for loader in loaders.values():
        cost(loader)  # builds its pipeline
    found: dict[str, list[float]] = {name: [] for name in loaders}
    for number in range(rounds):
        for name in sorted(loaders, reverse=bool(number % 2)):
            found[name].append(cost(loaders[name]))
    figures = {}
    for name, costs in found.items():
        speed = statistics.median(plain / own for plain, own in zip(found[PLAIN], costs, strict=True))
        figures[name] = {"cpu_ms": summarize(costs)._asdict(), "speed": speed}
        print(f"{name:40} {statistics.median(costs):6.3f} CPU ms per image, {speed:.2f} of the speed")
    return figures


def recipe(name: str, row: Row, job: Job, rounds: int, seconds: float) -> dict:
    """Return what each loader needs per image with a recipe, and its times over fastmix's in the same round."""
    names = {who: f"recipes.{who}:recipe={row.recipe}" for who in (OURS, *RIVALS)}
    if row.recipe != "dino":
        names[BESIDE] = f"recipes.fastmix:recipe={row.recipe},plain=yes"
    with Contest(names.values(), job._replace(size=row.size)) as contest:
        answers = contest.rounds(rounds, "throughput", seconds=seconds)
        unavailable = contest.unavailable
    wall, cpu = (
        {who: [one[key] / one["images"] for one in answers[full]] for who, full in names.items() if full in answers}
        for key in ("seconds", "cpu_seconds")
    )
    found = {
        who: {
            "label": label_of(names[who].partition(":")[0]) + (", plain" if who == BESIDE else ""),
            "wall_ms": summarize([1e3 * value for value in wall[who]])._asdict(),
            "cpu_ms": summarize([1e3 * value for value in cpu[who]])._asdict(),
            "wall_over_fastmix": ratio(wall[who], wall[OURS]),
            "cpu_over_fastmix": ratio(cpu[who], cpu[OURS]),
        }
        for who in wall
    }
    print(name)
    for figure in found.values():
        print(
            f"  {figure['label']:28} {figure['wall_ms']['median']:7.3f} ms, {figure['cpu_ms']['median']:7.3f} CPU ms "
            f"per image; {figure['wall_over_fastmix']:.2f}x and {figure['cpu_over_fastmix']:.2f}x fastmix's"
        )
    reasons = {who: unavailable[full] for who, full in names.items() if full in unavailable}
    for who, reason in reasons.items():
        print(f"  {who} does not run: {reason}")
    return {"size": row.size, "loaders": found, "unavailable": reasons}


def ratio(times: list[float], ours: list[float]) -> float:
    return statistics.median(one / own for one, own in zip(times, ours, strict=True))


def policy_rows(results: dict) -> list[list[str]]:
    """Return the table of the policies."""
    lines = [["in the loader", "CPU ms per image", "speed beside no augment"]]
    for name, figure in results["policies"].items():
        lines.append([name, f"{figure['cpu_ms']['median']:.3f}", f"{figure['speed']:.2f}"])
    return lines


def recipe_rows(results: dict) -> list[list[str]]:
    """Return the table of the recipes: ms per image by wall clock, and its multiple of fastmix's."""
    columns = {OURS: "fastmix", BESIDE: "plain", "pillow": "Pillow", "timm": "timm", "dali": "DALI auto_aug"}
    lines = [["recipe: ms per image, wall (CPU)", *columns.values()]]
    for name, row in results["recipes"].items():
        cells = []
        for who in columns:
            one = row["loaders"].get(who)
            if one is None:
                cells.append("-")
                continue
            text = f"{one['wall_ms']['median']:.2f} ({one['cpu_ms']['median']:.2f})"
            over = f"{one['wall_over_fastmix']:.2f}x ({one['cpu_over_fastmix']:.2f}x)"
            cells.append(text if who == OURS else f"{text}, {over}")
        lines.append([name, *cells])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, help="photographs; by default all of the set")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--size", type=int, default=224, help="of the policies' images")
    parser.add_argument("--rounds", type=int, default=5, help="at least 2")
    parser.add_argument("--seconds", type=float, default=1.5, help="per loader and round of the recipes")
    parser.add_argument(
        "--rows", nargs="*", choices=list(ROWS), default=list(ROWS), help="recipes; none for policies alone"
    )
    parser.add_argument("--json")
    arguments = parser.parse_args()
    folder = write_set("imagenet", arguments.count)
    cores = len(os.sched_getaffinity(0))
    job = Job(str(folder), arguments.batch_size, cores=cores)
    results = {
        "data": read_description(folder),
        "job": {"batch_size": arguments.batch_size, "size": arguments.size, "cores": cores},
        "policies": policies(folder, arguments.batch_size, arguments.size, arguments.rounds),
        "recipes": {
            name: recipe(name, ROWS[name], job, arguments.rounds, arguments.seconds) for name in arguments.rows
        },
    }
    if arguments.json:
        write_json(arguments.json, results)


if __name__ == "__main__":
    main()
