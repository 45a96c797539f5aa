"""How do the loaders' speeds change with batch size, image size, threads, type, layout and share of mixed batches?

One setting at a time is changed from ImageNet-size photographs, batches of 64, 224 pixels, float32, contiguous, all
cores, every batch mixed. Measured as by ``benchmarks.loader``, in shorter rounds.

    python -m benchmarks.sweep --json benchmarks/results/sweep.json
"""

from __future__ import annotations

import argparse
import os

from rich.console import Console
from rich.table import Table

from benchmarks.data import read_description, write_set
from benchmarks.rivals import Job, label_of
from benchmarks.rivals.contest import Contest
from benchmarks.timing import summarize, write_json

# The loader, its ceiling (which does not mix), and what it is to replace.
RIVALS = ("fastmix", "dali", "timm")
BATCH_SIZES = (1, 16, 256, 1024)
SIZES = (32, 112, 448)
DTYPES = ("float16", "bfloat16")
SHARES = (0.0, 0.5)


def settings(cores: int) -> list[tuple[str, dict]]:
    """(name of what is changed, the change), beginning with none."""
    threads = [count for count in (1, 2, 4, 8, 16, 32, 64, 128) if count < cores]
    return [
        ("default", {}),
        *(("batch_size", {"batch_size": value}) for value in BATCH_SIZES),
        *(("size", {"size": value}) for value in SIZES),
        *(("cores", {"cores": value}) for value in threads),
        *(("dtype", {"dtype": value}) for value in DTYPES),
        ("channels_last", {"channels_last": True}),
        *(("share", {"share": value}) for value in SHARES),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rivals", nargs="+", default=RIVALS)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=2, help="at least 2")
    parser.add_argument("--seconds", type=float, default=0.5, help="per rival and round")
    parser.add_argument("--only", nargs="+", help="names of settings, by default all")
    parser.add_argument("--quick", action="store_true", help="few and small: shows that everything runs, no figures")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 2, 0.1
    folder = write_set("imagenet", 4 if arguments.quick else None)
    base = Job(str(folder), 2 if arguments.quick else 64, cores=arguments.cores)
    points = []
    with Contest(arguments.rivals, base) as contest:
        for name, change in settings(arguments.cores):
            job = base._replace(**change)
            if arguments.only and name not in arguments.only:
                continue
            if arguments.quick and (job.batch_size > 16 or job.size > 224):
                continue
            contest.open(job)
            answers = contest.rounds(arguments.rounds, "throughput", seconds=arguments.seconds)
            points.append({"changed": name, **change, **speeds_of(answers), "unavailable": contest.unavailable})
            print(name, change, medians(points[-1]), contest.unavailable or "", flush=True)
    Console(width=160).print(table(points, arguments.rivals))
    if arguments.json:
        job = {**base._asdict(), "folder": folder.name}
        write_json(arguments.json, {"data": read_description(folder), "job": job, "points": points})


def speeds_of(answers: dict[str, list[dict]]) -> dict:
    speeds = {rival: [found["images"] / found["seconds"] for found in rounds] for rival, rounds in answers.items()}
    return {"images_per_second": {rival: summarize(found)._asdict() for rival, found in speeds.items()}}


def medians(point: dict) -> dict[str, int]:
    return {rival: round(speed["median"]) for rival, speed in point["images_per_second"].items()}


def table(points: list[dict], rivals: tuple[str, ...]) -> Table:
    result = Table(title="images/s, medians")
    result.add_column("setting")
    for rival in rivals:
        result.add_column(label_of(rival), justify="right")
    for point in points:
        speeds = point["images_per_second"]
        cells = (f"{speeds[rival]['median']:.0f}" if rival in speeds else "-" for rival in rivals)
        result.add_row(setting_name(point), *cells)
    return result


def setting_name(point: dict) -> str:
    changed = point["changed"]
    return f"{changed}={point[changed]}" if changed in point else changed


if __name__ == "__main__":
    main()
