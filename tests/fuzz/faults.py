"""A program: faults at random moments, COUNT rounds of each; prints how many rounds went well as JSON.

faults.py SEED COUNT [FAULT]. Every round is a process of its own, forked from this one before it has any thread. It has
to end by itself, and its batches have to be those of an undisturbed epoch.
"""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from data_support import make
from images import picture, saved
from store import Store

import fastmix as fm
from fastmix.loader import StallError

COUNT, BATCH = 32, 4
BAD = (3, 11, 17)
OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "num_classes": COUNT, "on_error": "skip", "max_bad": 1.0}
# Generous: machines are loaded.
LONGEST = 300.0
Files = list[tuple[str, int]]


def digest(batch) -> str:
    images, targets = batch
    return hashlib.blake2b(images.numpy().tobytes() + targets.numpy().tobytes(), digest_size=8).hexdigest()


def epoch_of(loader, epoch: int = 0) -> list[str]:
    loader.set_epoch(epoch)
    return [digest(batch) for batch in loader]


class Round:
    """What a round has: random numbers, an empty folder, the images, and the digests of an undisturbed epoch."""

    def __init__(self, rng: random.Random, folder: Path, files: Files, expected: dict[str, list[str]]) -> None:
        self.rng = rng
        self.folder = folder
        self.files = files
        self.expected = expected

    def in_child(self, body: Callable[[], None]) -> int:
        """Fork; the child runs ``body`` and ends as a program does. Returns its process."""
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            raise EndOfRound(body)
        return process

    def wait(self, process: int) -> int:
        """Wait for a child; returns what ``subprocess`` calls its return code."""
        deadline = time.monotonic() + LONGEST
        while True:
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                raise AssertionError(f"did not end within {LONGEST} s")
            time.sleep(0.005)

    def run(self, body: Callable[[], None]) -> None:
        """Run ``body`` in a child that has to end well."""
        assert (code := self.wait(self.in_child(body))) == 0, f"ended with {code}"


class EndOfRound(BaseException):
    """Carries a child's body up to the end of the program, so that it ends as a program does."""


def interrupted(round: Round) -> None:
    """SIGINT at a random moment ends the program with KeyboardInterrupt."""

    def body() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        (round.folder / "ready").touch()
        loader = make(round.files, BATCH, **OPTIONS)
        while True:
            list(loader)

    process = round.in_child(body)
    while not (round.folder / "ready").exists():
        time.sleep(0.001)
    time.sleep(round.rng.random())
    os.kill(process, signal.SIGINT)
    assert (code := round.wait(process)) == -signal.SIGINT, f"ended with {code}"


def daemon_thread(round: Round) -> None:
    """The program ends while a daemon thread iterates."""

    def body() -> None:
        loader = make(round.files, BATCH, **OPTIONS)
        threading.Thread(target=lambda: [list(loader) for _ in range(10**6)], daemon=True).start()
        time.sleep(round.rng.random())

    round.run(body)


def forked(round: Round) -> None:
    """A process forks amid an epoch: both go on with the same batches."""

    def body() -> None:
        loader = make(round.files, BATCH, **OPTIONS)
        batches, first = iter(loader), []
        for _ in range(round.rng.randrange(1, COUNT // BATCH)):
            first.append(digest(next(batches)))
        child = os.fork()
        if child == 0:
            ok = epoch_of(make(round.files, BATCH, **OPTIONS)) == epoch_of(loader) == round.expected["good"]
            os._exit(0 if ok else 1)
        first += map(digest, batches)
        assert first == round.expected["good"]
        assert round.wait(child) == 0

    round.run(body)


def rank_killed(round: Round) -> None:
    """A rank is killed at a random moment and resumes from its last state: its batches are those of the epoch."""
    log = round.folder / "log"

    def body() -> None:
        loader = make(round.files, BATCH // 2, rank=1, world_size=2, **OPTIONS)
        lines = log.read_text().splitlines() if log.exists() else []
        if lines:
            loader.load_state_dict(json.loads(lines[-1])["state"])
        if len(lines) == len(loader):
            return
        with log.open("a") as file:
            for batch in loader:
                file.write(json.dumps({"batch": digest(batch), "state": loader.state_dict()}) + "\n")
                file.flush()
                time.sleep(0.02)

    process = round.in_child(body)
    time.sleep(0.6 * round.rng.random())
    os.kill(process, signal.SIGKILL)
    assert round.wait(process) in (0, -signal.SIGKILL)
    if log.exists():
        whole = log.read_bytes()
        log.write_bytes(whole[: whole.rfind(b"\n") + 1])
    round.run(body)
    assert [json.loads(line)["batch"] for line in log.read_text().splitlines()] == round.expected["rank 1"]


def full_disk(round: Round) -> None:
    """The quarantine file does not fit on the disk; then there is space again."""
    files = [(str(round.folder / f"{i}.jpg"), i) for i in range(COUNT)]
    for (path, i), (good, _) in zip(files, round.files, strict=True):
        Path(path).write_bytes(b"text" if i in BAD else Path(good).read_bytes())

    def body() -> None:
        quarantine = round.folder / "bad.jsonl"
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (round.rng.randrange(600), limits[1]))
        assert epoch_of(make(files, BATCH, quarantine=quarantine, **OPTIONS)) == round.expected["bad"]
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        for _ in range(2):
            loader = make(files, BATCH, quarantine=quarantine, **OPTIONS)
            assert epoch_of(loader) == round.expected["bad"] and len(loader.bad_samples) == len(BAD)

    round.run(body)


def store_hangs(round: Round) -> None:
    """A store accepts and never answers: ``timeout`` ends the wait, and the program ends."""

    def body() -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(50)
            os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{listening.getsockname()[1]}"
            wait = 0.2 + round.rng.random() / 2
            loader = make([(f"s3://bucket/{i}", i) for i in range(8)], BATCH, timeout=wait, stall_after=None)
            try:
                list(loader)
            except StallError:
                return
            raise AssertionError("no StallError")

    round.run(body)


def store_killed(round: Round) -> None:
    """A store goes away amid an epoch and comes back: the epochs end, and then nothing is missing."""

    def body() -> None:
        with Store({str(i): Path(path).read_bytes() for path, i in round.files}) as store:
            os.environ["AWS_ENDPOINT_URL"] = store.url
            loader = make([(f"s3://bucket/{i}", i) for i in range(COUNT)], BATCH, **OPTIONS)
            fails, lasts = round.rng.random() / 2, 2 * round.rng.random()
            outage = [threading.Timer(fails, store.stop), threading.Timer(fails + lasts, store.start)]
            for timer in outage:
                timer.start()
            list(loader)
            for timer in outage:
                timer.join()
            assert epoch_of(loader) == round.expected["good"]

    round.run(body)


FAULTS = {
    "interrupted": interrupted,
    "daemon thread at exit": daemon_thread,
    "forked": forked,
    "rank killed": rank_killed,
    "full disk": full_disk,
    "store hangs": store_hangs,
    "store killed": store_killed,
}


def expected_of(files: Files, folder: Path) -> dict[str, list[str]]:
    """Digests of undisturbed epochs, from a process of its own, so that this one stays without threads."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        bad = [(path, i) for path, i in files]
        for i in BAD:
            bad[i] = (str(folder / "bad.jpg"), i)
        (folder / "bad.jpg").write_bytes(b"text")
        found = {
            "good": epoch_of(make(files, BATCH, **OPTIONS)),
            "bad": epoch_of(make(bad, BATCH, **OPTIONS)),
            "rank 1": epoch_of(make(files, BATCH // 2, rank=1, world_size=2, **OPTIONS)),
        }
        os.write(writer, json.dumps(found).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        found = json.load(file)
    os.waitpid(process, 0)
    return found


def main() -> None:
    seed, count, chosen = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    warnings.simplefilter("ignore")
    store = {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1", "MAX_ATTEMPTS": "1"}
    os.environ.update({f"AWS_{name}": value for name, value in store.items()}, AWS_EC2_METADATA_DISABLED="true")
    top, this_process = tempfile.mkdtemp(), os.getpid()
    try:
        result = run_all(seed, count, chosen or list(FAULTS), Path(top))
    except EndOfRound as end:
        return end.args[0]()
    finally:
        if os.getpid() == this_process:
            shutil.rmtree(top)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    sys.stdout.write(json.dumps({**result, "peak": peak}) + "\n")


def run_all(seed: int, count: int, chosen: list[str], top: Path) -> dict[str, int]:
    """Run ``count`` rounds of each fault."""
    files = [(str(top / f"{i}.jpg"), i) for i in range(COUNT)]
    for path, i in files:
        Path(path).write_bytes(saved(picture().rotate(7 * i), "JPEG"))
    expected = expected_of(files, top)
    for name in chosen:
        for number in range(count):
            folder = top / f"{name} {number}"
            folder.mkdir()
            FAULTS[name](Round(random.Random(f"{seed} {name} {number}"), folder, files, expected))
        sys.stderr.write(f"{name}: {count} rounds\n")
    return dict.fromkeys(chosen, count)


if __name__ == "__main__":
    main()
