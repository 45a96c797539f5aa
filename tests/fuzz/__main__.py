"""``python tests/fuzz``: decodes and loads mutated files of every format, and writes docs/reliability.md.

``--quick`` tries a few files and writes nothing.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
GROUPS = {
    "jpg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "tif": "TIFF",
    "bmp": "BMP",
    "pnm": "PNM",
    "jp2": "JPEG 2000",
    "gif": "GIF with Pillow",
    "avif": "AVIF with Pillow",
    "j2k": "JPEG 2000 with Pillow",
}
MOST_MEMORY = 1 << 30
# Of a whole batch, and so of each of its files.
MOST_CPU_SECONDS = 1.0


def run(program: str, seed: int, count: int, *more: str) -> dict:
    """Run a program in a child; raises if it dies, hangs, or takes too much memory or time."""
    places = [ROOT, ROOT / "tests", ROOT / "tests/dali", ROOT / "tests/loader"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    command = [sys.executable, str(ROOT / "tests" / program), str(seed), str(count), *more]
    limit = 60 + count
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=2 * limit,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    if result["peak"] >= MOST_MEMORY or result.get("slowest", 0.0) >= MOST_CPU_SECONDS:
        raise SystemExit(f"{' '.join(command)} took too much: {result}")
    return result


def try_group(group: str, seeds: int, count: int) -> dict[str, float]:
    """Decode and load mutated files of one format; return sums over the seeds, and maxima."""
    total = {"decoded": 0, "refused": 0, "loaded": 0, "bad": 0, "slowest": 0.0, "peak": 0}
    for seed in range(100, 100 + seeds):
        found = run("dali/decode_mutated.py", seed, count, group)
        good = found["counts"].get("ok", 0)
        total["decoded"] += good
        total["refused"] += count - good
        with tempfile.TemporaryDirectory() as folder:
            loaded = run("fuzz/load_mutated.py", seed, count, group, folder)
        total["loaded"] += loaded["good"]
        total["bad"] += count - loaded["good"]
        total["slowest"] = max(total["slowest"], loaded["slowest"])
        total["peak"] = max(total["peak"], found["peak"], loaded["peak"])
    return total


def page(results: dict[str, dict], seeds: int, count: int) -> str:
    tried = f"{seeds * count:,}"
    rows = "\n".join(
        f"| {GROUPS[group]} | {tried} | {r['decoded']:,} | {r['refused']:,} | {tried} | {r['loaded']:,} | {r['bad']:,} "
        f"| {r['slowest']:.2f} | {r['peak'] / 2**20:.0f} |"
        for group, r in results.items()
    )
    return f"""# Reliability

`make fuzz` writes this page. It damages files of every format, {seeds} seeds of {count:,} files each, and needs about
40 minutes on two cores. `make test` runs a short form.

A file is changed in 1 to 6 places: flipped bits, extreme numbers in headers, cuts, random runs, deletions, insertions.
Each file is decoded in three windows by the `decode` operator, in another order and with another number of threads, and
comes through `DataLoader` with `on_error="skip"` and `"replace"` and the judge of `fastmix scan`. For the loader
a quarter of the files is left undamaged. Every program runs in a process of its own and has to end by itself.

| format | files decoded | good | refused | files loaded | good | skipped | CPU s, slowest batch | peak memory, MiB |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
{rows}

Failures: 0. The run stops at the first crash, hang, exception, batch that is different when an epoch is run again or
resumed, verdict that depends on anything but the file and the window, or peak memory of 1 GiB. A batch has 50 files.
JPEG 2000 is refused, because damaged files crash the library that would decode it.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.count = 1, 100
    results = {}
    for group, name in GROUPS.items():
        results[group] = try_group(group, options.seeds, options.count)
        sys.stderr.write(f"{name}: {results[group]}\n")
    if not options.quick:
        (ROOT / "docs/reliability.md").write_text(page(results, options.seeds, options.count))


if __name__ == "__main__":
    main()
