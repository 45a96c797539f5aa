"""How long the writers of packed forms take for a data set, each in a process of its own and one at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from benchmarks.rivals import Job
from benchmarks.rivals.contest import ROOT
from benchmarks.timing import summarize


def written(name: str, job: Job, few: Job) -> dict:
    """One writer's answer; see :mod:`benchmarks.rivals.prepared`."""
    jobs = [json.dumps(one._asdict()) for one in (job, few)]
    command = [sys.executable, "-m", "benchmarks.rivals.prepared", name, *jobs]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        errors = run.stderr.strip().splitlines()
        return {"unavailable": errors[-1][:300] if errors else f"died with status {run.returncode}"}
    return json.loads(run.stdout)


def compare_writers(writers: Mapping[str, str], job: Job, few: Job, rounds: int) -> dict:
    """Per writer what it takes for 1,000 photographs, and why the others do not run.

    Args:
        writers: names of rivals that have a form of their own, and of what writes it.
        job: of the data set.
        few: the same of a few photographs, which are written first and do not count.
        rounds: at least 2; who begins changes from round to round.
    """
    answers: dict[str, list[dict]] = {name: [] for name in writers}
    for turn in range(rounds):
        for name in list(answers)[:: -1 if turn % 2 else 1]:
            if not any("unavailable" in one for one in answers[name]):
                answers[name].append(written(name, job, few))
    count = len(job.files())
    found: dict[str, dict] = {"forms": {}, "unavailable": {}}
    for name, given in answers.items():
        if "unavailable" in given[-1]:
            found["unavailable"][writers[name]] = given[-1]["unavailable"]
            continue
        times = {key: summarize([1e3 * one[key] / count for one in given]) for key in ("seconds", "cpu_seconds")}
        found["forms"][name] = {
            "label": writers[name],
            **{f"{key}_per_1000": one._asdict() for key, one in times.items()},
            "bytes": given[-1]["bytes"],
        }
    return found
