"""How long does training wait for data? With emulated accelerators, and with a small network trained on the same cores.

Accelerator utilisation is MLPerf Storage's: the time that computing takes if data is always there, as a share of the
time that went by. An emulated accelerator sleeps for as long as its step would take, as MLPerf Storage's own driver
does; 90 % is its limit for ResNet-50. Its accelerators take 400 images in 0.435 s (A100) and in 0.224 s (H100), which
this loads from one machine's cores; fractions of an A100 stand for machines with few.

    python -m benchmarks.train --json benchmarks/results/train.json
"""

from __future__ import annotations

import argparse
import os
import statistics

from rich.console import Console
from rich.table import Table

from benchmarks.data import read_description, write_set
from benchmarks.rivals import Job, label_of
from benchmarks.rivals.consumers import step_seconds
from benchmarks.rivals.contest import Contest
from benchmarks.timing import write_json

RIVALS = ("fastmix", "dali:mixing=torch", "timm", "pillow")
# configs/dlio/workload/resnet50_{a100,h100}.yaml of mlcommons/storage: batch_size / computation_time.
A100, H100 = 400 / 0.435, 400 / 0.224
ACCELERATORS = {"A100 / 2": A100 / 2, "A100": A100, "H100": H100}
LEAST_UTILISATION = 0.90


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rivals", nargs="+", default=RIVALS)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0, help="per rival, accelerator and round")
    parser.add_argument("--quick", action="store_true", help="few and small: shows that everything runs, no figures")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.batch_size = 1, 0.1, 2
    folder = write_set("imagenet", 4 if arguments.quick else None)
    job = Job(str(folder), arguments.batch_size, cores=arguments.cores)
    step = step_seconds(job)
    with Contest(arguments.rivals, job) as contest:
        rounds, seconds = arguments.rounds, arguments.seconds
        alone = contest.rounds(rounds, "throughput", seconds=seconds)
        emulated = {
            name: contest.rounds(rounds, "emulate", seconds=seconds, images_per_second=speed)
            for name, speed in ACCELERATORS.items()
        }
        trained = contest.rounds(rounds, "train", seconds=seconds, step_seconds=step)
        unavailable = contest.unavailable
    results = {
        "data": read_description(folder),
        "job": {**job._asdict(), "folder": folder.name},
        "least_utilisation": LEAST_UTILISATION,
        "accelerators": {name: round(speed) for name, speed in ACCELERATORS.items()},
        "bounds": {name: bounds(rounds) for name, rounds in alone.items()},
        "emulated": {name: summarized(answers) for name, answers in emulated.items()},
        "step_seconds": step,
        "trained": summarized(trained),
        "unavailable": unavailable,
    }
    Console(width=160).print(table(results))
    if arguments.json:
        write_json(arguments.json, results)


def bounds(rounds: list[dict]) -> dict[str, float]:
    """The utilisation of each accelerator that a loader cannot exceed: its images/s alone over the accelerator's."""
    speed = statistics.median(found["images"] / found["seconds"] for found in rounds)
    return {name: min(1.0, speed / asked) for name, asked in ACCELERATORS.items()}


def summarized(answers: dict[str, list[dict]]) -> dict[str, dict]:
    """Per rival medians: utilisation, milliseconds waited per step, images per second."""
    return {
        name: {
            "label": label_of(name),
            "utilisation": statistics.median(found["utilisation"] for found in rounds),
            "wait_ms": statistics.median(1e3 * found["waited"] / found["steps"] for found in rounds),
            "step_ms": statistics.median(1e3 * found["seconds"] / found["steps"] for found in rounds),
        }
        for name, rounds in answers.items()
    }


def table(results: dict) -> Table:
    columns = {**results["emulated"], "small network": results["trained"]}
    result = Table(
        title=f"utilisation and milliseconds waited per step; the network's step: {results['step_seconds']:.3f} s"
    )
    result.add_column("loader")
    for name in columns:
        result.add_column(name, justify="right")
    for name in results["trained"]:
        found = [figures.get(name) for figures in columns.values()]
        cells = (f"{100 * one['utilisation']:.0f} %  {one['wait_ms']:.1f}" if one else "-" for one in found)
        result.add_row(label_of(name), *cells)
    return result


if __name__ == "__main__":
    main()
