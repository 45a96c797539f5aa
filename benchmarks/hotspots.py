"""Where do the CPU seconds of loading go? Samples of the whole process, by the library that was running.

Linux' ``perf`` looks at fastmix and at DALI without mixing, each in a process of its own, 499 times a second while it
makes batches as for ``benchmarks.loader``: whatever thread it is, C++ or Python. Shares are turned into milliseconds
per photograph with the CPU time that the process used meanwhile.

    python -m benchmarks.hotspots --json benchmarks/results/hotspots.json
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.data import read_description, write_set
from benchmarks.loader import SETTINGS
from benchmarks.rivals import Job, label_of
from benchmarks.rivals.contest import Contest
from benchmarks.timing import write_json

RIVALS = ("fastmix", "dali")
SETS = ("imagenet", "large")
# In this order; the first that matches a library's name.
PARTS = {
    "JPEG decoding": r"jpeg|nvimgcodec",
    "fastmix: crop, resize, mix, normalise": r"fastmix",
    "DALI: its operators, executor and threads": r"dali",
    "Python, NumPy, torch": r"python|numpy|multiarray|torch|libc10|backend_impl",
    "C and C++ libraries: copies, memory, locks": r"^lib(c|m|stdc\+\+|pthread)\.|^ld-linux",
    "kernel: files, pages, scheduling": r"kernel|vdso|kallsyms",
}
OTHER = "other"
# By a timer, since not every machine counts cycles.
SAMPLING = ("-e", "cpu-clock", "-F", "499")


def part_of(library: str) -> str:
    return next((part for part, pattern in PARTS.items() if re.search(pattern, library)), OTHER)


def shares(report: str) -> dict[str, float]:
    """``perf report --sort dso`` as the share of each part."""
    found: dict[str, float] = defaultdict(float)
    for percent, library in re.findall(r"^\s*([\d.]+)%\s+(\S+)", report, re.M):
        found[part_of(library)] += float(percent) / 100
    return dict(found)


def unavailable() -> str | None:
    """Why samples cannot be taken here."""
    if shutil.which("perf") is None:
        return "perf is not installed (Debian: linux-perf)"
    tried = subprocess.run(
        ["perf", "record", "-q", *SAMPLING, "-o", os.devnull, "true"], capture_output=True, text=True
    )
    return None if tried.returncode == 0 else f"perf: {tried.stderr.strip().splitlines()[-1]}"


def sampled(contest: Contest, name: str, seconds: float, tries: int = 3) -> dict:
    """One loader's CPU milliseconds per photograph, and the share of each part."""
    for _ in range(tries):
        found = sampled_once(contest, name, seconds)
        # perf sees nothing where a thread ends just while it attaches to them all.
        if 0.9 < sum(found["share"].values()) < 1.1:
            return found
    raise RuntimeError(f"perf took no samples of {name}: {found['share']}")


def sampled_once(contest: Contest, name: str, seconds: float) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "perf.data")
        watched = ["perf", "record", "-q", *SAMPLING, "-p", str(contest.rivals[name].pid), "-o", file]
        # The samples end before the batches do.
        with subprocess.Popen([*watched, "--", "sleep", f"{seconds}"]):
            found = contest.rivals[name].ask("throughput", seconds=seconds)
        report = subprocess.run(
            ["perf", "report", "-i", file, "--stdio", "--sort", "dso"], check=True, capture_output=True, text=True
        )
    return {
        "label": label_of(name),
        "cpu_ms_per_photograph": 1e3 * found["cpu_seconds"] / found["images"],
        "share": shares(report.stdout),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=4.0, help="per loader and set")
    parser.add_argument("--quick", action="store_true", help="few and small: shows that everything runs, no figures")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    reason, sets = unavailable(), {}
    for name in SETS if reason is None else ():
        folder = write_set(name, 4 if arguments.quick else None)
        job = Job(str(folder), 2 if arguments.quick else SETTINGS[name].batch_size, cores=arguments.cores)
        with Contest(RIVALS, job) as contest:
            seconds = 0.1 if arguments.quick else arguments.seconds
            rivals = {rival: sampled(contest, rival, seconds) for rival in contest.rivals}
        sets[name] = {
            "data": read_description(folder),
            "job": {**job._asdict(), "folder": folder.name},
            "rivals": rivals,
        }
    results = {"sets": sets, "unavailable": reason}
    table = Table(title="CPU milliseconds per photograph")
    head, *rows = rows_of(results)
    for column in head:
        table.add_column(column, justify="left" if column == head[0] else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=160).print(table)
    if arguments.json:
        write_json(arguments.json, results)


def rows_of(results: dict) -> list[list[str]]:
    """The rows of the table, column names first."""
    columns = {
        f"{name}: {rival['label']}": rival
        for name, found in results["sets"].items()
        for rival in found["rivals"].values()
    }
    if not columns:
        return [["CPU ms per photograph"], [f"could not be sampled: {results['unavailable']}"]]
    rows = [["CPU ms per photograph", *columns]]
    for part in (*PARTS, OTHER):
        cells = ((rival["share"].get(part, 0.0), rival["cpu_ms_per_photograph"]) for rival in columns.values())
        rows.append([part, *(f"{share * all_ms:.2f} ({100 * share:.0f} %)" for share, all_ms in cells)])
    return [*rows, ["all", *(f"{rival['cpu_ms_per_photograph']:.2f}" for rival in columns.values())]]


if __name__ == "__main__":
    main()
