"""``python -m benchmarks.gpu``: limits, archive and order, and the CPU form of every step."""

import json
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gpu.prebuilt import PACKAGE, jpeg_libraries
from benchmarks.gpu.runner import ARCHIVE, Run, Step, run_all, run_step
from benchmarks.gpu.steps import GROUPS, STEPS


@pytest.fixture
def trial(tmp_path: Path) -> Run:
    (tmp_path / "logs").mkdir()
    return Run(tmp_path / "out", tmp_path / "logs", dry_run=True)


def program(name: str, text: str, seconds: float = 30) -> Step:
    return Step(name, lambda _: [sys.executable, "-c", text], seconds)


HANG = "import subprocess, time; print('before', flush=True); subprocess.run(['sleep', '60'])"


def test_a_failing_and_a_hanging_step_cost_only_themselves(trial: Run) -> None:
    steps = [program("fails", "raise SystemExit(3)"), program("hangs", HANG, 6), program("works", "print('after')")]
    start = time.monotonic()
    assert run_all(steps, trial, None) == 1
    assert time.monotonic() - start < 50, "the child of a step was waited for"
    with tarfile.open(trial.out / ARCHIVE) as archive:
        files = {name: archive.extractfile(name).read().decode() for name in archive.getnames()}
    assert [(one["step"], one["status"]) for one in json.loads(files["steps.json"])["steps"]] == [
        ("fails", "failed"),
        ("hangs", "timed out"),
        ("works", "done"),
    ]
    assert files["hangs.log"] == "before\n", "what a killed step has printed is lost"
    assert files["works.log"] == "after\n"
    assert [file.name for file in trial.out.iterdir()] == [ARCHIVE], "one file comes back"


def test_steps_that_do_not_fit_are_left_out(trial: Run) -> None:
    assert run_all([program("first", "pass"), program("second", "pass")], trial, 0) == 1
    statuses = json.loads((trial.logs / "steps.json").read_text())["steps"]
    assert [one["status"] for one in statuses] == ["left out", "left out"]


def test_a_missing_program_is_a_failed_step(trial: Run) -> None:
    assert run_step(Step("missing", lambda _: ["/no/such/program"], 5), trial, 5)["status"] == "failed"


def test_libraries_built_before_are_found_with_what_they_need(trial: Run, tmp_path: Path) -> None:
    step = program("finds", "import os; print(os.environ['LD_LIBRARY_PATH'].split(os.pathsep)[0])")
    run_step(step, replace(trial, prebuilt=tmp_path), 30)
    assert (trial.logs / "finds.log").read_text().strip() == str(tmp_path)
    codec = PACKAGE / "libdali_fastmix_codec.so"
    if codec.exists() and "libjpeg" in subprocess.run(["ldd", codec], capture_output=True, text=True).stdout:
        assert [Path(path).exists() for path in jpeg_libraries().values()] == [True]


def test_every_step_is_in_one_group() -> None:
    assert [name for names in GROUPS.values() for name in names] == list(STEPS)
    assert sum(step.seconds for step in STEPS.values()) <= 14 * 60


@pytest.mark.parametrize("name", STEPS)
def test_the_cpu_form_of_each_step(name: str, trial: Run) -> None:
    found = run_step(STEPS[name], trial, 300)
    assert found["status"] == "done", (trial.logs / f"{name}.log").read_text()[-4000:]
