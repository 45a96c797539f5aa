"""Every example runs, with two steps."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDS = {
    "accelerate_loop": "accelerate",
    "composer_fit": "composer",
    "fabric_loop": "lightning",
    "fastai_fit": "fastai",
    "ignite_run": "ignite",
    "lightning_fit": "lightning",
    "ray_train": "ray",
    "self_supervised": "torch",
    "skorch_fit": "skorch",
    "timm_train": "timm",
    "torch_ddp": "torch",
    "torch_fsdp": "torch",
    "torch_loop": "torch",
    "torchdata_nodes": "torchdata",
    "transformers_trainer": "transformers",
}
TWO = ("torch_ddp", "torch_fsdp")


def test_every_example_is_listed() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == {*NEEDS, "common"}


# Two Rays at a time take each other's CPUs.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.xdist_group("ray")] * (name == "ray_train")) for name in sorted(NEEDS)],
)
def test_example(photos, tmp_path, name):
    pytest.importorskip(NEEDS[name])
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "clients"), str(ROOT / "examples")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    script = tmp_path / "run.py"
    script.write_text(
        "import client_support, runpy\n"
        f"runpy.run_path({str(ROOT / 'examples' / f'{name}.py')!r}, run_name='__main__')\n"
    )
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"] if name in TWO else []
    command = [sys.executable, *start, str(script), str(photos), "--steps", "2", "--batch-size", "8", "--size", "32"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert re.search(r"^2 steps", done.stdout, re.MULTILINE)
    # Ray's own actors log what they try again.
    errors = re.sub(r"^.*\((?!RayTrainWorker)\w+ pid=.*\n", "", done.stderr, flags=re.MULTILINE)
    assert "Traceback" not in errors and "RestartWarning" not in errors, done.stderr
