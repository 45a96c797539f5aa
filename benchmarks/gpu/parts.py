"""The parts of the GPU script: each returns what goes into its JSON and the lines of the last table."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
PART_SECONDS = 570  # each part ends within ten minutes
Result = tuple[dict[str, Any], list[str]]

DRAM = "dram__bytes_read.sum,dram__bytes_write.sum,dram__throughput.avg.pct_of_peak_sustained_elapsed"
COUNTERS = (
    f"gpu__time_duration.sum,{DRAM},sm__warps_active.avg.pct_of_peak_sustained_active,"
    "smsp__inst_executed.sum,smsp__issue_active.avg.pct_of_peak_sustained_active,launch__registers_per_thread"
)


@dataclass(frozen=True)
class Settings:
    """Where results go, and whether this is only a trial on the CPU."""

    out: Path
    dry_run: bool
    repeats: int

    @property
    def device(self) -> str:
        return "cpu" if self.dry_run else "cuda"


def command(settings: Settings, name: str, arguments: list[str], **extra: str) -> tuple[int, str]:
    """Run a program with its output in NAME.log too, and return its exit status and output."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **extra}
    print("$", " ".join(arguments), flush=True)
    try:
        done = subprocess.run(
            arguments, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=PART_SECONDS
        )
        status, output = done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as expired:
        parts = [text.decode() if isinstance(text, bytes) else text or "" for text in (expired.stdout, expired.stderr)]
        status, output = 124, "".join(parts) + f"\nended after {PART_SECONDS} s\n"
    (settings.out / f"{name}.log").write_text(output)
    return status, output


def build(settings: Settings) -> Result:
    """Install from this tree, for this GPU alone. The CPU form says what is installed."""
    if not settings.dry_run:
        import torch

        major, minor = torch.cuda.get_device_capability()
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "-e", "."]
        status, output = command(settings, "build", pip, FASTMIX_CUDA_ARCHS=f"{major}{minor}-real")
        if status != 0:
            raise RuntimeError(f"the build failed\n{output[-3000:]}")
    show = "import fastmix, torch; print(fastmix.__version__, torch.__version__, torch.cuda.is_available())"
    dali = "import fastmix.dali as d; d.load(); import nvidia.dali as n; print('DALI', n.__version__)"
    loads = [command(settings, f"import{k}", [sys.executable, "-c", text]) for k, text in enumerate((show, dali))]
    if loads[0][0] != 0:
        raise RuntimeError(f"fastmix does not load\n{loads[0][1]}")
    lines = [output.strip().splitlines()[-1] if output.strip() else "" for _, output in loads]
    return {"torch": lines[0], "dali": lines[1]}, [f"fastmix, torch, CUDA: {lines[0]}", f"DALI plugin: {lines[1]}"]


def cuda_tests(settings: Settings) -> Result:
    """The tests that need a GPU: what to see first, in a minute or two."""
    return run_tests(settings, "cuda_tests", ["-m", "cuda"], "load")


def other_tests(settings: Settings) -> Result:
    """Every other test, on the installed torch; some need packages that may be missing."""
    return run_tests(settings, "other_tests", ["-m", "not cuda"], "loadfile")


def run_tests(settings: Settings, name: str, selected: list[str], distribute: str) -> Result:
    """A skip for want of a GPU is a failure. The CPU form: those of three files, which are skipped if they need one."""
    report = settings.out / f"{name}.xml"
    pytest = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-p", "no:cacheprovider", *selected]
    if settings.dry_run:
        pytest += ["tests/ops/test_labels.py", "tests/integrations/test_cuda_graphs.py", "tests/ops/test_losses.py"]
        status, output = command(settings, name, pytest)
    else:
        pytest += ["--continue-on-collection-errors"]
        if _importable("xdist"):
            pytest += ["-n", str(min(12, len(os.sched_getaffinity(0)))), "--dist", distribute]
        status, output = command(settings, name, pytest, FASTMIX_REQUIRE_CUDA="1")
    summary = junit(report) if report.exists() else {"error": output[-3000:]}
    if status != 0:
        raise RuntimeError(f"{output[-6000:]}\npytest ended with {status}: {summary.get('counts', summary)}")
    return summary, [f"{name}: {summary['counts']}"]


def junit(report: Path) -> dict[str, Any]:
    """Counts, failures and what was skipped and why."""
    suite = ElementTree.parse(report).getroot()
    suite = suite if suite.tag == "testsuite" else suite[0]
    counts = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    failed, skipped = [], []
    for case in suite.iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        failed += [name] if case.find("failure") is not None or case.find("error") is not None else []
        if (skip := case.find("skipped")) is not None:
            skipped.append(f"{name}: {skip.get('message')}")
    return {"counts": counts, "failed": failed, "skipped": skipped}


def sanitizer(settings: Settings) -> Result:
    """compute-sanitizer's memcheck and racecheck over every kernel once. The CPU form runs the kernels' CPU twins."""
    program = [sys.executable, "-m", "benchmarks.gpu.exercise", "--device", settings.device]
    tool = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    results, rows = {}, []
    for check in ("memcheck", "racecheck"):
        prefix = [] if settings.dry_run else [tool, "--tool", check, "--error-exitcode", "7", "--leak-check", "no"]
        if check == "racecheck" and prefix:
            prefix = prefix[:-2]
        status, output = command(settings, check, [*prefix, *program], PYTORCH_NO_CUDA_MEMORY_CACHING="1")
        last = (re.findall(r"(?:ERROR|RACECHECK) SUMMARY: .*", output) or output.strip().splitlines()[-1:])[-1:]
        results[check] = {"status": status, "summary": last}
        rows.append(f"{check}: exit {status} {' '.join(last)}")
    if any(result["status"] != 0 for result in results.values()):
        raise RuntimeError("\n".join(rows))
    return results, rows


def counters(settings: Settings) -> Result:
    """Hardware counters of the hot kernels, where the machine lets them be read. No CPU form but their twins."""
    program = [sys.executable, "-m", "benchmarks.gpu.exercise", "--device", settings.device, "--large"]
    if settings.dry_run:
        status, output = command(settings, "ncu", [*program, "--batch", "4"])
        if status != 0:
            raise RuntimeError(output[-2000:])
        return {"ncu": "not on a CPU"}, ["counters: not on a CPU"]
    ncu = shutil.which("ncu") or "/usr/local/cuda/bin/ncu"
    kernels = "regex:(mix|mix_backward|normalize|labels|resample_mix)_kernel"
    options = ["--metrics", COUNTERS, "--kernel-name", kernels, "--clock-control", "none", "--csv", "--page", "raw"]
    status, output = command(settings, "ncu", [ncu, *options, *program])
    table = "\n".join(line for line in output.splitlines() if line.startswith('"'))
    (settings.out / "ncu.csv").write_text(table + "\n")
    if status != 0 or not table:
        # Refused on some machines (ERR_NVGPUCTRPERM, gVisor): a fact about the machine, no failure of ours.
        return {"refused": output[-1500:]}, [f"counters could not be read (ncu ended with {status})"]
    return {"csv": table}, [f"counters of {len(table.splitlines()) - 2} launches: ncu.csv"]


def bits(settings: Settings) -> Result:
    """CPU and GPU give the same bits. The CPU form compares the widest instruction set with itself."""
    from benchmarks.gpu.same_bits import compare_all

    found = compare_all(settings.device, small=settings.dry_run)
    different = {name: count for name, count in found.items() if count}
    if different:
        raise RuntimeError(f"elements that differ: {different}")
    return found, [f"{len(found)} comparisons bit for bit: all equal"]


def mixing(settings: Settings) -> Result:
    from benchmarks.gpu.mixing import measure

    return measure(settings)


def pixels(settings: Settings) -> Result:
    from benchmarks.gpu.pixels import measure

    return measure(settings)


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


PARTS: dict[str, Callable[[Settings], Result]] = {
    "build": build,
    "cuda_tests": cuda_tests,
    "bits": bits,
    "mixing": mixing,
    "pixels": pixels,
    "counters": counters,
    "sanitizer": sanitizer,
    "other_tests": other_tests,
}
