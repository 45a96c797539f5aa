"""Build, test, check and measure on a machine with a GPU, with or without a network.

    python -m benchmarks.gpu --out DIR                    # all parts, one after the other
    python -m benchmarks.gpu build cuda_tests --out DIR   # some of them
    python -m benchmarks.gpu --dry-run --out DIR          # their CPU forms, to see that nothing is missing

Each part ends within ten minutes and leaves a log and PART.json in DIR; a part that fails does not stop the others.
The table at the end is what to look at first. DALI is used where it can be imported and is not needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path

from benchmarks.gpu.parts import PARTS, Settings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "build/gpu")))
    parser.add_argument("--dry-run", action="store_true", help="small CPU forms of all steps; no figure counts")
    parser.add_argument("--repeats", type=int, default=30, help="of each measurement")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"expected parts of {', '.join(PARTS)}, got {', '.join(sorted(unknown))}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    repeats = 2 if arguments.dry_run else arguments.repeats
    settings = Settings(arguments.out.resolve(), arguments.dry_run, repeats)
    rows = [row for name in arguments.parts or PARTS for row in run_part(name, settings)]
    print("\n" + "\n".join(rows))
    return 0 if all(not row.startswith("FAILED") for row in rows) else 1


def run_part(name: str, settings: Settings) -> list[str]:
    print(f"== {name}", flush=True)
    start = time.perf_counter()
    try:
        result, rows = PARTS[name](settings)
        failed = False
    except Exception as error:
        # A part that fails says nothing about the parts after it.
        traceback.print_exc()
        result, rows, failed = (
            {"error": repr(error)},
            [str(error).splitlines()[-1] if str(error) else repr(error)],
            True,
        )
    seconds = time.perf_counter() - start
    record = {"part": name, "dry_run": settings.dry_run, "seconds": round(seconds, 1), "results": result}
    (settings.out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    return [f"{'FAILED' if failed else 'done'}  {name}  {seconds:.0f} s", *(f"  {row}" for row in rows)]


if __name__ == "__main__":
    sys.exit(main())
