"""Check and measure on a GPU, most valuable first; needs neither DALI nor pip nor a network.

    python -m benchmarks.gpu --out DIR                           # every group
    python -m benchmarks.gpu --group first --out DIR             # one group, within its seconds
    python -m benchmarks.gpu bits mixing --out DIR               # some steps
    python -m benchmarks.gpu --dry-run --out DIR                 # the same steps on the CPU; no figure counts
    python -m benchmarks.gpu --prebuilt FOLDER build --out DIR   # libraries built before, see benchmarks.gpu.prebuilt

Each step is a process with its own limit. It prints as it goes. A step that fails or hangs costs only itself. After
each step DIR/fastmix-gpu.tgz holds all logs and results so far; nothing else is written there.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks.gpu.runner import Run, run_all
from benchmarks.gpu.steps import GROUPS, STEPS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--group", choices=GROUPS, help="the steps of one group")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "build/gpu")), help="for the archive")
    parser.add_argument("--logs", type=Path, default=Path("build/gpu-logs"), help="for logs and JSON, emptied first")
    parser.add_argument("--seconds", type=float, help="for all steps; those that do not fit are left out")
    parser.add_argument("--prebuilt", type=Path, help="a folder of `python -m benchmarks.gpu.prebuilt`")
    parser.add_argument("--dry-run", action="store_true", help="the CPU forms of the steps")
    arguments = parser.parse_args()
    names = arguments.steps or (GROUPS[arguments.group] if arguments.group else list(STEPS))
    if unknown := set(names) - set(STEPS):
        parser.error(f"expected steps of {', '.join(STEPS)}, got {', '.join(sorted(unknown))}")
    run = Run(arguments.out.resolve(), arguments.logs.resolve(), arguments.dry_run, arguments.prebuilt)
    return run_all([STEPS[name] for name in names], run, arguments.seconds)


if __name__ == "__main__":
    sys.exit(main())
