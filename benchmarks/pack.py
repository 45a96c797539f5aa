"""What does packing a data set cost, and how much faster does it load?

Photographs of ImageNet's size, as loose files and in the forms of ``fastmix.pack``, FFCV, LitData and Streaming:

* writing: seconds, CPU seconds and bytes of each form, until it is on the disk;
* loading: images/s of mixed training batches as in ``loader.py``, from the page cache; with the files thrown out of it
  before every round; and from an S3 server on loopback that lets every request wait.

Before, an epoch of packed photographs is compared with that of the loose ones, bit for bit. ``--slow-disk`` and
``--intervals`` measure epochs from a disk that serves few reads, and restart intervals, instead.

    python -m benchmarks.pack --json benchmarks/results/pack.json
    python -m benchmarks.pack --slow-disk --json benchmarks/results/pack-slow-disk.json
    python -m benchmarks.pack --intervals --json benchmarks/results/pack-intervals.json
"""

from __future__ import annotations

import argparse
import functools
import os
from pathlib import Path

import fastmix
from benchmarks.data import read_description, write_set
from benchmarks.loader import contest, evict
from benchmarks.packing import intervals, rows, slow_disk
from benchmarks.packing.store import serving
from benchmarks.packing.writing import compare_writers
from benchmarks.rivals import ALPHA, Job, packed
from benchmarks.rivals.prepared import files_of, forms
from benchmarks.sources import same_batches
from benchmarks.timing import write_json

WRITERS = {
    "packed": "fastmix.pack",
    "ffcv": "FFCV's DatasetWriter",
    "litdata": "LitData's optimize",
    "streaming": "Streaming's MDSWriter",
}
LOADERS = ("fastmix", "packed", "packed:shuffle=blocks", "ffcv", "litdata", "streaming")
CONDITIONS = ("warm", "cold", "store")


def check_same(job: Job) -> None:
    """Refuse to measure if packed photographs make other batches than loose ones."""
    options = {"mix": fastmix.Mixup(ALPHA), "num_threads": job.cores, "device": "cpu"}
    sources = (job.folder, [str(shard) for shard in packed.shards(job)])
    loose, ours = (fastmix.DataLoader(source, job.batch_size, job.size, **options) for source in sources)
    if not same_batches(loose, ours):
        raise SystemExit("packed: expected the batches of the loose files, got others")


def loading(condition: str, job: Job, options: argparse.Namespace) -> dict:
    """What each loader achieves under a condition."""
    names, rounds, seconds = tuple(options.loaders), options.rounds, options.seconds
    if condition == "store":
        with serving(Path(job.folder).parent, options.latency) as url:
            return contest(names, job._replace(store=url), rounds, 2 * seconds)
    if condition == "warm":
        return contest(names, job, rounds, seconds)
    files = [file for form in forms(job.folder) for file in files_of(form)]
    # FFCV maps its file by default, and mapped pages stay in memory.
    names = tuple(f"{name}:cache=process" if name == "ffcv" else name for name in names)
    return contest(names, job, rounds, seconds, functools.partial(evict, files))


def measure(options: argparse.Namespace) -> dict:
    folder = write_set("imagenet", options.count)
    job = Job(str(folder), options.batch_size, options.size, options.cores)
    few = job._replace(folder=str(write_set("imagenet", 8)))
    results = {"data": read_description(folder), "job": {**job._asdict(), "folder": folder.name}}
    writers = {name: WRITERS[name] for name in options.writers}
    results |= {"latency": options.latency, "writing": compare_writers(writers, job, few, options.rounds)}
    print("\n".join(" | ".join(row) for row in rows.writing_rows(results)), flush=True)
    check_same(job)
    results["loading"] = {name: loading(name, job, options) for name in options.conditions}
    print("\n".join(" | ".join(row) for row in rows.loading_rows(results)))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=4096, help="photographs")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3, help="at least 2")
    parser.add_argument("--seconds", type=float, default=2.0, help="per loader and round; twice that from the store")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds before the store answers")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--loaders", nargs="+", default=LOADERS, help="by default all")
    parser.add_argument(
        "--writers", nargs="*", choices=WRITERS, default=list(WRITERS), help="others write a form only if there is none"
    )
    parser.add_argument(
        "--slow-disk", action="store_true", help="epochs from a slow disk, and nothing else: needs root"
    )
    parser.add_argument("--reads", type=int, default=500, help="that the slow disk serves per second")
    parser.add_argument("--intervals", action="store_true", help="restart intervals, and nothing else")
    parser.add_argument("--quick", action="store_true", help="few and small: shows that everything runs, no figures")
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.quick:
        options.count, options.batch_size, options.rounds, options.seconds = 24, 4, 2, 0.1
    if options.intervals:
        fastmix.dali.load()
        results = intervals.measure(*((2, 2) if options.quick else (12, 15)))
        print("\n".join(" | ".join(row) for row in rows.interval_rows(results)))
    elif options.slow_disk:
        job = Job(str(write_set("imagenet", options.count)), options.batch_size, options.size, options.cores)
        results = slow_disk.measure(job, options.reads, options.rounds)
        print("\n".join(" | ".join(row) for row in rows.slow_disk_rows(results)))
    else:
        results = measure(options)
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
