"""A program: packs that are killed at random moments, COUNT rounds; prints at how many places the kills came.

kill_packs.py SEED COUNT DATA FOLDER. Every pack runs in a process forked from this one, which starts no thread. A kill
may leave whole shards, and files that end with ``.part``; packing again must end with the bytes of an undisturbed pack.
"""

import hashlib
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

from packs import digests, record

import fastmix.dali
from fastmix.packing.durable import PART
from fastmix.packing.pack import pack

LONGEST = 300.0


def start(data: Path, out: Path) -> int:
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        pack(data, out, shards="300KB", shuffle=7, jobs=2)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def wait(process: int) -> float:
    """Wait for a pack that has to end well; returns how long it took, in seconds."""
    begin = time.monotonic()
    while time.monotonic() - begin < LONGEST:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            assert status == 0, status
            return time.monotonic() - begin
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    raise AssertionError(f"the pack did not end within {LONGEST} s")


def kill(process: int, delay: float) -> None:
    time.sleep(delay)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def check_rest(out: Path) -> int:
    """Check what a kill left; returns how many shards are finished."""
    if not out.exists():
        return 0
    names = sorted(path.name for path in out.iterdir() if path.suffix != PART)
    assert "pack.json" in names or not names, names
    finished = record(out)["shards"] if names else []
    for shard in finished:
        data = (out / shard["name"]).read_bytes()
        assert hashlib.blake2b(data, digest_size=16).hexdigest() == shard["blake2b"]
    return len(finished)


def main(seed: int, count: int, data: Path, folder: Path) -> None:
    rng = random.Random(seed)
    fastmix.dali.load()  # so that kills come while samples are packed
    wait(start(data, folder / "whole"))
    took = wait(start(data, folder / "again"))
    expected = digests(folder / "whole")
    assert digests(folder / "again") == expected
    places = set()
    for number in range(count):
        out = folder / str(number)
        for _ in range(rng.randint(1, 2)):
            kill(start(data, out), rng.uniform(0, took))
            places.add(check_rest(out))
        wait(start(data, out))
        assert digests(out) == expected, f"round {number}"
        shutil.rmtree(out)
    sys.stdout.write(f"{len(places)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
