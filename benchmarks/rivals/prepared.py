"""Rivals that load a form of their own: it is written beside the folder of photographs, once.

Such a rival has ``FORM``, what the form's name ends with, and ``write(job, path)``. How long that takes:

    python -m benchmarks.rivals.prepared ffcv '{"folder": "build/benchmark-data/imagenet-1024-...", "cores": 2}'

writes it anew, and a few photographs before, which take the time of imports. One line of JSON: seconds until all bytes
are on the disk, CPU seconds, bytes; or why it does not run.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.rivals import Job, Unavailable, open_rival
from benchmarks.rivals.meter import cpu_seconds


def forms(folder: str) -> list[Path]:
    """The folder, and all that was written beside it."""
    path = Path(folder)
    return [path, *path.parent.glob(f"{path.name}-*")]


def files_of(form: Path) -> list[Path]:
    return [path for path in form.rglob("*") if path.is_file()] if form.is_dir() else [form]


def prepared(job: Job, form: str, write: Callable[[Job, Path], None], anew: bool = False) -> Path:
    """Where the form is; it gets its name when it is whole."""
    path, unfinished = Path(f"{job.folder}-{form}"), Path(f"{job.folder}.unfinished-{form}")
    if path.exists() and not anew:
        return path
    for old in (path, unfinished):
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    write(job, unfinished)
    return unfinished.rename(path)


def measure(name: str, job: Job, few: Job) -> dict:
    """What writing the form takes, on as many CPUs as the job asks for."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job.cores])
    module, _ = open_rival(name)
    try:
        prepared(few, module.FORM, module.write, anew=True)
    except Unavailable as reason:
        return {"unavailable": str(reason)}
    os.sync()
    before, start = cpu_seconds(os.getpid()), time.perf_counter()
    path = prepared(job, module.FORM, module.write, anew=True)
    os.sync()
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": cpu_seconds(os.getpid()) - before,
        "bytes": sum(file.stat().st_size for file in files_of(path)),
    }


def main() -> None:
    # Libraries print what they like; the answer has the pipe to itself.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, *jobs = sys.argv[1:]
    print(json.dumps(measure(name, *(Job(**json.loads(job)) for job in jobs))), file=answers, flush=True)


if __name__ == "__main__":
    main()
