"""What do damaged files cost? CPU milliseconds per good image of a loader's first epoch, beside a clean data set.

Medians of alternating rounds. A quarter each of the damaged files is cut in half, text, empty, or a header alone.

    python -m benchmarks.damaged --json benchmarks/results/damaged.json
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import fastmix as fm
from benchmarks.timing import summarize, write_json
from fastmix.cli.demo_data import write_photos

BATCH, SIZE, CLASSES = 64, 224, 5
CASES = [(0.0, "skip"), (0.05, "skip"), (0.05, "replace"), (1 / 3, "skip"), (1 / 3, "replace")]


def damage(data: bytes, kind: int) -> bytes:
    return [data[: len(data) // 2], b"<html>not an image</html>", b"", data[:200]][kind % 4]


def write_damaged(clean: Path, folder: Path, share: float) -> Path:
    shutil.copytree(clean, folder)
    paths = sorted(folder.glob("*/*.jpg"))
    for kind, place in enumerate(np.random.default_rng(0).permutation(len(paths))[: round(share * len(paths))]):
        paths[place].write_bytes(damage(paths[place].read_bytes(), kind))
    return folder


def first_epoch(data: Path, on_error: str) -> float:
    """CPU milliseconds per image."""
    options = {"on_error": on_error, "max_bad": 1.0, "last_batch": "partial", "mix": fm.Mixup(0.2)}
    loader = fm.DataLoader(data, BATCH, SIZE, device="cpu", num_threads=2, **options)
    start = time.process_time()
    images = sum(len(images) for images, _ in loader)
    return 1e3 * (time.process_time() - start) / images


def measure(count: int, rounds: int) -> dict[str, dict]:
    times: dict[tuple[float, str], list[float]] = {case: [] for case in CASES}
    with tempfile.TemporaryDirectory() as folder:
        clean = write_photos(Path(folder, "clean"), count, CLASSES, seed=1)
        data = {share: write_damaged(clean, Path(folder, f"{share:.2f}"), share) for share in dict(CASES)}
        for turn in range(rounds + 1):
            for share, on_error in CASES[:: 1 if turn % 2 else -1]:
                taken = first_epoch(data[share], on_error)
                if turn:
                    times[share, on_error].append(taken)
    return {f"{share:.0%} {on_error}": summarize(taken)._asdict() for (share, on_error), taken in times.items()}


def table(results: dict[str, dict]) -> str:
    clean = results["0% skip"]["median"]
    rows = [
        f"| {name.split()[0]} | `{name.split()[1]}` | {result['median']:.2f} | {result['median'] / clean:.2f} |"
        for name, result in results.items()
    ]
    return "\n".join(["| damaged | `on_error` | CPU ms per image | to clean |", "|--:|---|--:|--:|", *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="photographs")
    parser.add_argument("--rounds", type=int, default=5, help="at least 2")
    parser.add_argument("--quick", action="store_true", help="few: shows that everything runs, no figures")
    parser.add_argument("--json", help="write the results here")
    options = parser.parse_args()
    if options.quick:
        options.count, options.rounds = 128, 2
    warnings.simplefilter("ignore", fm.loader.BadSampleWarning)
    results = measure(options.count, options.rounds)
    print(table(results))
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
