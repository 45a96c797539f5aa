"""What does augmentation cost in the loader?

One process holds a loader for each policy. They load the same photographs in turns, and the order is reversed from
round to round. Figures are CPU milliseconds per image (user and system, all threads), and speed relative to the loader
without ``augment=``: the ratio of CPU times of the same round, as a median.

    python -m benchmarks.augment_loader --json benchmarks/results/augment_loader.json
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import fastmix
import fastmix.augment as fa
from benchmarks.data import read_description, write_set
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, help="photographs; by default all of the set")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=7, help="at least 2")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    folder = write_set("imagenet", arguments.count)
    options = {"mix": fastmix.Mixup(0.2), "device": "cpu"}
    loaders = {
        name: fastmix.DataLoader(folder, arguments.batch_size, arguments.size, augment=policy, **options)
        for name, policy in POLICIES.items()
    }
    for loader in loaders.values():
        cost(loader)  # builds its pipeline
    found: dict[str, list[float]] = {name: [] for name in loaders}
    for number in range(arguments.rounds):
        for name in sorted(loaders, reverse=bool(number % 2)):
            found[name].append(cost(loaders[name]))
    figures = {}
    for name, costs in found.items():
        speed = statistics.median(plain / own for plain, own in zip(found[PLAIN], costs, strict=True))
        figures[name] = {"cpu_ms": summarize(costs)._asdict(), "speed": speed}
        print(f"{name:40} {statistics.median(costs):6.3f} CPU ms per image, {speed:.2f} of the speed")
    if arguments.json:
        job = {"batch_size": arguments.batch_size, "size": arguments.size, "cores": len(os.sched_getaffinity(0))}
        write_json(arguments.json, {"data": read_description(folder), "job": job, "policies": figures})


if __name__ == "__main__":
    main()
