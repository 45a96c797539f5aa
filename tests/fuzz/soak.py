"""A program: many epochs and many loaders over files of which some are bad; prints what they leave behind as JSON.

soak.py SEED EPOCHS: so many epochs of one loader, and twice as many loaders. After the first tenth, threads and file
descriptors have to stay as they are, and memory within 32 MiB.
"""

import json
import os
import random
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from data_support import make
from images import picture, saved

import fastmix as fm

COUNT, BATCH = 64, 8
PAGE = resource.getpagesize()
MOST_GROWTH = 32 << 20


def left_behind() -> dict[str, int]:
    """Memory in bytes, threads and file descriptors; the fewest of a second, since threads come and go."""
    threads = 10**9
    for _ in range(20):
        threads = min(threads, len(os.listdir("/proc/self/task")))
        time.sleep(0.05)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    return {"memory": resident, "threads": threads, "files": len(os.listdir("/proc/self/fd"))}


def flat(count: int, body: Callable[[int], None]) -> dict[str, int]:
    """Run ``body`` so often; returns by how much everything grew since the first tenth was over."""
    for i in range(count):
        if i == count // 10:
            before = left_behind()
        body(i)
    after = left_behind()
    growth = {name: after[name] - before[name] for name in before}
    assert growth["threads"] <= 0 and growth["files"] <= 0 and growth["memory"] < MOST_GROWTH, (before, after)
    return {"runs": count, **growth}


def main() -> None:
    seed, epochs = int(sys.argv[1]), int(sys.argv[2])
    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        files = [(Path(folder, f"{i}.jpg"), i % 8) for i in range(COUNT)]
        for path, i in files:
            path.write_bytes(saved(picture().rotate(7 * i), "JPEG"))
        for path, _ in rng.sample(files, COUNT // 8):
            data = path.read_bytes()
            path.write_bytes(rng.choice([b"", b"text", data[:200], data[: len(data) // 2], data[:-9] + bytes(9)]))
        options = {"on_error": "skip", "max_bad": 1.0, "mix": fm.Mixup(0.4), "num_classes": 8}
        loader = make(files, BATCH, **options)
        changing = files[0][0]
        good = changing.read_bytes()

        def one_epoch(i: int) -> None:
            # One file is good and bad in turn, so that verdicts come and go.
            changing.write_bytes(good if i % 2 else b"text")
            list(loader)

        def one_loader(i: int) -> None:
            batches = iter(make(files, BATCH, **options))
            for _ in range(i % 3):
                next(batches)

        result = {"epochs": flat(epochs, one_epoch), "loaders": flat(2 * epochs, one_loader)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    sys.stdout.write(json.dumps({**result, "peak": peak}) + "\n")


if __name__ == "__main__":
    main()
