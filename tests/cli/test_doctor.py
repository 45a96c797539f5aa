import json
import os
import shutil

import pytest

from fastmix.cli import checks, gpu_checks
from fastmix.cli.doctor import INSTALLATION, run
from fastmix.dali import packages


def test_a_working_installation_has_no_failure(fastmix):
    report = json.loads(fastmix("doctor", "--json", "-").stdout)
    names = {check["name"]: check for check in report["checks"]}
    assert len(names) == len(INSTALLATION) and report["run"] is None
    assert all(check["status"] == "ok" for name, check in names.items() if name in ("platform", "versions"))
    assert "torch" in names["versions"]["text"] and "CPU kernels" in names["kernels"]["text"]
    assert all(check["repair"] for check in report["checks"] if check["status"] != "ok")


def test_data_gets_a_run_by_stage(fastmix, photos, tmp_path):
    report = json.loads(fastmix("doctor", photos, "--size", "32", "--batch-size", "8", "--json", "-").stdout)
    assert report["checks"][-1]["name"] == "data" and report["checks"][-1]["status"] == "ok"
    assert report["run"]["images"] == 24 and set(report["run"]["stage_seconds"]) >= {"read", "pipeline"}
    shutil.copytree(photos, tmp_path / "data")
    (tmp_path / "data" / "china" / "broken.jpg").write_bytes(b"no image")
    text = fastmix("doctor", tmp_path / "data", "--size", "32").stdout
    assert "warn data: 25 of 25 samples" in text and "1 are bad" in text and "repair: fastmix scan" in text


def test_data_without_one_good_image_fails(fastmix, tmp_path):
    (tmp_path / "data" / "one").mkdir(parents=True)
    (tmp_path / "data" / "one" / "a.jpg").write_bytes(b"no image")
    assert "fail data: 1 of 1 samples" in fastmix("doctor", "data", "--size", "32", status=1).stdout


def test_the_environment_is_judged(fastmix, process):
    forced = process("doctor", env={**os.environ, "FASTMIX_CPU": "baseline"}).stdout
    assert "warn kernels: CPU kernels baseline" in forced and "repair: unset FASTMIX_CPU" in forced
    launched = fastmix("doctor", env={"WORLD_SIZE": "2"}).stdout
    assert "warn ranks: WORLD_SIZE=2, but no RANK" in launched
    ranks = {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    assert "ok   ranks: RANK=1, WORLD_SIZE=2" in fastmix("doctor", env=ranks).stdout


def test_a_quota_below_the_allowed_cpus_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "CGROUP", tmp_path)
    assert checks.cpu_quota() is None
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert checks.cpu_quota() is None and checks.check_cpus().status == "ok"
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert checks.cpu_quota() == 0.5
    assert checks.check_cpus().status == "warn" and checks.check_cpus().repair == "pass num_threads=1 to the loader"
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert checks.cpu_quota() is None


def test_missing_and_old_packages_fail(monkeypatch):
    found = {"torch": "2.9.1", "nvidia-dali-cuda130": "2.4.0"}
    monkeypatch.setattr(packages, "installed_version", found.get)
    assert checks.check_versions().repair == "pip install 'torch>=2.10'"
    found["torch"] = "2.10.0+cu130"
    assert checks.check_versions().status == "ok"
    found["nvidia-dali-cuda120"] = "2.4.0"
    both = checks.check_versions()
    assert both.status == "fail" and "pip uninstall nvidia-dali-cuda130 nvidia-dali-cuda120" in both.repair
    del found["nvidia-dali-cuda120"], found["nvidia-dali-cuda130"]
    none = checks.check_versions()
    assert none.status == "fail" and "'fastmix[cuda13]' (driver 580" in none.repair


@pytest.mark.parametrize(
    ("dali", "compiled", "kernel_module", "needed", "change"),
    [
        ("nvidia-dali-cuda130", 13, "580.65.06", 580, None),
        ("nvidia-dali-cuda130", 13, None, 580, None),
        ("nvidia-dali-cuda130", 13, "570.10", 580, "FASTMIX_CUDA=12 pip install '.[cuda12]' in fastmix's source tree"),
        ("nvidia-dali-cuda130", 12, "570.10", 580, "pip install 'fastmix[cuda12]'"),
        ("nvidia-dali-cuda130", None, "570.10", 580, "pip install 'fastmix[cuda12]'"),
        ("nvidia-dali-cuda120", 13, "570.10", 580, "FASTMIX_CUDA=12 pip install '.[cuda12]' in fastmix's source tree"),
        ("nvidia-dali-cuda120", 12, "570.10", 525, None),
        ("nvidia-dali-cuda120", 12, "520.10", 525, ""),
    ],
)
def test_the_driver_is_compared_with_the_need_of_dali_and_kernels(
    monkeypatch, tmp_path, dali, compiled, kernel_module, needed, change
):
    monkeypatch.setattr(gpu_checks, "DRIVER", tmp_path / "version")
    monkeypatch.setattr(gpu_checks, "kernels_cuda", lambda: compiled)
    monkeypatch.setattr(packages, "installed_version", {dali: "2.4.0"}.get)
    if kernel_module:
        line = f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {kernel_module}  Fri Jan  1 00:00:00 UTC 2027\n"
        (tmp_path / "version").write_text(line)
    check = gpu_checks.check_driver()
    assert check.status == ("ok" if change is None else "fail") and f"driver {needed} or newer" in check.text
    if change:
        assert f"or change to CUDA 12: pip uninstall {dali}, then {change}; device='cpu'" in check.repair
    elif change == "":
        assert check.repair == "update the driver; device='cpu' works meanwhile"


def test_open_kernel_modules_are_recognised(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu_checks, "DRIVER", tmp_path / "version")
    text = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n"
    (tmp_path / "version").write_text(text)
    assert gpu_checks.driver_version() == "580.95.05"


@pytest.mark.parametrize(
    ("archs", "capability", "runs"),
    [
        ("80-real;90-real;100-real;120", (9, 0), True),
        ("80-real;90-real;100-real;120", (8, 6), True),
        ("80-real;90-real;100-real;120", (7, 5), False),
        ("80-real;90-real", (10, 0), False),
        ("90", (10, 0), True),
        ("90-virtual", (9, 0), True),
        ("100-real", (10, 3), True),
        ("", (9, 0), False),
    ],
)
def test_architectures_are_matched_as_cuda_does(archs, capability, runs):
    assert gpu_checks.runs_on(archs, capability) == runs


def test_a_check_that_breaks_is_a_failure_and_the_others_go_on():
    def check_something_else():
        raise KeyError("x")

    assert run(check_something_else) == checks.Check(
        "fail", "something else", "KeyError: 'x'", "repair the failures above first"
    )
