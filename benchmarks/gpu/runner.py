"""Runs steps as processes with limits, streams what they print, and packs the results after each."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = "fastmix-gpu.tgz"


@dataclass(frozen=True)
class Run:
    """Where the archive and the logs go, whether this is the CPU form, and libraries built before."""

    out: Path
    logs: Path
    dry_run: bool
    prebuilt: Path | None = None

    @property
    def device(self) -> str:
        return "cpu" if self.dry_run else "cuda"


@dataclass(frozen=True)
class Step:
    """One process.

    Attributes:
        name: Also of its log and, if it writes one, of its JSON.
        command: Its arguments; the first is a program.
        seconds: After these it is killed with all its children.
    """

    name: str
    command: Callable[[Run], list[str]]
    seconds: float


def run_all(steps: list[Step], run: Run, seconds: float | None) -> int:
    """Run steps in order; returns 0 if all succeeded."""
    run.out.mkdir(parents=True, exist_ok=True)
    run.logs.mkdir(parents=True, exist_ok=True)
    for old in run.logs.iterdir():
        old.unlink()
    deadline = None if seconds is None else time.monotonic() + seconds
    results: list[dict[str, Any]] = []
    for step in steps:
        left = step.seconds if deadline is None else min(step.seconds, deadline - time.monotonic())
        if left < 5:
            results.append({"step": step.name, "status": "left out", "seconds": 0})
        else:
            results.append(run_step(step, run, left))
        print(summary(results[-1]), flush=True)
        (run.logs / "steps.json").write_text(json.dumps({"dry_run": run.dry_run, "steps": results}, indent=1) + "\n")
        pack(run)
    print("\n" + "\n".join(summary(result) for result in results), flush=True)
    return 0 if all(result["status"] == "done" for result in results) else 1


def summary(result: dict[str, Any]) -> str:
    return f"{result['status']:<9} {result['step']:<12} {result['seconds']:.0f} s"


def run_step(step: Step, run: Run, limit: float) -> dict[str, Any]:
    """Run one process group; what it prints goes to its log and to the terminal at once."""
    command = step.command(run)
    print(f"== {step.name}, at most {limit:.0f} s: {' '.join(command)}", flush=True)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    if run.prebuilt:
        # The operators' JPEG library lies there.
        folders = [str(run.prebuilt.resolve()), os.environ.get("LD_LIBRARY_PATH")]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, folders))
    start = time.monotonic()
    with (run.logs / f"{step.name}.log").open("wb", buffering=0) as log:
        try:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            log.write(f"{error}\n".encode())
            print(error, flush=True)
            return {"step": step.name, "status": "failed", "seconds": 0.0, "exit": None}
        reader = threading.Thread(target=_stream, args=(process, log), daemon=True)
        reader.start()
        timed_out = False
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            # Also what the step has left running.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reader.join(5)
    status = "timed out" if timed_out else "done" if process.returncode == 0 else "failed"
    return {"step": step.name, "status": status, "seconds": time.monotonic() - start, "exit": process.returncode}


def _stream(process: subprocess.Popen, log: Any) -> None:
    while chunk := process.stdout.read1(65536):
        log.write(chunk)
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()


def pack(run: Run) -> None:
    """Replace the archive by one of all logs so far; a reader never sees half of it."""
    partial = run.out / f".{ARCHIVE}.part"
    with tarfile.open(partial, "w:gz") as archive:
        for file in sorted(run.logs.iterdir()):
            archive.add(file, arcname=file.name)
    partial.replace(run.out / ARCHIVE)
