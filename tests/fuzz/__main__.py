"""``python tests/fuzz``: mutated files, parsers, faults and long runs; writes docs/reliability.md.

``--part`` runs a part and leaves the figures of the others; ``--quick`` tries little and writes nothing.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results/reliability.json"
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
PLACES = [ROOT, *(ROOT / "tests" / name for name in ("", "dali", "loader", "fuzz"))]


def run(program: str, seed: int, count: int, *more: str, limit: float = 0.0) -> dict:
    """Run a program in a child; raises if it dies, hangs, or takes too much memory or time."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PLACES))}
    command = [sys.executable, str(ROOT / "tests" / program), str(seed), str(count), *more]
    limit = limit or 60 + count
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=3 * limit,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    if result["peak"] >= MOST_MEMORY or result.get("slowest", 0.0) >= MOST_CPU_SECONDS:
        raise SystemExit(f"{' '.join(command)} took too much: {result}")
    return {**result, "lines": len(done.stderr.splitlines())}


def try_group(group: str, seeds: range, count: int) -> dict[str, float]:
    """Decode and load mutated files of one format; return sums over the seeds, and maxima."""
    total = {"files": 0, "decoded": 0, "loaded": 0, "slowest": 0.0, "peak": 0}
    for seed in seeds:
        found = run("dali/decode_mutated.py", seed, count, group)
        with tempfile.TemporaryDirectory() as folder:
            loaded = run("fuzz/load_mutated.py", seed, count, group, folder)
        total["files"] += count
        total["decoded"] += found["counts"].get("ok", 0)
        total["loaded"] += loaded["good"]
        total["slowest"] = max(total["slowest"], loaded["slowest"])
        total["peak"] = max(total["peak"], found["peak"], loaded["peak"])
    return total


def images(options: argparse.Namespace, results: dict) -> None:
    """Mutated files of every format, decoded and loaded."""
    count = 100 if options.quick else options.count
    seeds = range(options.seed, options.seed + (1 if options.quick else options.seeds))
    for group in options.groups or GROUPS:
        results.setdefault("images", {})[group] = try_group(group, seeds, count)
        sys.stderr.write(f"{GROUPS[group]}: {results['images'][group]}\n")


def parsers(options: argparse.Namespace, results: dict) -> None:
    """Everything that fastmix parses itself, with a corpus kept by coverage."""
    sys.path[:0] = map(str, PLACES)
    from fuzz.native_programs import PROGRAMS, corpus_of
    from fuzz.native_programs import run as run_native

    results["parsers"] = table = {}
    count = 2_000 if options.quick else options.tries
    for name, program in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as folder:
            files = program.write_files(Path(folder, "files"))
            output = run_native(program.compile(Path(folder)), options.seed, count, *files, timeout=7200)
        table[name] = {"tries": count, **corpus_of(output)}
        sys.stderr.write(f"{name}: {table[name]}\n")
    count = 100 if options.quick else options.tries // 50
    with tempfile.TemporaryDirectory() as folder:
        for name, found in run("fuzz/parsers.py", options.seed, count, folder).items():
            if isinstance(found, dict):
                table[name] = {"tries": count, **found}
                sys.stderr.write(f"{name}: {found}\n")


def faults(options: argparse.Namespace, results: dict) -> None:
    """Faults at random moments."""
    sys.path[:0] = map(str, PLACES)
    from faults import FAULTS

    results["faults"] = table = {}
    count = 2 if options.quick else options.rounds
    for name in FAULTS:
        table[name] = run("fuzz/faults.py", options.seed, count, name, limit=60 + 10 * count)[name]
        sys.stderr.write(f"{name}: {count} rounds\n")


def soak(options: argparse.Namespace, results: dict) -> None:
    """Many epochs and many loaders."""
    results["soak"] = run("fuzz/soak.py", options.seed, 60 if options.quick else 1000)
    sys.stderr.write(f"{results['soak']}\n")


PARTS: dict[str, Callable[[argparse.Namespace, dict], None]] = {
    "images": images,
    "parsers": parsers,
    "faults": faults,
    "soak": soak,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, help="all of them by default")
    parser.add_argument("--groups", nargs="*", choices=GROUPS, help="formats of the images")
    parser.add_argument("--seed", type=int, default=100, help="the first one")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000, help="images of each format and seed")
    parser.add_argument("--tries", type=int, default=1_000_000, help="of each C++ parser; a 50th in Python")
    parser.add_argument("--rounds", type=int, default=200, help="of each fault")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() and not options.quick else {}
    for name in [options.part] if options.part else PARTS:
        PARTS[name](options, results)
    if not options.quick:
        from page import page

        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        (ROOT / "docs/reliability.md").write_text(page(results, GROUPS))


if __name__ == "__main__":
    main()
