"""A program: writes mutated files of one group and loads them; prints counts, CPU time and peak memory as JSON.

load_mutated.py SEED COUNT GROUP FOLDER. The batches of an epoch must be the same the first time, again, and resumed,
under "skip" and "replace". The judge of ``fastmix scan`` must call every file bad that "skip" leaves out.
"""

import hashlib
import json
import random
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from data_support import make
from decode_mutated import FOR_PILLOW, group, mutated

import fastmix as fm
from fastmix.dali import pillow_decoder
from fastmix.loader.faults.judge import Judge

BATCH = 50
# Pillow takes memory for what a header claims.
MAX_PIXELS = 10**7


def digests(batches) -> list[str]:
    return [
        hashlib.blake2b(images.numpy().tobytes() + targets.numpy().tobytes()).hexdigest() for images, targets in batches
    ]


def check(files: list[tuple[Path, int]], on_error: str, pillow: bool) -> tuple[int, float]:
    """Compare an epoch with itself; return how many images it has, and the most CPU seconds that a batch took."""
    options = {"on_error": on_error, "max_bad": 1.0, "mix": fm.Mixup(0.4), "num_classes": 8, "size": 48}
    options |= {"decode_with_pillow": pillow, "max_pixels": MAX_PIXELS}
    loader = make(files, BATCH, **options)
    first, images, slowest, start = [], 0, 0.0, time.process_time()
    for batch in loader:
        first += digests([batch])
        images += len(batch[0])
        slowest, start = max(slowest, time.process_time() - start), time.process_time()
    loader.set_epoch(0)
    assert digests(loader) == first
    resumed = make(files, BATCH, depth=3, **options)
    resumed.load_state_dict({**loader.state_dict(), "epoch": 0, "step": len(first) // 2})
    assert digests(resumed) == first[len(first) // 2 :]
    return images, slowest


def main() -> None:
    seed, count, name, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    originals, files = group(name), []
    for i in range(count):
        files.append((folder / f"{i:05d}.{name}", i % 8))
        # Some are good: under "replace", others come in the place of the bad ones.
        files[-1][0].write_bytes(rng.choice(originals) if i % 4 == 0 else mutated(rng.choice(originals), rng))
    pillow = name in FOR_PILLOW
    good, slowest = check(files, "skip", pillow)
    judged = Judge(make(files, BATCH).source, MAX_PIXELS, 2, pillow_decoder() if pillow else 0).faults(np.arange(count))
    assert count - good <= len(judged)
    if name != "jp2":  # none of them can be replaced
        slowest = max(slowest, check(files, "replace", pillow)[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    sys.stdout.write(json.dumps({"good": good, "judged_bad": len(judged), "slowest": slowest, "peak": peak}) + "\n")


if __name__ == "__main__":
    main()
