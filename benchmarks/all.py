"""Every CPU comparison, one after another, then tables and charts: what ``make bench`` runs.

Only one runs at a time, and nothing else should. A comparison that fails is reported and the others go on; the exit
status tells. How long each took is a result too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.timing import write_json

# Options by name, of the script that the name begins with. In the order of what matters, should somebody stop it.
COMPARISONS: dict[str, list[str]] = {
    "loader": ["--rounds", "3"],
    "loader-cold": ["--cold", "--sets", "imagenet", "--rivals", "fastmix", "dali", "timm", "--rounds", "2"],
    "hotspots": [],
    "mix": ["--kind-repeats", "11"],
    "decode": [],
    "normalize": [],
    "resample": [],
    "augment": [],
    "augment_loader": [],
    "pack": [],
    "pack-intervals": ["--intervals"],
    "overhead": ["--hostile", "--repeats", "9"],
    "train": ["--rounds", "1"],
    "sweep": ["--seconds", "0.3"],
}
QUICK: dict[str, list[str]] = {
    "loader": ["--quick"],
    "loader-cold": ["--quick", "--cold", "--sets", "imagenet", "--rivals", "fastmix", "dali", "timm"],
    "hotspots": ["--quick"],
    "mix": ["--batch-size", "4", "--size", "32", "--repeats", "2"],
    "decode": ["--quick"],
    "normalize": ["--batch-size", "2", "--size", "32", "--repeats", "2"],
    "resample": ["--batch", "2", "--rounds", "1", "--runs", "1"],
    "augment": ["--batch-size", "2", "--size", "32", "--repeats", "2"],
    "augment_loader": ["--count", "8", "--batch-size", "8", "--size", "32", "--rounds", "2", "--seconds", "0.1"],
    "pack": ["--quick"],
    "pack-intervals": ["--quick", "--intervals"],
    "overhead": ["--hostile", "--count", "40", "--batch-size", "2", "--repeats", "2"],
    "train": ["--quick"],
    "sweep": ["--quick"],
}


def script(name: str) -> str:
    return f"benchmarks.{name.partition('-')[0]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shows that everything runs; figures go to build/")
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=list(COMPARISONS))
    arguments = parser.parse_args()
    folder = Path("build/benchmark-results" if arguments.quick else "benchmarks/results")
    options = QUICK if arguments.quick else COMPARISONS
    failed, seconds = [], {}
    for name in arguments.only:
        command = [sys.executable, "-m", script(name), *options[name], "--json", str(folder / f"{name}.json")]
        start = time.perf_counter()
        print(f"== {name}", flush=True)
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
        seconds[name] = time.perf_counter() - start
        print(f"== {name}: {seconds[name]:.0f} s", flush=True)
    if seconds.keys() == COMPARISONS.keys() and not failed:
        write_json(folder / "all.json", {"seconds": seconds})
    if not arguments.quick:
        subprocess.run([sys.executable, "-m", "benchmarks.plot"], check=True)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
